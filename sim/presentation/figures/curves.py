"""Figures with two axes: the roofline plot, and the accounts over time."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan, degrees

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, PercentFormatter

from sim.presentation.figures.canvas import Drawing, draw_legend, legend_inches, scaled, swatch
from sim.presentation.figures.palette import FAINT, GRID, INK, ORDER, TITLES, class_colour, leaf_fill
from sim.presentation.figures.roofline import Roofline, RooflinePoint
from sim.presentation.figures.series import OverTime, class_title, unit_title

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h", "<", ">", "d", "*")
_GIGA = 1e9
_VISIBLE = 0.001  # least share of a unit's cycles that is worth an entry in the legend


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
    _draw_ceilings(axes, found, left, right)
    for point in found.points:
        _draw_point(drawing, axes, found, point)
    intensity, rate = _whole(found)
    (star,) = axes.plot(intensity, rate / _GIGA, "*", color=INK, markersize=13, zorder=3.5)
    said = f"whole run: {found.ops:,} operations in {found.seconds:.4g} s, {found.dram_bytes:,} bytes of DRAM traffic"
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
    for unit, peak in found.peaks.items():
        axes.plot(
            (peak / found.sram_bandwidth, right), (peak / _GIGA,) * 2, "-" if unit == "mac_array" else "--",
            color=INK, linewidth=1.0,
        )  # fmt: skip
        text = f"{unit_title(unit)}: {peak / _GIGA:,.4g} GOP/s"
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
            place, 1.12 * place * bandwidth / _GIGA, f"{name}: {bandwidth / _GIGA:,.4g} GB/s",
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
        said = f"{name}: {rate / _GIGA:,.4g} GOP/s, {point.ops / moved:.4g} operations a byte of {memory} traffic"
        drawing.mark(
            artist, said, figure="roofline", operation_class=point.operation_class, unit=point.unit, memory=memory,
            ops=point.ops, bytes=moved, cycles=point.busy_cycles,
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
        f"{class_title(point.operation_class)} on {unit_title(point.unit)} {found.rate(point) / _GIGA:.3g} GOP/s"
        for point in found.points
    ]
    return f"whole run {rate / _GIGA:.4g} GOP/s at {intensity:.3g} operations a byte of DRAM; {', '.join(points)}"


def draw_windows(found: Sequence[OverTime], makespan: int, width: float) -> Drawing:
    """What each unit's cycles went to over time, as shares of each window."""
    seen = {key for unit in found for key, cycles in unit.parts.items() if sum(cycles) >= _VISIBLE * makespan}
    keys = sorted(seen, key=ORDER.__getitem__)
    made = Figure(figsize=(width, 0.95 * len(found) + 0.4 + legend_inches(len(keys), width)), layout="constrained")
    drawing = Drawing(made, "The accounts over time", f"{len(found)} units in windows of {found[0].window_cycles:,}")
    drawing.description += " cycles"
    factor, unit_name = scaled(makespan)
    panels = made.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
    for axes, unit in zip(panels, found, strict=True):
        _draw_panel(drawing, axes, unit, makespan, factor)
    panels[-1].set_xlabel(unit_name)
    draw_legend(made, [swatch(leaf_fill(key), TITLES[key]) for key in keys], width)
    return drawing


def _draw_panel(drawing: Drawing, axes: Axes, unit: OverTime, makespan: int, factor: float) -> None:
    length, count = unit.window_cycles, len(next(iter(unit.parts.values())))
    edges = [min(number * length, makespan) / factor for number in range(count + 1)]
    spans = [max(1, min((number + 1) * length, makespan) - number * length) for number in range(count)]
    base = [0.0] * count
    for key, cycles in unit.parts.items():
        top = [low + part / span for low, part, span in zip(base, cycles, spans, strict=True)]
        fill = leaf_fill(key)
        area = axes.fill_between(
            edges, [*base, base[-1]], [*top, top[-1]], step="post", facecolor=fill.colour, hatch=fill.hatch,
            edgecolor=FAINT, linewidth=0.2,
        )  # fmt: skip
        total = sum(cycles)
        said = f"{unit_title(unit.unit)}: {TITLES[key]} {total:,} cycles, {total / makespan:.1%} of the makespan"
        drawing.mark(area, said, figure="windows", unit=unit.unit, key=key, cycles=total)
        base = top
    axes.set(xlim=(0, makespan / factor), ylim=(0, 1))
    axes.set_ylabel(unit_title(unit.unit))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_yticks((0, 0.5, 1))
