"""What a run takes at least, whatever its mapping, known in some milliseconds: cycles and energy.

Cycles: units do all work at their full rate, dealt out between them at best (dealing.py); the weights cross the bus as
seldom as the SRAM allows (least_tiles.py). That leaves out edges, steps and waits, which the certificate
(certificate.py) has: it is never less, and takes up to a hundred times longer.

Energy: every operation by the unit and the way that take least, the bytes that have to cross the DRAM interface, and
what leaks and ticks for as many cycles as a run takes at least. Left out: SRAM, rows of DRAM, clocks of busy units.

Of attention over blocks of keys nothing is counted: what that takes hangs on its tiles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf

from hw.energy.actions import MAC, Access, Actions, Operations
from hw.energy.model import EnergyModel
from hw.machine import MachineSpec
from sim.accounting.dealing import Loads, Weights, dealt, ways_of
from sim.accounting.energy import FEMTO
from sim.accounting.least_loads import LeastLoads
from sim.accounting.least_tiles import LeastTiles
from sim.accounting.unit_classes import Classes
from sim.lowering.costs import CostModel
from sim.lowering.section import cost_model
from workloads.stack import Stack
from workloads.workload import Workload


def least_cycles(workload: Workload, machine: MachineSpec) -> int:
    """Cycles that *workload* takes on *machine* at least; raises MappingError for a wish that cannot be met."""
    return sum(min(_cycles(each, machine) for each in _formulations(stack)) for stack in _counted(workload))


def least_mj_per_token(workload: Workload, machine: MachineSpec, cycles: int) -> float:
    """Energy of a token in mJ at least, of a run that takes so many *cycles* at least; raises MappingError."""
    model, level = EnergyModel(machine), machine.energy.level
    total = model.energy(Actions(), {}, cycles).total.at(level)
    for stack in _counted(workload):
        total += min(_energy(each, machine, model) for each in _formulations(stack))
    return total / workload.tokens / FEMTO * 1000


def _counted(workload: Workload) -> Iterator[Stack]:
    return (stack for stack in workload.stacks if stack.keys is None)


def _formulations(stack: Stack) -> list[Stack]:
    """*stack* with each chunk that it may have; where tokens choose experts, with all that they choose."""
    chunked = [replace(stack, graph=graph, chunkings=(), every=None) for graph in stack.chunkings] or [stack]
    return [each.in_tiles(None) if each.chooses else each for each in chunked]


def _cycles(stack: Stack, machine: MachineSpec) -> int:
    costs = _costs(stack, machine)
    classes = Classes(costs)
    tile, loads = LeastTiles(stack, costs, classes).at_full_rate(), LeastLoads(stack, costs, classes).at_full_rate()
    cycles = max(_dealt(_together(loads, tile.projections), classes), tile.dram)
    return int(cycles * stack.layers) * stack.times


def _costs(stack: Stack, machine: MachineSpec) -> CostModel:
    costs = cost_model(stack, machine)
    return costs if stack.wishes.contractions == "quicker" else costs.by_products()  # that is a wish about the mapping


def _together(loads: Loads, rows: Iterable[tuple[float, ...]]) -> Loads:
    """*loads*, and *rows* of cycles by class that only arrays can do."""
    fixed, either = list(loads.fixed), list(loads.either)
    for row in rows:
        able = [number for number, cycles in enumerate(row) if cycles < inf]
        if len(able) == 1:
            fixed[able[0]] += row[able[0]]
        elif able:
            either.append(row)
    return Loads(tuple(fixed), tuple(either))


def _dealt(loads: Loads, classes: Classes) -> float:
    if len(classes.all) == 1:
        return loads.fixed[0]
    if classes.are_two:
        return dealt(loads, ways_of(loads.either))
    return Weights(len(classes.all)).least(loads, inf)


def _energy(stack: Stack, machine: MachineSpec, model: EnergyModel) -> float:
    """Femtojoules that all layers of *stack* take at least, but for time."""
    costs, level = _costs(stack, machine), machine.energy.level

    def of(actions: Actions) -> float:
        return model.energy(actions, {}, 0).total.at(level)

    size = LeastTiles(stack, costs, Classes(costs)).least_bytes() * stack.all_layers
    moved = Actions(dram_bytes=Counter({Access("", False, "all"): size}))
    found = model.energy(moved, stack.operations, 0).total.at(level)
    for name in costs.analysis.operations:
        found += min((of(Actions(operations=done)) for done in _done(stack, costs, name)), default=0.0)
    return found


def _done(stack: Stack, costs: CostModel, name: str) -> Iterator[Counter[Operations]]:
    """What *name* comes to in a run by each unit and way that it can be done in."""
    analysis, batch = costs.analysis, stack.spec.batch
    times = stack.all_layers * (1 if analysis.final(name) else stack.steps)
    for unit in costs.units(name):
        bits = _bits(stack, costs, name, unit)
        if costs.in_products(name, unit):
            macs = int(costs.whole_gemm(name, unit, 1).macs * analysis.share(name)) * batch
            yield Counter({Operations(unit, MAC, bits, ""): macs * times})
        if costs.in_passes(name, unit):
            passes = Counter[Operations]()
            for each in costs.passes(name, batch, 1):
                passes[Operations(unit, each.function, bits, "")] += each.points * times
            yield passes


def _bits(stack: Stack, costs: CostModel, name: str, unit: str) -> int:
    """Bits of the widest element that *name* multiplies on *unit*; elsewhere no more than any element has."""
    if costs.analysis.kind(name) != "projection":
        return 8 * min(stack.element_bytes, stack.state_bytes)
    used = costs.types.dequantised(name, unit) if unit in costs.arrays else None
    weights, activations = costs.types.multiplied(name)
    return max(weights if used is None else used.bits, activations)
