"""Figures of several runs: what changes of the machine buy, and runs side by side."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.explanation.compare import ComparedPart, Comparison
from sim.explanation.explain import WhatIf
from sim.presentation.figures.canvas import (
    ROW_INCHES,
    Drawing,
    draw_legend,
    figure,
    horizontal,
    legend_inches,
    outlined,
    swatch,
)
from sim.presentation.figures.palette import FAINT, INK, Fill, class_colour
from sim.presentation.figures.series import class_title, unit_title

_SERIES = (("same_schedule", "same schedule", "o", "#0072b2"), ("new_schedule", "new schedule", "D", "#d55e00"))
_UNIT_HATCHES = {"mac_array": "", "simd": "////", "dma": "||||"}
_LEAST = 0.005  # share of the longest bar that is worth an entry of its own


def draw_what_ifs(found: Sequence[WhatIf], width: float) -> Drawing:
    """What each change of the machine buys: makespan now over makespan then."""
    made, axes = figure(width, 0.8 * ROW_INCHES * len(found) + 0.5 + legend_inches(2, width))
    said = ", ".join(f"{what_if.name} {what_if.best:.3f}x" for what_if in found[:5])
    drawing = Drawing(made, "What would help: speed-up by each change alone", said)
    horizontal(axes, (what_if.name for what_if in found))
    axes.axvline(1, color=INK, linewidth=0.8)
    values = [1.0]
    for row, what_if in enumerate(found):
        gains = {name: getattr(what_if, key) for key, name, _, _ in _SERIES if getattr(what_if, key) is not None}
        values += gains.values()
        axes.plot((1, what_if.best), (row, row), color=FAINT, linewidth=0.8, zorder=2)
        for key, name, marker, colour in _SERIES:
            if name in gains:
                (artist,) = axes.plot(
                    gains[name], row, marker, color="white" if key == "new_schedule" else colour, markersize=5,
                    markeredgecolor=colour, markeredgewidth=1.0, zorder=4 if key == "new_schedule" else 3,
                )  # fmt: skip
                text = f"{what_if.name}, {name}: {gains[name]:.3f}x"
                drawing.mark(artist, text, figure="what-ifs", change=what_if.name, schedule=key, gain=str(gains[name]))
    axes.set_xlim(min(values) - 0.05 * (max(values) - min(values) + 0.02), 1.04 * max(values))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}x"))
    axes.set_xlabel("speed-up")
    draw_legend(made, [_entry(*series) for series in _SERIES], width)
    return drawing


def _entry(key: str, name: str, marker: str, colour: str) -> Line2D:
    fill = "white" if key == "new_schedule" else colour
    return Line2D([], [], linestyle="", marker=marker, color=fill, markeredgecolor=colour, markersize=5, label=name)


def draw_comparison(found: Comparison, width: float) -> Drawing:
    """Runs side by side, by what is on their critical paths; a bar sums to its run's cycles a token and layer."""
    longest = max(run.cycles_per_token_layer for run in found.runs)
    shown = [row for row in found.rows if max(row.cycles) >= _LEAST * longest]
    rest = [
        run.cycles_per_token_layer - sum(row.cycles[number] for row in shown) for number, run in enumerate(found.runs)
    ]
    made, axes = figure(width, 1.2 * ROW_INCHES * len(found.runs) + 0.55 + legend_inches(len(shown) + 1, width))
    names = [f"{run.workload} on {run.machine}" for run in found.runs]
    said = ", ".join(f"{name} {run.cycles_per_token_layer:,.0f}" for name, run in zip(names, found.runs, strict=True))
    drawing = Drawing(made, "Cycles a token and layer, by what is on the critical path", said)
    horizontal(axes, names)
    axes.set_xlabel("cycles a token and layer")
    axes.set_xlim(0, 1.04 * longest)
    axes.xaxis.set_major_locator(MaxNLocator(3 if width < 5 else 8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    left = [0.0] * len(found.runs)
    parts = [(f"{class_title(row.operation_class)} on {unit_title(row.unit)}", _fill(row), row.cycles) for row in shown]
    parts.append(("others", Fill("#ffffff"), rest))
    for name, fill, cycles in parts:
        patches = axes.barh(
            range(len(names)), cycles, 0.72, left, facecolor=fill.colour, hatch=fill.hatch, edgecolor=FAINT,
            linewidth=0.4,
        )  # fmt: skip
        for run, patch, value in zip(names, patches, cycles, strict=True):
            text = f"{run}: {name} {value:,.0f} cycles a token and layer"
            drawing.mark(patch, text, figure="comparison", run=run, part=name, cycles=str(value))
        for number, value in enumerate(cycles):
            if value >= 0.06 * longest * 7 / width:
                outlined(axes.text(left[number] + value / 2, number, f"{value:,.0f}", ha="center", va="center", size=7))
        left = [before + value for before, value in zip(left, cycles, strict=True)]
    draw_legend(made, [swatch(fill, name) for name, fill, _ in parts], width)
    return drawing


def _fill(row: ComparedPart) -> Fill:
    return Fill(class_colour(row.operation_class), _UNIT_HATCHES.get(row.unit, ""))
