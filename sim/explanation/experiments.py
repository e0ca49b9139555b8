"""Experiments on one workload and machine: the same schedule rerun with one thing changed, or with all but some ideal.

Every experiment is a list of ``path=value`` changes of the machine's file, so a user can repeat it with ``run --set``.
With *the same schedule* placement, tiles and order stay, so the difference is what the change alone does; with *a new
schedule* the mapping is chosen again, so the difference is what the change is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hw.effects import Effect
from hw.mac_array import EdgesSpec
from hw.machine import MachineSpec
from hw.simd import Function


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
    """A change of the machine: its name, the assignments that make it, and whether mapping again can gain from it."""

    name: str
    assignments: tuple[str, ...]
    new_schedule: bool = True

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
    array, simd = machine.mac_array, machine.simd
    free = list(machine.ideal)
    mapped_for = {"edges"} if array.folds == "overlapped" else {"edges", "fill_drain"}  # what mapping again gains from
    found = [
        Change(f"no {loss.name}", (f"ideal=[{', '.join([*free, effect])}]",), effect in mapped_for)
        for effect, loss in LADDER.items()
        if effect not in free
    ]
    found += [Change(f"{n}x SIMD lanes", (f"simd.lanes={n * simd.lanes}",)) for n in (2, 4)]
    found += [Change(f"{n}x SRAM", (f"sram.capacity={n * machine.sram.capacity}B",)) for n in (2, 4)]
    found.append(Change("endless SRAM", (f"sram.capacity={ENDLESS_SRAM}",)))
    found.append(Change("2x DRAM channels", (f"dram.channels={2 * machine.dram.channels}",)))
    found.append(Change("cheap special functions", tuple(_cheap(machine))))
    found.append(Change("2x MACs", (f"mac_array.columns={2 * array.columns}",)))
    if array.rows % 4 == 0:
        shape = (f"mac_array.rows={array.rows // 4}", f"mac_array.columns={4 * array.columns}")
        found.append(Change("a quarter of the rows, 4x the columns", shape))
    if array.folds == "serial":
        found.append(Change("overlapped folds", ("mac_array.folds=overlapped",)))
    if not array.packing and "output_stationary" in array.dataflow:
        found.append(Change("two products of few rows to a fold", ("mac_array.packing=true",)))
    if array.edges != EdgesSpec():
        found.append(Change("sides that are no limit to a product", ("mac_array.edges={}",)))
    if array.elementwise_by_edges:
        found.append(Change("PEs that reach the SRAM by themselves", ("mac_array.elementwise.fed_by=sram",)))
    if array.elementwise is None:
        cycles = ", ".join(f"{name}: {count}" for name, count in simd.cycles.items())
        unit = f"pipeline_depth: {simd.pipeline_depth}, fma: true, cycles: {{{cycles}}}"
        found.append(Change("PEs that do elementwise operations", (f"mac_array.elementwise={{{unit}}}",)))
    return found


def _cheap(machine: MachineSpec) -> Iterator[str]:
    """Assignments that let every function that takes longer than an addition take one cycle."""
    tables = {"simd": machine.simd.cycles}
    if machine.mac_array.elementwise is not None:
        tables["mac_array.elementwise"] = machine.mac_array.elementwise.cycles
    for place, cycles in tables.items():
        yield from (f"{place}.cycles.{name}=1" for name in SPECIAL_FUNCTIONS if cycles.get(name, 1) > 1)
