"""Figures made of horizontal bars: units, critical path, the waterfall, buffers in SRAM."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from hw.quantities import format_bytes
from sim.presentation.figures.canvas import (
    ROW_INCHES,
    Drawing,
    draw_legend,
    figure,
    horizontal,
    legend_inches,
    outlined,
    scaled,
    swatch,
)
from sim.presentation.figures.palette import FAINT, INK, LESS, MORE, ORDER, ROLE_COLOURS, TITLES, TOTAL, Fill, leaf_fill
from sim.presentation.figures.series import Bar, BufferBytes, Waterfall

_BAR = 0.72  # of a row
_WIDE = 5.0  # inches from which on there is room for more text
_WRITTEN = 0.045  # least share of a 7-inch bar that has room for its percentage
_VISIBLE = 0.001  # least share that is worth an entry in the legend
_MOST_ROWS = 14
_WORTH_A_ROW = 0.0005  # of the makespan


def draw_units(bars: Sequence[Bar], makespan: int, width: float) -> Drawing:
    """Where each unit's cycles went; every bar is as long as the makespan."""
    drawing = _stacked(bars, makespan, width, "units")
    drawing.title = "Where the cycles of each unit went"
    drawing.description = "; ".join(_spoken(bar, makespan) for bar in bars)
    drawing.figure.axes[0].set_xlabel(f"of the makespan, {makespan:,} cycles")
    drawing.figure.axes[0].set_xlim(0, 1)
    return drawing


def draw_path(bars: Sequence[Bar], makespan: int, width: float) -> Drawing:
    """The critical path by unit and class; all bars together are as long as the makespan."""
    large = [bar for bar in bars if bar.cycles >= _WORTH_A_ROW * makespan][:_MOST_ROWS]
    drawing = _stacked(large, makespan, width, "critical-path")
    drawing.title = "The critical path, and what its cycles were spent on"
    drawing.description = "; ".join(f"{bar.name} {bar.cycles / makespan:.1%}" for bar in large)
    axes = drawing.figure.axes[0]
    axes.set_xlabel(f"of the makespan, {makespan:,} cycles")
    axes.set_xlim(0, min(1.0, 1.12 * max(bar.cycles for bar in large) / makespan))
    for row, bar in enumerate(large):
        _beside(axes, bar.cycles / makespan, row, f"{bar.cycles / makespan:.1%}")
    return drawing


def _stacked(bars: Sequence[Bar], whole: int, width: float, name: str) -> Drawing:
    seen = {part.key for bar in bars for part in bar.parts if part.cycles >= _VISIBLE * whole}
    keys = sorted(seen, key=ORDER.__getitem__)
    made, axes = figure(width, ROW_INCHES * len(bars) + 0.5 + legend_inches(len(keys), width))
    drawing = Drawing(made, "", "")
    horizontal(axes, (bar.name for bar in bars))
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    for row, bar in enumerate(bars):
        left = 0.0
        for part in bar.parts:
            share, fill = part.cycles / whole, leaf_fill(part.key)
            (patch,) = axes.barh(
                row, share, _BAR, left, facecolor=fill.colour, hatch=fill.hatch, edgecolor=FAINT, linewidth=0.4
            )
            said = f"{bar.name}: {part.title} {part.cycles:,} cycles, {share:.1%} of the makespan"
            drawing.mark(patch, said, figure=name, unit=bar.name, key=part.key, cycles=part.cycles)
            if name == "units" and share >= _WRITTEN * 7 / width:
                outlined(axes.text(left + share / 2, row, f"{share:.0%}", ha="center", va="center_baseline", size=7))
            left += share
    draw_legend(made, [swatch(leaf_fill(key), TITLES[key]) for key in keys], width)
    return drawing


def _spoken(bar: Bar, whole: int) -> str:
    parts = sorted(bar.parts, key=lambda part: -part.cycles)[:4]
    return f"{bar.name}: " + ", ".join(f"{part.title} {part.cycles / whole:.1%}" for part in parts)


def _beside(axes: Axes, right: float, row: int, text: str) -> None:
    axes.annotate(text, (right, row), (4, 0), textcoords="offset points", va="center_baseline", size=7.5)


