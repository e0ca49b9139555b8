"""Draws a timestep graph with matplotlib: boxes in rows, arrows from what is computed to what reads it.

A row of boxes is a topological generation of the edges within a timestep; layout.py places the boxes and the bends
of the edges. Dashed arrows, labelled with what is read, cross timesteps; red boxes and arrows belong to a recurrence.
"""

from __future__ import annotations

from io import StringIO
from itertools import pairwise

import matplotlib
import networkx as nx
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from sim.files.characters import visible
from sim.presentation.graph.colours import (
    CARRIED_COLOUR,
    EDGE_COLOUR,
    RECURRENCE_COLOUR,
    carried_colour,
    kind_colours,
)
from sim.presentation.graph.dependences import Dependence, dependences, recurrence_of, result_of
from sim.presentation.graph.layout import Link, layered
from workloads.graph import TimestepGraph

# Lengths are inches. Boxes stand in the even rows; odd rows are the room between them, for labels and bends.

_POINTS = 8.5  # of all text but the title
_BOX_HEIGHT, _BOX_PADDING, _ROW_HEIGHT, _MARGIN = 0.40, 0.10, 0.40, 0.3
_LEGEND_HEIGHT, _LEGEND_COLUMNS, _LEAST_WIDTH = 0.9, 4, 7.0
_LOOP_WIDTH, _PORT_GAP, _CLEARANCE = 0.35, 0.13, 0.3

_Point = tuple[float, float]


def as_svg(graph: TimestepGraph) -> str:
    """*graph* as SVG text, the same for the same graph: no date, no random ids."""
    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "stallscope", "text.parse_math": False}):
        figure_of(graph).savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def figure_of(graph: TimestepGraph) -> Figure:
    """*graph* as a matplotlib figure with one axes, in which the unit is one inch."""
    picture = _Picture(graph)
    left, right, bottom = picture.extent
    spare = max(0.0, _LEAST_WIDTH - (right - left)) / 2
    xlim = (left - spare - _MARGIN, right + spare + _MARGIN)
    ylim = (bottom - _LEGEND_HEIGHT - _MARGIN, _BOX_HEIGHT + 2 * _MARGIN)
    figure = Figure(figsize=(xlim[1] - xlim[0], ylim[1] - ylim[0]))
    axes = figure.add_axes((0, 0, 1, 1), xlim=xlim, ylim=ylim)
    axes.set_axis_off()
    axes.text(
        sum(xlim) / 2,
        _BOX_HEIGHT + _MARGIN,
        f"{visible(graph.name)}: one timestep of one layer",
        ha="center",
        fontsize=12,
    )
    axes.legend(handles=_legend(graph), loc="lower center", ncols=_LEGEND_COLUMNS, frameon=False, fontsize=_POINTS)
    picture.draw(axes)
    return figure


def _legend(graph: TimestepGraph) -> list[Artist]:
    handles: list[Artist] = [
        Patch(fc=colour, ec=EDGE_COLOUR, label=visible(kind)) for kind, colour in kind_colours(graph).items()
    ]
    handles.append(Line2D([], [], color=EDGE_COLOUR, label="read in the same timestep"))
    if graph.carried:
        handles.append(Line2D([], [], color=CARRIED_COLOUR, linestyle="--", label="read in a later timestep"))
    if graph.recurrences:
        handles.append(Patch(fc="white", ec=RECURRENCE_COLOUR, lw=2, label="recurrence"))
    return handles


def _width(text: str, weight: str = "normal") -> float:
    outline = TextPath((0, 0), visible(text), size=_POINTS, prop=FontProperties(weight=weight))
    return float(np.ptp(np.asarray(outline.vertices)[:, 0])) / 72


