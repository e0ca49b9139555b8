"""The figure of the critical path: by unit and class of operation, all bars together as long as the makespan."""

from __future__ import annotations

from collections.abc import Sequence

from sim.accounting.result import Result
from sim.presentation.bars import Bar, amounts
from sim.presentation.critical_path import spent_by_class
from sim.presentation.figures.canvas import Drawing
from sim.presentation.figures.stacked_bars import draw_stacked, write_beside
from sim.presentation.numbers import cycles, percent
from sim.presentation.titles import class_title, unit_title

_MOST_ROWS = 14
_WORTH_A_ROW = 0.0005  # of the makespan


def path_bars(result: Result) -> list[Bar]:
    """The critical path by unit and class of operation, the largest first, each by what its cycles were spent on."""
    return [
        Bar(f"{class_title(kind)} on {unit_title(unit)}", amounts(spent))
        for (unit, kind), spent in spent_by_class(result).items()
    ]


def draw_path(bars: Sequence[Bar], makespan: int, width: float) -> Drawing:
    """The critical path by unit and class; all bars together are as long as the makespan."""
    large = [bar for bar in bars if bar.cycles >= _WORTH_A_ROW * makespan][:_MOST_ROWS]
    drawing = draw_stacked(large, makespan, width, "critical-path")
    drawing.title = "The critical path, and what its cycles were spent on"
    drawing.description = "; ".join(f"{bar.name} {percent(bar.cycles / makespan)}" for bar in large)
    axes = drawing.figure.axes[0]
    axes.set_xlabel(f"of the makespan, {cycles(makespan)}")
    axes.set_xlim(0, min(1.0, 1.12 * max(bar.cycles for bar in large) / makespan))
    for row, bar in enumerate(large):
        write_beside(axes, bar.cycles / makespan, row, percent(bar.cycles / makespan))
    return drawing
