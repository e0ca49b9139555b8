"""The figure of a front: all rows of a table by two figures, those that nothing betters, what binds at each, the knee.

A third figure is the size of a mark. The colour of a mark is what its busiest unit waited for longest, its form that
unit; where there are several runs, those of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from sim.files.characters import visible
from sim.files.numbers import scaled
from sim.presentation.figures.canvas import Drawing, draw_legend, figure, legend_inches
from sim.presentation.figures.palette import FAINT, GRID, INK, leaf_fill
from sim.presentation.titles import shown
from sim.studies.front import Front, Row

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "p")
SIZES: Final = (4.0, 11.0)  # points across, from the least to the most of a third figure
WAITS_FOR_NOTHING: Final = "#ffffff"
LEGEND: Final = 0.75  # of the width: its entries are longer than those of other figures
UNIT, STALL = "busiest_unit", "largest_stall"


def draw_front(found: Front, title: str, width: float) -> Drawing:
    """The front *found*, in a figure that is *width* inches wide."""
    bound = {binding(row) for row in found.rows}
    listed = sorted(bound)
    made, axes = figure(width, 0.6 * width + legend_inches(len(listed) + 2, LEGEND * width))
    drawing = Drawing(made, title, _described(found))
    across, up = found.names[:2]
    axes.plot(*_places(found.others, across, up), "o", markersize=3, color=GRID, markeredgecolor=FAINT,
              markeredgewidth=0.3, zorder=2)  # fmt: skip
    if len(found.names) == 2:
        axes.plot(*_places(found.rows, across, up), color=FAINT, linewidth=0.8, drawstyle="steps-post", zorder=3)
    units = list(dict.fromkeys(unit for unit, _ in listed))
    for number, row in enumerate(found.rows):
        mark = _mark(binding(row), units, _size(found, row), [row[across]], [row[up]])
        axes.add_line(mark)
        said = ", ".join(f"{name} {row[name]:.4g}" for name in found.names)
        drawing.mark(mark, f"{said}: {words(binding(row))}", place=number)
    if found.knee is not None:
        _mark_knee(axes, found.rows[found.knee], across, up)
    axes.set_xlabel(visible(across))
    axes.set_ylabel(visible(up))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: scaled(float(f"{value:.9g}"), "", 0).strip()))
    axes.grid(color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    entries = [_mark(each, units, 6.0) for each in listed]
    others = Line2D([], [], marker="o", color=GRID, markeredgecolor=FAINT, linestyle="", markersize=3)
    others.set_label("not on the front")
    entries.append(others)
    if len(found.names) > 2:
        entries.append(Line2D([], [], linestyle="", label=f"size: {found.names[2]}"))
    draw_legend(made, entries, LEGEND * width)
    return drawing


def binding(row: Row) -> tuple[str, str]:
    """The busiest unit of a run and what that waited for longest; empty words where the table does not say."""
    unit = next((key for key in row if key == UNIT or key.endswith(f".{UNIT}")), None)
    if unit is None:
        return "", ""
    stall = row.get(f"{unit.removesuffix(UNIT)}{STALL}")
    return str(row[unit] or ""), str(stall or "")


def words(bound: tuple[str, str]) -> str:
    """What binds, in words: the unit, and what it waits for."""
    unit, stall = bound
    if not unit:
        return "on the front"
    return f"{unit}: {stall.replace('_', ' ')}" if stall else unit


def _mark(
    bound: tuple[str, str], units: list[str], size: float, across: Sequence[float] = (), up: Sequence[float] = ()
) -> Line2D:
    """The mark of rows where that binds."""
    unit, stall = bound
    colour = leaf_fill(shown(unit, stall)).colour if stall else WAITS_FOR_NOTHING
    return Line2D(
        across, up, marker=MARKERS[units.index(unit) % len(MARKERS)], color=colour, markeredgecolor=INK,
        markeredgewidth=0.5, markersize=size, linestyle="", zorder=4, label=words(bound),
    )  # fmt: skip


def _places(rows: list[Row], across: str, up: str) -> tuple[list[float], list[float]]:
    return [row[across] for row in rows], [row[up] for row in rows]


def _size(found: Front, row: Row) -> float:
    if len(found.names) < 3:
        return 6.0
    values = [each[found.names[2]] for each in found.rows]
    least, width = min(values), max(values) - min(values)
    return SIZES[0] + (SIZES[1] - SIZES[0]) * ((row[found.names[2]] - least) / width if width else 0.5)


def _mark_knee(axes: Axes, row: Row, across: str, up: str) -> None:
    axes.annotate("knee", (row[across], row[up]), xytext=(8, 8), textcoords="offset points", color=INK)


def _described(found: Front) -> str:
    """What the figure says, in words."""
    wishes = " and ".join(f"{'most' if name in found.most else 'least'} {name}" for name in found.names)
    knee = ""
    if found.knee is not None:
        row = found.rows[found.knee]
        knee = f" The knee has {', '.join(f'{name} {row[name]:.4g}' for name in found.names)}."
    count = len(found.rows) + len(found.others)
    return f"{len(found.rows)} of {count} points have {wishes}: no other betters them in all.{knee}"
