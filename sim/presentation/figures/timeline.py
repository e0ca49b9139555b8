"""The figure of the timeline: the whole recorded window above, a part of it enlarged below, a row for each unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter

from hw.unit_names import COMPUTE_UNITS
from sim.presentation.escaping import plain
from sim.presentation.figures.canvas import VISIBLE, Drawing, draw_legend, legend_inches, outlined, scaled, swatch
from sim.presentation.figures.palette import FAINT, ORDER, Fill, class_colour, leaf_fill
from sim.presentation.figures.timeline_recorder import Slice, Timeline
from sim.presentation.numbers import cycles as cycles_words
from sim.presentation.numbers import percent, plural
from sim.presentation.titles import class_title, result_key, title, unit_title

_ENLARGED = 45  # slices of the fullest compute unit that the enlarged part has, about
_WORK, _WAIT = 0.40, 0.18  # half the height of a slice
_FINEST = 1500  # parts of a panel's width: what is thinner is drawn with its neighbour


def draw_timeline(found: Timeline, width: float) -> Drawing:
    """What each unit did; work is high, waits are low and hatched."""
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
    _draw_panel(drawing, above, found, (found.start, found.end), False)
    _draw_panel(drawing, below, found, zoomed, True)
    above.xaxis.tick_top()
    above.spines[["top", "bottom"]].set_visible(False)
    below.set_xlabel(scaled(span)[1])
    for place, corner in zip(zoomed, (0, 1), strict=True):
        x = (place - found.start) / scaled(span)[0]
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
    most = max(len(slices) for unit, slices in found.slices.items() if unit in COMPUTE_UNITS)
    middle, span = (found.start + found.end) // 2, found.end - found.start
    half = max(1, round(span / max(2.0, most / _ENLARGED) / 2))
    return max(found.start, middle - half), min(found.end, middle + half)


def _keys(found: Timeline) -> dict[tuple[bool, str], tuple[Fill, str]]:
    """Fill and title of everything that can be seen: classes, then reasons in the order of the tree."""
    cycles = Counter[tuple[bool, str]]()
    for each in chain.from_iterable(found.slices.values()):
        cycles[each.label.wait, each.label.kind] += each.end - each.start
    seen = {key for key, count in cycles.items() if count >= VISIBLE * (found.end - found.start)}
    ordered = sorted(seen, key=lambda key: (key[0], ORDER.get(key[1], 0), key[1]))
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


def _draw_panel(drawing: Drawing, axes: Axes, found: Timeline, window: tuple[int, int], named: bool) -> None:
    factor = scaled(found.end - found.start)[0]
    axes.set_xlim(*((cycle - found.start) / factor for cycle in window))
    axes.set_ylim(len(found.slices) - 0.5, -0.5)
    axes.set_yticks(range(len(found.slices)), [unit_title(unit) for unit in found.slices])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.spines[["top", "right", "left"]].set_visible(False)
    titles = key_titles(found)
    finest = (window[1] - window[0]) / _FINEST
    for row, (unit, slices) in enumerate(found.slices.items()):
        inside = [each for each in slices if each.start < window[1] and each.end > window[0]]
        by_key: dict[tuple[bool, str], list[Slice]] = {}
        for each in inside:
            by_key.setdefault((each.label.wait, each.label.kind), []).append(each)
        for (wait, kind), alike in sorted(by_key.items(), reverse=True):
            fill = _fill(wait, kind)
            spans = [((a - found.start) / factor, (b - found.start) / factor) for a, b in _thick(alike, finest)]
            patch = PathPatch(
                _boxes(spans, row, _WAIT if wait else _WORK), facecolor=fill.colour, hatch=fill.hatch,
                edgecolor=FAINT, linewidth=0.25 if named else 0,
            )  # fmt: skip
            axes.add_patch(patch)
            if not named:
                cycles = sum(each.end - each.start for each in alike)
                said = f"{unit_title(unit)}: {titles[wait, kind]} {cycles:,} of {window[1] - window[0]:,} cycles"
                drawing.mark(patch, said, figure="timeline", unit=unit, key=result_key(kind), cycles=cycles)
        if named:
            _name(axes, inside, row, window, found.start, factor)


def _thick(slices: Iterable[Slice], finest: float) -> list[tuple[float, float]]:
    """Where something is, gaps below *finest* cycles closed and nothing thinner than that."""
    spans: list[tuple[float, float]] = []
    for each in slices:
        start, end = float(each.start), max(float(each.end), each.start + finest)
        if spans and start - spans[-1][1] < finest:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


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
        first = plain(each.label.name.split(", ")[0])
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
