"""Experiments on one workload and machine: the same schedule rerun with one thing changed, or with all but some ideal.

Every experiment is a list of ``path=value`` changes of the machine's file, so a user can repeat it with ``run --set``.
With *the same schedule* placement, tiles and order stay, so the difference is what the change alone does; with *a new
schedule* the mapping is chosen again, so the difference is what the change is worth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hw.compute import ComputeSpec
from hw.effects import Effect
from hw.mac_array import EdgesSpec, MacArraySpec
from hw.machine import MachineSpec
from hw.simd import Function, SimdSpec
from hw.special_functions import SpecialFunctionsSpec


@dataclass(frozen=True)
class Loss:
    """What an effect costs: a name for tables, and a description."""

    name: str
    description: str


LADDER: dict[Effect, Loss] = {
    "edges": Loss("edges", "PEs and lanes without work at the edges of matrices and vectors"),
    "fill_drain": Loss("pipeline latency", "pipelines that fill, drain and hand on their results"),
    "dependencies": Loss("waiting for other operations", "waiting for results of other operations"),
    "recurrence": Loss("waiting for earlier timesteps", "waiting for results of earlier timesteps"),
    "buffers": Loss("waiting for buffers", "SRAM of finite size"),
    "bank_conflicts": Loss("bank conflicts", "conflicts in SRAM banks"),
    "dram_bandwidth": Loss("limit of DRAM bandwidth", "DRAM bandwidth"),
    "dram_latency": Loss("DRAM latency", "DRAM latency (CAS, rows)"),
    "dram_turnaround": Loss("DRAM turnaround", "turning the DRAM bus round"),
    "dram_refresh": Loss("DRAM refresh", "DRAM refresh"),
}
"""What is switched on, rung by rung: first what a unit loses alone, then what units lose to each other, then memory."""

SPECIAL_FUNCTIONS: tuple[Function, ...] = ("div", "exp", "sigmoid", "tanh", "silu", "softplus", "rsqrt", "sin", "cos")
ENDLESS_SRAM = "4GiB"
PAIRED = 3  # changes that are tried two at a time


@dataclass(frozen=True)
class Change:
    """A change of the machine: its name, the assignments that make it, and whether mapping again can gain from it.

    ``joins`` are the arrays of which it makes one, if it does.
    """

    name: str
    assignments: tuple[str, ...]
    new_schedule: bool = True
    joins: tuple[str, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The keys that it sets."""
        return frozenset(each.split("=", 1)[0] for each in self.assignments)

    def together(self, other: Change) -> Change | None:
        """Both changes; None if one sets what the other does, or a part of it."""
        if any(f"{one}.".startswith(f"{two}.") or f"{two}.".startswith(f"{one}.")
               for one in self.paths for two in other.paths):  # fmt: skip
            return None
        return Change(f"{self.name} and {other.name}", (*self.assignments, *other.assignments))


def related(changes: Sequence[Change]) -> list[list[Change]]:
    """*changes* in groups that set no key in common; what is found for one is of use for the others of its group."""
    groups: list[list[Change]] = []
    for change in changes:
        like = [group for group in groups if any(change.paths & other.paths for other in group)]
        groups = [group for group in groups if group not in like]
        groups.append([*(each for group in like for each in group), change])
    return groups


def ladder(machine: MachineSpec) -> Iterator[tuple[Effect | Literal[""], tuple[str, ...]]]:
    """(what is switched on, assignments) of each rung; on the first every effect is ideal, on the last none."""
    effects = list(LADDER)
    already = machine.ideal
    for number in range(len(effects) + 1):
        ideal = [*already, *(effect for effect in effects[number:] if effect not in already)]
        yield effects[number - 1] if number else "", (f"ideal=[{', '.join(ideal)}]",)


def changes(machine: MachineSpec) -> list[Change]:
    """What-ifs that apply to *machine*: each effect ideal, then more of each resource."""
    free = list(machine.ideal)
    serial = any(array.folds == "serial" for array in machine.arrays.values())
    mapped_for = {"edges", "fill_drain"} if serial else {"edges"}  # what mapping again gains from
    found = [
        Change(f"no {loss.name}", (f"ideal=[{', '.join([*free, effect])}]",), effect in mapped_for)
        for effect, loss in LADDER.items()
        if effect not in free
    ]
    for name, unit in machine.compute.items():
        found += _more_lanes(machine, name, unit)
    found += [Change(f"{n}x SRAM", (f"sram.capacity={n * machine.sram.capacity}B",)) for n in (2, 4)]
    found.append(Change("endless SRAM", (f"sram.capacity={ENDLESS_SRAM}",)))
    found.append(Change("2x DRAM channels", (f"dram.channels={2 * machine.dram.channels}",)))
    found.append(Change("cheap special functions", tuple(_cheap(machine))))
    for name, array in machine.arrays.items():
        found += _other_arrays(machine, name, array)
    return [*found, *_in_one(machine)]


