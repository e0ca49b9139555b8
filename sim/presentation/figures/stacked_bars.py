"""How bars are drawn whose parts say what cycles went to."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from sim.files.characters import visible
from sim.files.numbers import percent
from sim.presentation.bars import Bar
from sim.presentation.figures.canvas import (
    ROW_INCHES,
    VISIBLE,
    Drawing,
    draw_legend,
    figure,
    horizontal,
    legend_inches,
    outlined,
    swatch,
)
from sim.presentation.figures.palette import FAINT, leaf_fill
from sim.presentation.titles import place, result_key, title

BAR = 0.72  # of a row
_WRITTEN = 0.045  # least share of a 7-inch bar that has room for its percentage


def draw_stacked(bars: Sequence[Bar], whole: int, width: float, name: str, written: bool = False) -> Drawing:
    """*bars* as shares of *whole*, for the figure *name*; their percentages *written* on large parts."""
    seen = {part.key for bar in bars for part in bar.parts if part.cycles >= VISIBLE * whole}
    keys = sorted(seen, key=place)
    made, axes = figure(width, ROW_INCHES * len(bars) + 0.5 + legend_inches(len(keys), width))
    drawing = Drawing(made, "", "")
    horizontal(axes, (bar.name for bar in bars))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    for row, bar in enumerate(bars):
        left = 0.0
        for part in bar.parts:
            share, fill = part.cycles / whole, leaf_fill(part.key)
            (patch,) = axes.barh(
                row, share, BAR, left, facecolor=fill.colour, hatch=fill.hatch, edgecolor=FAINT, linewidth=0.4
            )
            said = f"{bar.name}: {part.title} {part.cycles:,} cycles, {percent(share)} of the makespan"
            drawing.mark(patch, said, figure=name, unit=bar.name, key=result_key(part.key), cycles=part.cycles)
            if written and share >= _WRITTEN * 7 / width:
                outlined(axes.text(left + share / 2, row, f"{share:.0%}", ha="center", va="center_baseline", size=7))
            left += share
    draw_legend(made, [swatch(leaf_fill(key), title(key)) for key in keys], width)
    return drawing


def write_beside(axes: Axes, right: float, row: int, text: str) -> None:
    """Write *text* beside a bar that ends at *right*."""
    axes.annotate(visible(text), (right, row), (4, 0), textcoords="offset points", va="center_baseline", size=7.5)