def draw_waterfall(found: Waterfall, width: float) -> Drawing:
    """From the paper's roofline to the simulated time; steps sum to the difference."""
    rows = ["paper's roofline", *(step.title for step in found.steps), "simulated"]
    made, axes = figure(width, ROW_INCHES * len(rows) + 0.5)
    method = "one effect after the other switched on" if found.by_experiment else "seen from the MAC array"
    drawing = Drawing(made, f"From the roofline to the simulated time, {method}", "")
    factor, unit = scaled(found.end)
    horizontal(axes, rows)
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / factor:,.4g}"))
    _step(drawing, axes, 0, 0, found.start, rows[0], "start")
    level = found.start
    for row, step in enumerate(found.steps, start=1):
        axes.plot((level, level), (row - 1 + _BAR / 2, row + _BAR / 2), color=FAINT, linewidth=0.6, zorder=2.5)
        _step(drawing, axes, row, level, step.cycles, step.title, step.key, found.end)
        level += step.cycles
    axes.plot((level, level), (len(rows) - 2 + _BAR / 2, len(rows) - 1 + _BAR / 2), color=FAINT, linewidth=0.6)
    _step(drawing, axes, len(rows) - 1, 0, found.end, rows[-1], "end")
    highest = max(found.start, found.end, *_levels(found))
    axes.set_xlim(0, (1.16 if width < _WIDE else 1.24) * highest)
    said = ", ".join(f"{s.title} {s.cycles / found.end:+.1%}" for s in found.steps if abs(s.cycles) * 1000 > found.end)
    drawing.description = f"From {found.start:,} cycles: {said or 'nothing'}, to {found.end:,} cycles"
    return drawing


def _levels(found: Waterfall) -> list[int]:
    levels = [found.start]
    for step in found.steps:
        levels.append(levels[-1] + step.cycles)
    return levels


def _step(
    drawing: Drawing, axes: Axes, row: int, left: int, cycles: int, title: str, key: str, whole: int | None = None
) -> None:
    """A bar of *cycles* from *left*; with the share of *whole* that it adds, or as a total."""
    colour = TOTAL if whole is None else MORE if cycles >= 0 else LESS
    hatch = "" if whole is None or cycles >= 0 else "////"
    (patch,) = axes.barh(
        row, cycles, _BAR, left, facecolor=colour, hatch=hatch, edgecolor=INK if hatch else "none", linewidth=0.4,
        zorder=3,
    )  # fmt: skip
    share = "" if whole is None else f"{cycles / whole:+.1%}"
    amount = f"{cycles:,}" if whole is None else f"{cycles:+,}" if cycles else "0"
    said = f"{title}: {amount} cycles" + (f", {share} of the makespan" if share else "")
    drawing.mark(patch, said, figure="waterfall", key=key, cycles=cycles)
    wide = drawing.figure.get_figwidth() >= _WIDE
    text = f"{amount} ({share})" if share and cycles and wide else share if share and cycles else amount
    _beside(axes, max(left, left + cycles), row, text)


def draw_sram(found: Sequence[BufferBytes], capacity: int | None, width: float) -> Drawing:
    """What is in SRAM: bytes by buffer, the largest first; *capacity* in bytes if the machine is known."""
    shown = list(found[:_MOST_ROWS])
    used, others = sum(buffer.size_bytes for buffer in found), found[_MOST_ROWS:]
    roles = [role for role in ROLE_COLOURS if any(buffer.role == role for buffer in found)]
    rows = [buffer.name for buffer in shown] + ([f"{len(others)} others"] if others else [])
    made, axes = figure(width, ROW_INCHES * len(rows) + 0.62 + legend_inches(len(roles), width))
    of = f" of {capacity / 1024:,.5g} KiB ({used / capacity:.1%})" if capacity else ""
    drawing = Drawing(made, "What is in SRAM", f"{len(found)} buffers take {used / 1024:,.5g} KiB{of}")
    horizontal(axes, rows)
    for row, buffer in enumerate(shown):
        _buffer(drawing, axes, row, 0, buffer)
        _beside(axes, buffer.size_bytes / 1024, row, f"{buffer.size_bytes / 1024:,.4g}")
    left = 0
    for buffer in others:
        _buffer(drawing, axes, len(shown), left, buffer)
        left += buffer.size_bytes
    if others:
        _beside(axes, left / 1024, len(shown), f"{left / 1024:,.4g}")
    axes.set_xlim(0, 1.13 * max(left, found[0].size_bytes) / 1024)
    axes.set_xlabel(f"KiB; {drawing.description}" if width >= _WIDE else "KiB")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    draw_legend(made, [swatch(Fill(ROLE_COLOURS[role]), role) for role in roles], width)
    return drawing


def _buffer(drawing: Drawing, axes: Axes, row: int, left: int, buffer: BufferBytes) -> None:
    (patch,) = axes.barh(
        row, buffer.size_bytes / 1024, _BAR, left / 1024, facecolor=ROLE_COLOURS[buffer.role], edgecolor=FAINT,
        linewidth=0.4,
    )  # fmt: skip
    cut = f"{buffer.slots} x {format_bytes(buffer.slot_bytes)}"
    said = f"{buffer.name} ({buffer.role}): {cut}, {buffer.size_bytes:,} bytes"
    drawing.mark(patch, said, figure="sram", buffer=buffer.name, bytes=buffer.size_bytes)