class _Picture:
    """One graph's boxes and edges with their places: row 0 at height 0, further rows below it."""

    def __init__(self, graph: TimestepGraph) -> None:
        every = dependences(graph)
        self._recurrence = recurrence_of(graph)
        self._fills = dict.fromkeys(graph.sources.values(), "white") | {
            op.name: kind_colours(graph)[op.kind] for op in graph.operations
        }
        self._results = {name: result_of(graph, name) for name in self._fills}
        self._half = {
            name: max(_width(name, "bold"), _width(result)) / 2 + _BOX_PADDING for name, result in self._results.items()
        }
        self._loops = {each.reader: each for each in every if each.source == each.reader}
        self._edges = [each for each in every if each.source != each.reader]
        rows = _rows(tuple(self._fills), self._edges)
        self._right = {name: half + self._loop_reach(name) for name, half in self._half.items()}
        layout = layered(
            rows,
            {name: (half, self._right[name]) for name, half in self._half.items()},
            [Link(each.source, each.reader, _width(each.label) if each.carried else 0.0) for each in self._edges],
        )
        self._at = {name: (layout.x[name], -row * _ROW_HEIGHT) for name, row in rows.items()}
        self._joints = [[point for x, row in joints for point in self._bend(x, row)] for joints in layout.joints]

    def _loop_reach(self, name: str) -> float:
        return _LOOP_WIDTH + _width(self._loops[name].label) if name in self._loops else 0.0

    def _bend(self, x: float, row: int) -> list[_Point]:
        """Where an edge passes *row*: upright, from one height to the other, beside a box that is near."""
        y = -row * _ROW_HEIGHT
        boxes = [(at[0] - self._half[name], at[0] + self._right[name]) for name, at in self._at.items() if at[1] == y]
        if any(left - _CLEARANCE < x < right + _CLEARANCE for left, right in boxes):
            return [(x, y + _BOX_HEIGHT / 2), (x, y - _BOX_HEIGHT / 2)]
        return [(x, y)]

    @property
    def extent(self) -> tuple[float, float, float]:
        """The leftmost, the rightmost and the lowest coordinate that is drawn."""
        joints = [point for joints in self._joints for point in joints]
        left = min(x - self._half[name] for name, (x, _) in self._at.items())
        right = max(x + self._right[name] for name, (x, _) in self._at.items())
        bottom = min(y for _, y in self._at.values()) - _BOX_HEIGHT / 2
        return min([left, *(x for x, _ in joints)]), max([right, *(x for x, _ in joints)]), bottom

    def draw(self, axes: Axes) -> None:
        """Draw everything onto *axes*."""
        for each, points in zip(self._edges, self._paths(), strict=True):
            colour = carried_colour(each, self._recurrence) if each.carried else EDGE_COLOUR
            _arrow(axes, _smooth(points), colour, each.carried)
            if each.carried:
                _label(axes, points[1], each.label, colour)
        for name, loop in self._loops.items():
            x, y = self._at[name][0] + self._half[name], self._at[name][1]
            out = x + 1.6 * _LOOP_WIDTH
            _arrow(axes, [(x, y - 0.1), (out, y - 0.25), (out, y + 0.25), (x, y + 0.1)], RECURRENCE_COLOUR, True)
            _label(axes, (x + 1.2 * _LOOP_WIDTH, y), loop.label, RECURRENCE_COLOUR)
        for name in self._at:
            self._draw_box(axes, name)

    def _draw_box(self, axes: Axes, name: str) -> None:
        (x, y), half = self._at[name], self._half[name]
        edge, width = (RECURRENCE_COLOUR, 2.0) if name in self._recurrence else (EDGE_COLOUR, 0.8)
        corner = (x - half, y - _BOX_HEIGHT / 2)
        style = "round,pad=0,rounding_size=0.06"
        axes.add_patch(
            FancyBboxPatch(corner, 2 * half, _BOX_HEIGHT, style, fc=self._fills[name], ec=edge, lw=width, zorder=3)
        )
        for text, rise, weight in ((name, 0.085, "bold"), (self._results[name], -0.085, "normal")):
            axes.text(x, y + rise, visible(text), ha="center", va="center", fontsize=_POINTS, weight=weight, zorder=4)

    def _paths(self) -> list[list[_Point]]:
        """The points of each edge from the border of one box to that of the other; ends on a border are spread."""
        ends_of = [(self._at[each.source], self._at[each.reader]) for each in self._edges]
        routes = [
            [start, *sorted(joints, key=lambda joint: joint[1], reverse=start[1] >= end[1]), end]
            for (start, end), joints in zip(ends_of, self._joints, strict=True)
        ]
        borders: dict[tuple[str, bool], list[tuple[float, int, int]]] = {}
        for number, (each, route) in enumerate(zip(self._edges, routes, strict=True)):
            for name, end, towards in ((each.source, 0, route[1]), (each.reader, -1, route[-2])):
                borders.setdefault((name, towards[1] < self._at[name][1]), []).append((towards[0], number, end))
        for (name, below), ends in borders.items():
            x, y = self._at[name]
            gap = min(_PORT_GAP, 2 * (self._half[name] - 0.08) / len(ends))
            for place, (_, number, end) in enumerate(sorted(ends)):
                border = y - _BOX_HEIGHT / 2 if below else y + _BOX_HEIGHT / 2
                routes[number][end] = (x + gap * (place - (len(ends) - 1) / 2), border)
        return routes


def _rows(names: tuple[str, ...], edges: list[Dependence]) -> dict[str, int]:
    """The row of each box: twice its topological generation within the timestep."""
    now: nx.DiGraph[str] = nx.DiGraph()
    now.add_nodes_from(names)
    now.add_edges_from((each.source, each.reader) for each in edges if not each.carried)
    row = {name: 2 * number for number, generation in enumerate(nx.topological_generations(now)) for name in generation}
    return {name: row[name] for name in names}


def _smooth(points: list[_Point]) -> list[_Point]:
    """A chain of cubic Bezier curves through *points*, upright at both ends; one curve if it turns back."""
    (x, y), (end_x, end_y) = points[0], points[-1]
    if y == end_y:
        depth = y + 1.4 * (points[1][1] - y)
        return [(x, y), (x, depth), (end_x, depth), (end_x, end_y)]
    bends = zip(points, points[1:], points[2:], strict=False)
    leans = [0.0, *(_lean(*three) for three in bends), 0.0]
    curve = points[:1]
    for ((x, y), lean), ((end_x, end_y), end_lean) in pairwise(zip(points, leans, strict=True)):
        reach = (end_y - y) * (0.5 if lean == 0 or end_lean == 0 else 1 / 3)
        curve += [(x + lean * reach, y + reach), (end_x - end_lean * reach, end_y - reach), (end_x, end_y)]
    return curve


def _lean(before: _Point, at: _Point, after: _Point) -> float:
    """dx/dy of a curve at one of its points: upright where it turns from left to right, so that it never overshoots."""
    if (at[0] - before[0]) * (after[0] - at[0]) <= 0:
        return 0.0
    slopes = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in ((before, at), (at, after))]
    return min(slopes, key=abs)


def _arrow(axes: Axes, curve: list[_Point], colour: str, dashed: bool) -> None:
    path = Path(curve, [Path.MOVETO, *[Path.CURVE4] * (len(curve) - 1)])
    style = "--" if dashed else "-"
    axes.add_patch(
        FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=7, color=colour, linestyle=style, lw=1.0, zorder=2)
    )


def _label(axes: Axes, point: _Point, text: str, colour: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    x, y = point
    axes.text(x + 0.05, y, visible(text), color=colour, ha="left", va="center", fontsize=_POINTS, bbox=box, zorder=2.5)
