"""The figure of the what-ifs: what changes of the machine buy."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from sim.explanation.findings import WhatIf
from sim.presentation.figures.canvas import ROW_INCHES, WIDE, Drawing, draw_legend, figure, horizontal, legend_inches
from sim.presentation.figures.palette import FAINT, INK

_SERIES = (("same_schedule", "same schedule", "o", "#0072b2"), ("new_schedule", "new schedule", "D", "#d55e00"))


def draw_what_ifs(found: Sequence[WhatIf], width: float) -> Drawing:
    """What each change of the machine buys: makespan now over makespan then."""
    row_inches = (0.8 if width >= WIDE else 1.0) * ROW_INCHES  # a name may take two lines in a narrow one
    made, axes = figure(width, row_inches * len(found) + 0.5 + legend_inches(2, width))
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
