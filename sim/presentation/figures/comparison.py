"""The figure of a comparison: runs side by side, by what is on their critical paths."""

from __future__ import annotations

from matplotlib.ticker import FuncFormatter, MaxNLocator

from hw.unit_names import DMA, MAC_ARRAY, SIMD
from sim.explanation.compare import ComparedPart, Comparison
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
from sim.presentation.figures.palette import FAINT, Fill, class_colour
from sim.presentation.titles import class_title, unit_title

_UNIT_HATCHES = {MAC_ARRAY: "", SIMD: "////", DMA: "||||"}
_OTHER_HATCHES = ("\\\\\\\\", "xxxx", "----", "....")
_LEAST = 0.005  # share of the longest bar that is worth an entry of its own


def draw_comparison(found: Comparison, width: float) -> Drawing:
    """Runs side by side, by what is on their critical paths; a bar sums to its run's cycles a token and layer."""
    longest = max(run.cycles_per_token_layer for run in found.runs)
    shown = [row for row in found.rows if max(row.cycles) >= _LEAST * longest]
    rest = [
        run.cycles_per_token_layer - sum(row.cycles[number] for row in shown) for number, run in enumerate(found.runs)
    ]
    made, axes = figure(width, 1.2 * ROW_INCHES * len(found.runs) + 0.55 + legend_inches(len(shown) + 1, width))
    names = [run.label for run in found.runs]
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
    other = _OTHER_HATCHES[sum(map(ord, row.unit)) % len(_OTHER_HATCHES)]
    return Fill(class_colour(row.operation_class), _UNIT_HATCHES.get(row.unit, other))
