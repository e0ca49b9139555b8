"""What runs step by step, and which unit does what.

Operations of a recurrence run step by step. So do their neighbours where that keeps a tensor from having to be
buffered for a whole tile of tokens, provided that a step still has enough elements to fill the vector pipeline.
Everything else is batched over the tile's tokens.
"""

from __future__ import annotations

from collections.abc import Mapping as Map

from hw.integers import ceil_div
from hw.machine import MachineSpec
from hw.simd import SimdSpec
from hw.unit_names import ComputeUnit
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel

WORTH_MOVING = 0.99


def stepped_operations(analysis: Analysis, groups: int, least_elements: int) -> frozenset[str]:
    """The operations that run timestep by timestep when the layer is cut into *groups*.

    From the recurrences outwards: an operation joins if all its readers are stepped (it then feeds them without a
    buffer of a tile) or if it reads a stepped result, unless it is a projection, needs something of all groups, or
    handles fewer than *least_elements* of a sequence in a step.
    """
    stepped = set(analysis.recurrent)
    if not stepped:
        return frozenset()

    def cut(name: str) -> bool:
        return analysis.grouped(name) or analysis.group_index is None

    def may_join(name: str) -> bool:
        if analysis.kind(name) == "projection" or analysis.final(name) or not cut(name):
            return False
        return _step_elements(analysis, name, groups) >= least_elements

    def waits_for_all_groups(name: str) -> bool:
        before = analysis.ancestors[name]
        return any(a not in stepped and any(map(cut, analysis.ancestors[a] & stepped)) for a in before)

    def wanted(name: str) -> bool:
        readers = analysis.readers[analysis.operations[name].tensor]
        feeds = bool(readers) and all(reader in stepped for reader, _ in readers)
        return feeds or not stepped.isdisjoint(analysis.sources[name])

    grown = True
    while grown:
        grown = False
        for name in analysis.operations:
            if name not in stepped and wanted(name) and may_join(name) and not waits_for_all_groups(name):
                stepped.add(name)
                grown = True
    return frozenset(stepped)


def _step_elements(analysis: Analysis, name: str, groups: int) -> int:
    """Elements of a sequence that an operation handles in a step of one part: of its largest operand."""
    tensors = [r for r in analysis.operations[name].equation.references if r.lag is not None]
    return max([analysis.size(r.indices, groups) for r in tensors], default=0)


def all_stepped_operations(analysis: Analysis, groups: int) -> set[frozenset[str]]:
    """What :func:`stepped_operations` can be for a cut, whatever the least number of elements."""
    sizes = {_step_elements(analysis, name, groups) for name in analysis.operations}
    return {stepped_operations(analysis, groups, least) for least in (*sizes, max(sizes) + 1)}


def least_stepped_elements(machine: MachineSpec, batch: int) -> int:
    """Elements of a sequence that fill the lanes' pipeline in a step of *batch* sequences; those of the widest lanes.

    Without lanes, those of whatever is the widest.
    """
    units = machine.compute.values()
    lanes = [unit for unit in units if isinstance(unit, SimdSpec)]
    return ceil_div(max(unit.elements * max(1, unit.depth) for unit in lanes or units), batch)


def load(costs: CostModel, name: str, unit: ComputeUnit, stepped: frozenset[str], shape: tuple[int, int, int]) -> float:
    """Cycles of *unit* for the operation *name* in a tile; *shape* is (timesteps of a tile, batch, groups)."""
    steps, batch, groups = shape
    if costs.analysis.final(name):
        return costs.busy_cycles(name, unit, batch, 1) * steps * batch / costs.longest  # once in a layer
    if name in stepped:
        repeats = groups if costs.analysis.grouped(name) else 1
        return costs.busy_cycles(name, unit, batch, groups) * repeats * steps
    return costs.busy_cycles(name, unit, steps * batch, 1)


def choose_placement(
    costs: CostModel,
    stepped: frozenset[str],
    shape: tuple[int, int, int],
    wish: str,
    place: Map[str, ComputeUnit],
) -> dict[str, ComputeUnit]:
    """A unit for every operation; *shape* is (tokens of a tile, batch, groups).

    The name of a unit puts everything there that the unit can do. ``auto`` starts from the unit that is
    quickest for each operation and moves single operations as long as that lowers the load of the busier unit by a
    percent: every operation that changes sides adds hops between the units.
    """
    options = {name: (place[name],) if name in place else costs.units(name) for name in costs.analysis.operations}
    if wish != "auto":
        return {name: wish if wish in units else units[0] for name, units in options.items()}
    loads = {name: {u: load(costs, name, u, stepped, shape) for u in units} for name, units in options.items()}
    chosen: dict[str, ComputeUnit] = {name: min(units, key=lambda u: loads[name][u]) for name, units in options.items()}
    totals: dict[ComputeUnit, float] = dict.fromkeys(costs.compute, 0.0)
    for name, unit in chosen.items():
        totals[unit] += loads[name][unit]
    while True:
        best: tuple[float, float, str, ComputeUnit] | None = None
        for name, units in options.items():
            here = chosen[name]
            for there in units:
                if there == here:
                    continue
                after = {**totals, here: totals[here] - loads[name][here]}
                after[there] += loads[name][there]
                move = (max(after.values()), sum(after.values()), name, there)
                if move[0] < WORTH_MOVING * max(totals.values()) and (best is None or move < best):
                    best = move
        if best is None:
            return chosen
        _, _, name, there = best
        totals[chosen[name]] -= loads[name][chosen[name]]
        totals[there] += loads[name][there]
        chosen[name] = there
