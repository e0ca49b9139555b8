"""The figure of the roofline: each class of operations on each unit, and the whole run.

Performance is operations over the time in which the unit was busy with them or SRAM banks kept it from them, so a point
lies below its ceilings by what edges, fill and expensive functions cost; other waits are in the accounts. Intensity is
operations over bytes moved: between the unit and SRAM for every class, and over the DRAM interface for those that have
weights or parameters there, and for the whole run, whose performance is over the makespan. A hierarchical roofline, as
in C. Yang, T. Kurth, S. Williams, *Hierarchical Roofline analysis for GPUs*, CCPE 2020 (doi 10.1002/cpe.5547).

Of fused operations each class has the share of the bytes that it has of their cycles, as in the accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan, degrees

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from hw.integers import apportion
from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.accounting.breakdown import class_weights
from sim.accounting.result import Result, UnitAccount
from sim.files.numbers import number, scaled, seconds
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section
from sim.presentation.figures.canvas import Drawing, draw_legend, legend_inches
from sim.presentation.figures.palette import GRID, INK, class_colour
from sim.presentation.titles import class_title, unit_title

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h", "<", ">", "d", "*")
_GIGA = 1e9
ALL_ARRAYS = "all MAC arrays"  # side by side


@dataclass(frozen=True)
class RooflinePoint:
    """A class of operations on a unit over the whole run; a MAC is two operations.

    ``cycles`` are those in which the unit did them, conflicts in SRAM banks included.
    """

    operation_class: str
    unit: str
    ops: int
    cycles: int
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
        """Operations a second while the unit does them."""
        return point.ops * self.clock_hz / point.cycles


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
        RooflinePoint(kind, unit, ops[kind, unit], _cycles(account), sram[kind, unit], dram[kind, unit])
        for kind, units in result.by_class.items()
        for unit, account in units.items()
        if ops[kind, unit] and _cycles(account)
    )
    clock = machine.clock
    return Roofline(
        points=points,
        ops=ops.total(),
        dram_bytes=result.dram_bytes,
        seconds=result.seconds,
        clock_hz=clock,
        peaks=_peaks(sections, machine),
        sram_bandwidth=float(machine.sram.clusters * machine.sram.cluster_bytes_per_cycle * clock),
        dram_bandwidth=machine.dram.bytes_per_second,
    )


def _cycles(account: UnitAccount) -> int:
    return account.busy_cycles + account.stalls.get(Reason.BANK_CONFLICT, 0)


def _peaks(sections: Sequence[Section], machine: MachineSpec) -> dict[str, float]:
    """Operations a second at most by unit, and of all arrays if there are several.

    Of an array with the narrowest elements that it multiplies in the run.
    """
    rates = dict.fromkeys(machine.compute, 1)
    for section in sections:
        for name in section.analysis.contracted:
            unit = section.mapping.placement[name]
            if unit in machine.arrays:
                rates[unit] = max(rates[unit], section.costs.types.rate(name, unit))
    peaks = {name: float(unit.peak_ops * rates[name] * machine.clock) for name, unit in machine.compute.items()}
    arrays = [peaks[name] for name in machine.arrays]
    return peaks | ({ALL_ARRAYS: sum(arrays)} if len(arrays) > 1 else {})


def _operations(section: Section) -> Iterator[tuple[tuple[str, str], int]]:
    """((class, unit), operations in the section) of every operation."""
    graph, inventory = section.stack.graph, section.inventory
    for operation in graph.operations:
        total = section.stack.counts_of(operation).ops
        done = inventory.drafts[inventory.home[operation.name]].done(operation.name)
        yield from (((operation.kind, unit), ops) for unit, ops in apportion(total, done).items())


def _user(section: Section, plan: StreamPlan) -> tuple[str, str] | None:
    """Class and unit of the first operation that needs the weights or parameters that *plan* loads."""
    if plan.moves is None or not plan.moves.user:
        return None
    return section.kind(plan.moves.user), plan.moves.unit or section.mapping.placement[plan.moves.user]


def draw_roofline(found: Roofline, width: float) -> Drawing:
    """Every class of operations on each unit under the ceilings of the machine, and the whole run."""
    handles = _handles(found)
    made = Figure(figsize=(width, 3.1 + legend_inches(len(handles), width)), layout="constrained")
    axes = made.subplots()
    drawing = Drawing(made, "Roofline: classes of operations under the machine's ceilings", _spoken(found))
    axes.set(xscale="log", yscale="log", xlabel="operations a byte moved", ylabel="billion operations a second")
    left, right = _limits(found)
    lowest = min(_whole(found)[1], *(found.rate(point) for point in found.points)) / _GIGA
    axes.set_xlim(left, right)
    axes.set_ylim(lowest / 2.5, 2.2 * max(found.peaks.values()) / _GIGA)
    axes.grid(color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    _draw_ceilings(axes, found, left, right)
    for point in found.points:
        _draw_point(drawing, axes, found, point)
    intensity, rate = _whole(found)
    (star,) = axes.plot(intensity, rate / _GIGA, "*", color=INK, markersize=13, zorder=3.5)
    said = (
        f"whole run: {found.ops:,} operations in {seconds(found.seconds)}, {found.dram_bytes:,} bytes of DRAM traffic"
    )
    drawing.mark(star, said, figure="roofline", operation_class="run", ops=found.ops, bytes=found.dram_bytes)
    draw_legend(made, handles, width)
    return drawing


def _limits(found: Roofline) -> tuple[float, float]:
    intensities = [_whole(found)[0]]
    for point in found.points:
        intensities += [point.ops / moved for moved in (point.sram_bytes, _dram(point)) if moved]
    balance = max(found.peaks.values()) / found.dram_bandwidth
    return min(intensities) / 2, max(2 * max(intensities), 6 * balance)


def _dram(point: RooflinePoint) -> int:
    """DRAM bytes of a class that lives on them; parameters that a class reads once a layer tell nothing."""
    return point.dram_bytes if point.dram_bytes * 64 > point.sram_bytes else 0


def _whole(found: Roofline) -> tuple[float, float]:
    return found.ops / max(1, found.dram_bytes), found.ops / found.seconds


def _draw_ceilings(axes: Axes, found: Roofline, left: float, right: float) -> None:
    highest = max(found.peaks.values())
    for peak in dict.fromkeys(found.peaks.values()):
        axes.plot(
            (peak / found.sram_bandwidth, right), (peak / _GIGA,) * 2, "-" if peak == highest else "--",
            color=INK, linewidth=1.0,
        )  # fmt: skip
        units = ", ".join(unit_title(unit) for unit, own in found.peaks.items() if own == peak)
        text = f"{units}: {scaled(peak, 'OP/s', 0)}"
        axes.annotate(
            text, (right, peak / _GIGA), (-4, 3), textcoords="offset points", ha="right", va="bottom", size=7.5
        )
    for name, bandwidth, style in (("SRAM", found.sram_bandwidth, "-"), ("DRAM", found.dram_bandwidth, "-.")):
        axes.plot(
            (left, highest / bandwidth), (left * bandwidth / _GIGA, highest / _GIGA), style, color=INK, linewidth=1.0
        )
        bottom = max(left, axes.get_ylim()[0] * _GIGA / bandwidth)
        place = (bottom * (highest / bandwidth)) ** 0.5
        axes.text(
            place, 1.12 * place * bandwidth / _GIGA, f"{name}: {scaled(bandwidth, 'B/s', 0)}",
            rotation=degrees(atan(bandwidth / _GIGA)), rotation_mode="anchor", transform_rotates_text=True,
            ha="center", va="bottom", size=7.5,
        )  # fmt: skip


def _draw_point(drawing: Drawing, axes: Axes, found: Roofline, point: RooflinePoint) -> None:
    rate, name = found.rate(point), f"{class_title(point.operation_class)} on {unit_title(point.unit)}"
    for memory, moved in (("SRAM", point.sram_bytes), ("DRAM", _dram(point))):
        if not moved:
            continue
        style = _style(found, point)
        (artist,) = axes.plot(
            point.ops / moved, rate / _GIGA, style[0], color=style[1] if memory == "SRAM" else "none",
            markersize=6, markeredgecolor=INK, markeredgewidth=0.8, zorder=4,
        )  # fmt: skip
        said = f"{name}: {scaled(rate, 'OP/s', 0)}, {number(point.ops / moved)} operations a byte of {memory} traffic"
        drawing.mark(
            artist, said, figure="roofline", operation_class=point.operation_class, unit=point.unit, memory=memory,
            ops=point.ops, bytes=moved, cycles=point.cycles,
        )  # fmt: skip


def _style(found: Roofline, point: RooflinePoint) -> tuple[str, str]:
    return _MARKERS[found.points.index(point) % len(_MARKERS)], class_colour(point.operation_class)


def _handles(found: Roofline) -> list[Artist]:
    def entry(marker: str, colour: str, label: str) -> Line2D:
        return Line2D(
            [], [], linestyle="", marker=marker, color=colour, markeredgecolor=INK, markeredgewidth=0.8,
            markersize=6, label=label,
        )  # fmt: skip

    handles: list[Artist] = [
        entry(*_style(found, point), f"{class_title(point.operation_class)}, {unit_title(point.unit)}")
        for point in found.points
    ]
    handles += [entry("o", "none", "hollow: by DRAM traffic"), entry("*", INK, "whole run, by DRAM traffic")]
    return handles


def _spoken(found: Roofline) -> str:
    intensity, rate = _whole(found)
    points = [
        f"{class_title(point.operation_class)} on {unit_title(point.unit)} {scaled(found.rate(point), 'OP/s', 0)}"
        for point in found.points
    ]
    return f"whole run {scaled(rate, 'OP/s', 0)} at {number(intensity)} operations a byte of DRAM; {', '.join(points)}"
