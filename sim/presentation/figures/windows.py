"""The figure of the windows: what each unit's cycles went to over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from sim.accounting.result import Result
from sim.files.numbers import cycles as cycles_words
from sim.files.numbers import percent, plural
from sim.presentation.figures.canvas import VISIBLE, Drawing, draw_legend, legend_inches, scaled, swatch
from sim.presentation.figures.palette import FAINT, leaf_fill
from sim.presentation.titles import place, result_key, shown, title, unit_title


@dataclass(frozen=True)
class OverTime:
    """A unit's cycles in each window of ``window_cycles``, by what they went to, as shown, in the order of the tree."""

    unit: str
    window_cycles: int
    parts: dict[str, list[int]]


def over_time(result: Result) -> list[OverTime]:
    """The accounts over time of every unit; empty without windows."""
    if result.windows is None:
        return []
    return [
        OverTime(unit, result.windows.window_cycles, {key: parts[key] for key in sorted(parts, key=place)})
        for unit in result.units
        if (parts := {shown(unit, key): cycles for key, cycles in result.windows.units.get(unit, {}).items()})
    ]


def draw_windows(found: Sequence[OverTime], makespan: int, width: float) -> Drawing:
    """What each unit's cycles went to over time, as shares of each window."""
    seen = {key for unit in found for key, cycles in unit.parts.items() if sum(cycles) >= VISIBLE * makespan}
    keys = sorted(seen, key=place)
    made = Figure(figsize=(width, 0.95 * len(found) + 0.4 + legend_inches(len(keys), width)), layout="constrained")
    drawing = Drawing(
        made,
        "The accounts over time",
        f"{plural(len(found), 'unit')} in windows of {cycles_words(found[0].window_cycles)}",
    )
    factor, unit_name = scaled(makespan)
    panels = made.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
    for axes, unit in zip(panels, found, strict=True):
        _draw_panel(drawing, axes, unit, makespan, factor)
    panels[-1].set_xlabel(unit_name)
    panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    draw_legend(made, [swatch(leaf_fill(key), title(key)) for key in keys], width)
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
        said = f"{unit_title(unit.unit)}: {title(key)} {total:,} cycles, {percent(total / makespan)} of the makespan"
        drawing.mark(area, said, figure="windows", unit=unit.unit, key=result_key(key), cycles=total)
        base = top
    axes.set(xlim=(0, makespan / factor), ylim=(0, 1))
    axes.set_ylabel(unit_title(unit.unit))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_yticks((0, 0.5, 1))
