"""The points of the roofline plot: each class of operations on each unit, and the whole run.

Performance is operations over the time in which the unit was busy with them, so a point lies below its ceiling by what
edges, fill and expensive functions cost; waits are in the accounts. Intensity is operations over bytes moved: between
the unit and SRAM for every class, and over the DRAM interface for those that have weights or parameters there, and for
the whole run, whose performance is over the makespan. A hierarchical roofline, as in C. Yang, T. Kurth, S. Williams,
*Hierarchical Roofline analysis for GPUs*, CCPE 2020 (doi 10.1002/cpe.5547).

Of fused operations each class has the share of the bytes that it has of their cycles, as in the accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hw.integers import apportion
from hw.machine import MachineSpec
from sim.accounting.breakdown import class_weights
from sim.accounting.result import Result
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section


@dataclass(frozen=True)
class RooflinePoint:
    """A class of operations on a unit over the whole run; a MAC is two operations."""

    operation_class: str
    unit: str
    ops: int
    busy_cycles: int
    sram_bytes: int
    dram_bytes: int


@dataclass(frozen=True)
class Roofline:
    """Points and ceilings: ``peaks`` in operations a second by unit, bandwidths in bytes a second."""

    points: tuple[RooflinePoint, ...]
    ops: int
    dram_bytes: int
    seconds: float
    clock_hz: int
    peaks: dict[str, float]
    sram_bandwidth: float
    dram_bandwidth: float

    def rate(self, point: RooflinePoint) -> float:
        """Operations a second while the unit is busy with them."""
        return point.ops * self.clock_hz / point.busy_cycles


def roofline_of(sections: Sequence[Section], machine: MachineSpec, result: Result) -> Roofline:
    """The roofline of a run of *sections* on *machine* that had this *result*."""
    ops, sram, dram = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for section in sections:
        for key, count in _operations(section):
            ops[key] += count
        for plan in section.program.streams:
            moved = section.program.bytes_moved(plan)
            for kind, count in apportion(moved, class_weights(section, plan)).items() if plan.costs else ():
                sram[kind, plan.unit] += count
            if not plan.costs and (user := _user(section, plan)) is not None:
                dram[user] += moved
    points = tuple(
        RooflinePoint(kind, unit, ops[kind, unit], account.busy_cycles, sram[kind, unit], dram[kind, unit])
        for kind, units in result.by_class.items()
        for unit, account in units.items()
        if ops[kind, unit] and account.busy_cycles
    )
    clock, simd = machine.clock, machine.simd
    return Roofline(
        points=points,
        ops=ops.total(),
        dram_bytes=result.dram_bytes,
        seconds=result.seconds,
        clock_hz=clock,
        peaks={
            "mac_array": 2.0 * machine.mac_array.macs_per_cycle * clock,
            "simd": (2.0 if simd.fma else 1.0) * simd.lanes * clock,
        },
        sram_bandwidth=float(machine.sram.clusters * machine.sram.cluster_bytes_per_cycle * clock),
        dram_bandwidth=machine.dram.bytes_per_second,
    )


def _operations(section: Section) -> Iterator[tuple[tuple[str, str], int]]:
    """((class, unit), operations in the section) of every operation."""
    graph, placement = section.stack.graph, section.mapping.placement
    for operation in graph.operations:
        key = operation.kind, placement[operation.name]
        yield key, section.stack.total(graph.operation_counts(operation).ops)


def _user(section: Section, plan: StreamPlan) -> tuple[str, str] | None:
    """Class and unit of the first operation that needs the weights or parameters that *plan* loads."""
    if plan.moves is None or not plan.moves.user:
        return None
    return section.kind(plan.moves.user), section.mapping.placement[plan.moves.user]
