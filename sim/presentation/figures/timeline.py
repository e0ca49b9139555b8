"""The figure of the timeline: the whole recorded window above, a part of it enlarged below, a row for each unit.

The whole window has more requests than a page has dots. So it shows shares of the time in columns, as page.js does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from hw.unit_names import compute_units
from sim.files.characters import visible
from sim.files.numbers import cycles as cycles_words
from sim.files.numbers import percent, plural
from sim.presentation.figures.canvas import VISIBLE, Drawing, draw_legend, legend_inches, outlined, scaled, swatch
from sim.presentation.figures.palette import FAINT, Fill, class_colour, leaf_fill
from sim.presentation.figures.timeline_recorder import Slice, Timeline
from sim.presentation.titles import class_title, place, result_key, title, unit_title

_ENLARGED = 45  # slices of the fullest compute unit that the enlarged part has, about
_WORK, _WAIT = 0.40, 0.18  # half the height of a slice
_COLUMNS = 400  # of the whole window: what is narrower is shown together, as shares of the time
_SMOOTHED = np.array([1, 2, 3, 4, 3, 2, 1])  # weights of a column and its neighbours: what repeats itself does not beat


def draw_timeline(found: Timeline, width: float) -> Drawing:
    """What each unit did: above in shares of the time, below slice by slice, where work is high and waits are low."""
    keys = _keys(found)
    made = Figure(
        figsize=(width, 0.5 * len(found.slices) + 1.35 + legend_inches(len(keys), width)), layout="constrained"
    )
    text = f"{plural(found.tiles, 'tile')} from tile {found.first_tile:,} on"
    text += f", {cycles_words(found.end - found.start)}; cycle 0 here is cycle {found.start:,}"
    drawing = Drawing(made, f"Timeline: {text}", _spoken(found))
    above, below = made.subplots(2, 1)
    span = found.end - found.start
    zoomed = _enlarged(found)
    _draw_whole(drawing, above, found)
    _draw_enlarged(below, found, zoomed)
    above.xaxis.tick_top()
    above.spines[["top", "bottom"]].set_visible(False)
    below.set_xlabel(scaled(span)[1])
    for cycle, corner in zip(zoomed, (0, 1), strict=True):
        x = (cycle - found.start) / scaled(span)[0]
        bottom = len(found.slices) - 0.5
        made.add_artist(
            ConnectionPatch(
                (x, bottom), (corner, 1), "data", "axes fraction", axesA=above, axesB=below, color=FAINT, linewidth=0.6
            )
        )
        above.axvline(x, color=FAINT, linewidth=0.6)
    draw_legend(made, [swatch(fill, title) for fill, title in keys.values()], width)
    return drawing


def _enlarged(found: Timeline) -> tuple[int, int]:
    """The cycles that are shown enlarged, from the middle of the window."""
    most = max(len(found.slices[unit]) for unit in compute_units(found.slices))
    middle, span = (found.start + found.end) // 2, found.end - found.start
    half = max(1, round(span / max(2.0, most / _ENLARGED) / 2))
    return max(found.start, middle - half), min(found.end, middle + half)


def _keys(found: Timeline) -> dict[tuple[bool, str], tuple[Fill, str]]:
    """Fill and title of everything that can be seen: classes, then reasons in the order of the tree."""
    cycles = Counter[tuple[bool, str]]()
    for each in chain.from_iterable(found.slices.values()):
        cycles[each.label.wait, each.label.kind] += each.end - each.start
    seen = {key for key, count in cycles.items() if count >= VISIBLE * (found.end - found.start)}
    ordered = sorted(seen, key=lambda key: (key[0], place(key[1]) if key[0] else (0, ""), key[1]))
    titles = key_titles(found)
    return {key: (_fill(*key), titles[key]) for key in ordered}


def key_titles(found: Timeline) -> dict[tuple[bool, str], str]:
    """What each colour stands for, by (waits, kind); where fused operations have several classes, it is *mostly* so."""
    labels = {each.label for each in chain.from_iterable(found.slices.values())}
    mixed = {label.kind for label in labels if label.mixed}
    return {
        (label.wait, label.kind): title(label.kind) if label.wait else
        f"mostly {class_title(label.kind)}" if label.kind in mixed else class_title(label.kind)
        for label in labels
    }  # fmt: skip


def _fill(wait: bool, kind: str) -> Fill:
    return leaf_fill(kind) if wait else Fill(class_colour(kind))


def _frame(axes: Axes, found: Timeline, window: tuple[int, int]) -> float:
    """Prepare *axes* for a row of each unit, and return what cycles are divided by on it."""
    factor = scaled(found.end - found.start)[0]
    axes.set_xlim(*((cycle - found.start) / factor for cycle in window))
    axes.set_ylim(len(found.slices) - 0.5, -0.5)
    axes.set_yticks(range(len(found.slices)), [unit_title(unit) for unit in found.slices])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.spines[["top", "right", "left"]].set_visible(False)
    return factor


def _draw_whole(drawing: Drawing, axes: Axes, found: Timeline) -> None:
    """The whole window: of each unit the shares of the time, work below and waits above."""
    factor, titles, span = _frame(axes, found, (found.start, found.end)), key_titles(found), found.end - found.start
    edges = np.linspace(0, span, _COLUMNS + 1) / factor
    for row, (unit, slices) in enumerate(found.slices.items()):
        by_key: dict[tuple[bool, str], list[Slice]] = {}
        for each in slices:
            by_key.setdefault((each.label.wait, each.label.kind), []).append(each)
        bottom = np.full(_COLUMNS, row + _WORK)
        for (wait, kind), alike in sorted(by_key.items()):
            top = bottom - 2 * _WORK * _shares(alike, found.start, span)
            fill = _fill(wait, kind)
            area = axes.fill_between(
                edges, [*bottom, bottom[-1]], [*top, top[-1]], step="post", facecolor=fill.colour, hatch=fill.hatch,
                edgecolor=FAINT, linewidth=0,
            )  # fmt: skip
            cycles = sum(each.end - each.start for each in alike)
            said = f"{unit_title(unit)}: {titles[wait, kind]} {cycles:,} of {span:,} cycles"
            drawing.mark(area, said, figure="timeline", unit=unit, key=result_key(kind), cycles=cycles)
            bottom = top


def _shares(slices: Iterable[Slice], origin: int, span: int) -> NDArray[np.float64]:
    """The share of each column of the window that *slices* take, smoothed; those of all slices of a unit sum to 1."""
    done = np.array([(each.start - origin, each.end - origin) for each in slices], float)
    at = np.linspace(0, span, _COLUMNS + 1)
    edges = done.ravel()  # the cycles that slices have taken grow from the start of each to its end
    taken = np.concatenate([[0.0], np.cumsum(done[:, 1] - done[:, 0])])
    until = np.interp(at, edges, np.stack([taken[:-1], taken[1:]], axis=1).ravel(), left=0.0, right=taken[-1])
    whole = np.convolve(np.ones(_COLUMNS), _SMOOTHED, "same")
    return np.convolve(np.diff(until) * _COLUMNS / span, _SMOOTHED, "same") / whole


def _draw_enlarged(axes: Axes, found: Timeline, window: tuple[int, int]) -> None:
    """A part of the window, slice by slice."""
    factor = _frame(axes, found, window)
    for row, slices in enumerate(found.slices.values()):
        inside = [each for each in slices if each.start < window[1] and each.end > window[0]]
        by_key: dict[tuple[bool, str], list[Slice]] = {}
        for each in inside:
            by_key.setdefault((each.label.wait, each.label.kind), []).append(each)
        for (wait, kind), alike in sorted(by_key.items(), reverse=True):
            fill = _fill(wait, kind)
            spans = [((each.start - found.start) / factor, (each.end - found.start) / factor) for each in alike]
            patch = PathPatch(
                _boxes(spans, row, _WAIT if wait else _WORK), facecolor=fill.colour, hatch=fill.hatch,
                edgecolor=FAINT, linewidth=0.25,
            )  # fmt: skip
            axes.add_patch(patch)
        _name(axes, inside, row, window, found.start, factor)


def _boxes(spans: list[tuple[float, float]], row: int, half: float) -> Path:
    """One path of all boxes in *row*."""
    low, high = row - half, row + half
    corners = (((a, low), (b, low), (b, high), (a, high), (a, low)) for a, b in spans)
    vertices = [corner for box in corners for corner in box]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(spans)
    return Path(vertices, codes)


def _name(axes: Axes, slices: Iterable[Slice], row: int, window: tuple[int, int], origin: int, factor: float) -> None:
    """Write what a slice is where there is room for it."""
    letters = 20 * axes.get_figure().get_figwidth()  # type: ignore[union-attr]
    for each in slices:
        start, end = max(each.start, window[0]), min(each.end, window[1])
        room = (end - start) / (window[1] - window[0]) * letters
        first = visible(each.label.name.split(", ")[0])
        text = first if first == each.label.name else f"{first}, ..."
        if not each.label.wait and room >= max(4, 1.15 * len(text)):
            outlined(
                axes.text(((start + end) / 2 - origin) / factor, row, text, size=6, ha="center", va="center_baseline")
            )


def _spoken(found: Timeline) -> str:
    parts = []
    for unit, slices in found.slices.items():
        worked = sum(each.end - each.start for each in slices if not each.label.wait)
        parts.append(f"{unit_title(unit)} works {percent(worked / (found.end - found.start))} of the window")
    return "; ".join(parts)
