"""The picture of the taxonomy: a tree from left to right, beside each leaf its key and the what-if without it.

The same taxonomy gives the same bytes: no date, no random ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import pairwise
from textwrap import fill

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from sim.accounting.taxonomy import ROOT, TAXONOMY, Leaf

_ROW, _GAP, _HEAD, _MARGIN = 0.30, 0.12, 0.34, 0.12  # inches: a leaf, more between groups, the titles, around it all
_LEFT = (0.12, 1.37, 2.44, 3.78)  # inches: where the boxes of each depth begin
_WIDE = (1.06, 0.82, 1.09, 1.02)
_LEAF_LEFT, _LEAF_WIDE, _KEY_LEFT, _REMEDY_LEFT, _WIDTH = 5.06, 1.83, 7.03, 8.95, 10.75
_BOX, _LINE, _TEXT, _FAINT = 0.235, "#444444", "#111111", "#666666"
_LETTERS = 12  # of a line in the root's box
_COLOURS = {"busy": "#cfe8d5", "memory": "#fbdcc4", "dependency": "#cfe0f5", "idle": "#e3e3e3"}
_NO_BRANCH = "#ffffff"

Path = tuple[str, ...]


def as_svg(leaves: Sequence[Leaf] = TAXONOMY) -> str:
    """The picture of *leaves* as SVG text."""
    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "stallscope", "font.family": "DejaVu Sans"}):
        figure_of(leaves).savefig(text, format="svg", facecolor="white", metadata={"Date": None})
    return text.getvalue()


def figure_of(leaves: Sequence[Leaf]) -> Figure:
    """The tree of *leaves*, those of one branch one below the other."""
    rows = _rows(leaves)
    height = rows[-1] + _ROW / 2 + _MARGIN
    figure = Figure(figsize=(_WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    for left, title in ((_LEAF_LEFT, "the cycle went to"), (_KEY_LEFT, "key"), (_REMEDY_LEFT, "what-if without it")):
        axes.text(left, _MARGIN + _HEAD / 2, title, size=9, style="italic", color=_FAINT, va="center")
    nodes = _nodes(leaves, rows)
    for path, row in nodes.items():
        if path:
            _connect(axes, path[:-1], nodes, _LEFT[len(path)], row)
    for leaf, row in zip(leaves, rows, strict=True):
        _connect(axes, leaf.path, nodes, _LEAF_LEFT, row)
        _draw_leaf(axes, leaf, row)
    for path, row in nodes.items():
        _draw_node(axes, path, row)
    return figure


def _rows(leaves: Sequence[Leaf]) -> list[float]:
    """How far down each leaf stands."""
    rows = [_MARGIN + _HEAD + _ROW / 2]
    for before, leaf in pairwise(leaves):
        rows.append(rows[-1] + _ROW + (_GAP if before.path != leaf.path else 0.0))
    return rows


def _nodes(leaves: Sequence[Leaf], rows: Sequence[float]) -> dict[Path, float]:
    """How far down each inner node stands: in the middle of its children, the root's path being empty."""
    below: dict[Path, dict[Path, float]] = {}
    for leaf, row in zip(leaves, rows, strict=True):
        below.setdefault(leaf.path, {})[(*leaf.path, leaf.key)] = row
        for depth in range(len(leaf.path)):
            below.setdefault(leaf.path[:depth], {})
    places: dict[Path, float] = {}
    for path in sorted(below, key=len, reverse=True):
        children = below[path].values()
        places[path] = (min(children) + max(children)) / 2
        if path:
            below[path[:-1]][path] = places[path]
    return places


def _colour(path: Path) -> str:
    return next((_COLOURS[name] for name in path if name in _COLOURS), _NO_BRANCH)


def _connect(axes: Axes, parent: Path, nodes: dict[Path, float], left: float, row: float) -> None:
    """A line from the node *parent* to what begins at *left* in *row*."""
    depth, begin = len(parent), nodes[parent]
    edge = _LEFT[depth] + _WIDE[depth]
    bend = (edge + _LEFT[depth + 1]) / 2 if depth + 1 < len(_LEFT) else (edge + _LEAF_LEFT) / 2
    axes.plot((edge, bend, bend, left), (begin, begin, row, row), color=_LINE, linewidth=0.9, solid_joinstyle="round")


def _draw_node(axes: Axes, path: Path, row: float) -> None:
    left, width, middle = _LEFT[len(path)], _WIDE[len(path)], "center_baseline" if path else "center"
    title = path[-1] if path else "\n= ".join(fill(line, _LETTERS) for line in ROOT.split(" = "))
    _box(axes, left, row, width, _BOX * (1 + 0.75 * title.count("\n")), _colour(path))
    axes.text(left + width / 2, row, title, size=9.5, weight="bold", color=_TEXT, ha="center", va=middle)


def _draw_leaf(axes: Axes, leaf: Leaf, row: float) -> None:
    _box(axes, _LEAF_LEFT, row, _LEAF_WIDE, _BOX, _colour(leaf.path))
    axes.text(_LEAF_LEFT + 0.08, row, leaf.title, size=9.5, color=_TEXT, va="center_baseline")
    axes.text(_KEY_LEFT, row, leaf.key, size=8.5, family="DejaVu Sans Mono", color=_TEXT, va="center_baseline")
    remedy, colour = (f"ideal=[{leaf.remedy}]", _TEXT) if leaf.remedy else ("none", _FAINT)
    axes.text(_REMEDY_LEFT, row, remedy, size=8.5, family="DejaVu Sans Mono", color=colour, va="center_baseline")


def _box(axes: Axes, left: float, row: float, width: float, height: float, colour: str) -> None:
    """A box in the middle of *row*."""
    shape = FancyBboxPatch(
        (left, row - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.04",
        facecolor=colour, edgecolor=_LINE, linewidth=0.8, zorder=2,
    )  # fmt: skip
    axes.add_patch(shape)
