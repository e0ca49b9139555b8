"""The figure of the units: where the cycles of each went, every bar as long as the makespan."""

from __future__ import annotations

from collections.abc import Sequence

from sim.presentation.bars import Bar
from sim.presentation.figures.canvas import Drawing
from sim.presentation.figures.stacked_bars import draw_stacked
from sim.presentation.numbers import cycles, percent


def draw_units(bars: Sequence[Bar], makespan: int, width: float) -> Drawing:
    """Where each unit's cycles went; every bar is as long as the makespan."""
    drawing = draw_stacked(bars, makespan, width, "units", written=True)
    drawing.title = "Where the cycles of each unit went"
    drawing.description = "; ".join(_spoken(bar, makespan) for bar in bars)
    drawing.figure.axes[0].set_xlabel(f"of the makespan, {cycles(makespan)}")
    drawing.figure.axes[0].set_xlim(0, 1)
    return drawing


def _spoken(bar: Bar, whole: int) -> str:
    parts = sorted(bar.parts, key=lambda part: -part.cycles)[:4]
    return f"{bar.name}: " + ", ".join(f"{part.title} {percent(part.cycles / whole)}" for part in parts)