def _of(machine: MachineSpec, unit: str) -> str:
    """What tells a change of *unit* from that of another of its kind, in words."""
    alike = [name for name, spec in machine.compute.items() if type(spec) is type(machine.compute[unit])]
    return f" of {unit}" if len(alike) > 1 else ""


def _more_lanes(machine: MachineSpec, name: str, unit: ComputeSpec) -> Iterator[Change]:
    if isinstance(unit, SimdSpec | SpecialFunctionsSpec):
        kind = "SIMD lanes" if isinstance(unit, SimdSpec) else "lanes for special functions"
        for times in (2, 4):
            lanes = f"{machine.key(name)}.lanes={times * unit.lanes}"
            yield Change(f"{times}x {kind}{_of(machine, name)}", (lanes,))


def _other_arrays(machine: MachineSpec, name: str, array: MacArraySpec) -> Iterator[Change]:
    key, of = machine.key(name), _of(machine, name)
    yield Change(f"2x MACs{of}", (f"{key}.columns={2 * array.columns}",))
    if array.rows % 4 == 0:
        shape = (f"{key}.rows={array.rows // 4}", f"{key}.columns={4 * array.columns}")
        yield Change(f"a quarter of the rows, 4x the columns{of}", shape)
    if array.folds == "serial":
        yield Change(f"overlapped folds{of}", (f"{key}.folds=overlapped",))
    if not array.packing and "output_stationary" in array.dataflow:
        yield Change(f"two products of few rows to a fold{of}", (f"{key}.packing=true",))
    if array.edges != EdgesSpec():
        yield Change(f"sides that are no limit to a product{of}", (f"{key}.edges={{}}",))
    if array.elementwise_by_edges:
        yield Change(f"PEs that reach the SRAM by themselves{of}", (f"{key}.elementwise.fed_by=sram",))
    lanes = next((unit for unit in machine.compute.values() if isinstance(unit, SimdSpec)), None)
    if array.elementwise is None and lanes is not None:
        cycles = ", ".join(f"{function}: {count}" for function, count in lanes.cycles.items())
        unit = f"pipeline_depth: {lanes.pipeline_depth}, fma: true, cycles: {{{cycles}}}"
        yield Change(f"PEs that do elementwise operations{of}", (f"{key}.elementwise={{{unit}}}",))


def _in_one(machine: MachineSpec) -> Iterator[Change]:
    """One array as large as all that are alike: what the split of it costs, or saves."""
    alike = dict.fromkeys(map(machine.alike, machine.arrays))
    return (_joined(machine, names) for names in alike if len(names) > 1)


def _joined(machine: MachineSpec, names: Sequence[str]) -> Change:
    """All arrays of *names* in the first of them, which is as near to a square as their number lets it be."""
    first, array = names[0], machine.arrays[names[0]]
    shapes = [
        (array.rows * n, array.columns * (len(names) // n)) for n in range(1, len(names) + 1) if not len(names) % n
    ]
    rows, columns = min(shapes, key=max)
    sides = {side: size for side, size in (("rows", rows), ("columns", columns)) if size != getattr(array, side)}
    kept = {key: unit for key, unit in machine.units.items() if key not in names[1:]}
    if first in kept:
        kept[first] = array.model_copy(update=sides)
    units = {key: {"kind": unit.kind} | unit.model_dump(exclude_defaults=True) for key, unit in kept.items()}
    own = () if first in kept else tuple(f"{first}.{side}={size}" for side, size in sides.items())
    change = (*own, f"units={json.dumps(units)}")
    return Change(f"{first} and {', '.join(names[1:])} in one", change, joins=tuple(names))


def _cheap(machine: MachineSpec) -> Iterator[str]:
    """Assignments that let every function that takes longer than an addition take one cycle."""
    tables: dict[str, dict[Function, int]] = {}
    for name, unit in machine.compute.items():
        if isinstance(unit, MacArraySpec) and unit.elementwise is not None:
            tables[f"{machine.key(name)}.elementwise"] = unit.elementwise.cycles
        elif isinstance(unit, SimdSpec | SpecialFunctionsSpec):
            tables[machine.key(name)] = unit.cycles
    for place, cycles in tables.items():
        yield from (f"{place}.cycles.{name}=1" for name in SPECIAL_FUNCTIONS if cycles.get(name, 1) > 1)
