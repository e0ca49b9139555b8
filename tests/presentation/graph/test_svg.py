"""A timestep graph as SVG: valid, repeatable and readable."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.transforms import Affine2D, Bbox

from sim.presentation.graph.colours import RECURRENCE_COLOUR
from sim.presentation.graph.dependences import dependences
from sim.presentation.graph.svg import as_svg, figure_of
from tests.support.folders import ROOT
from tests.support.graphs import WORKLOADS, independent, leaky, tangled
from tests.support.shipped import built


@pytest.mark.parametrize("name", WORKLOADS)
def test_svg_is_valid_and_shows_every_name(name: str) -> None:
    graph = built(name).graph
    svg = as_svg(graph)
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    kinds = {op.kind for op in graph.operations}
    labels = {each.label for each in dependences(graph) if each.carried}
    for shown in {op.name for op in graph.operations} | kinds | labels | {"recurrence"}:
        assert f"<!-- {shown} -->" in svg
    assert RECURRENCE_COLOUR in svg


def test_drawings_do_not_depend_on_the_time_or_the_hash_seed() -> None:
    script = (
        "from tests.support.graphs import tangled\n"
        "from sim.presentation.graph.dot import as_dot\nfrom sim.presentation.graph.svg import as_svg\n"
        "from sim.presentation.graph.text import as_text\n"
        "graph = tangled()\n"
        "print(as_text(graph), as_dot(graph), as_svg(graph))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
    assert "</svg>" in found.pop()


GRAPHS = {
    graph.name: graph for graph in (*(built(name).graph for name in WORKLOADS), leaky(), tangled(), independent())
}


@cache
def drawn(name: str) -> Figure:
    return figure_of(GRAPHS[name])


def boxes(figure: Figure) -> list[Bbox]:
    """Operations' boxes, in inches, less a hair's breadth."""
    found = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    return [
        Bbox.from_bounds(each.get_x(), each.get_y(), each.get_width(), each.get_height()).padded(-0.01)
        for each in found
    ]


def labels(figure: Figure) -> list[Bbox]:
    """What stands beside arrows, in inches."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    inches = figure.axes[0].transData.inverted()
    texts = [text for text in figure.axes[0].texts if "[t-" in text.get_text()]
    return [text.get_window_extent().transformed(inches) for text in texts]


def overlap(one: Bbox, other: Bbox) -> bool:
    return bool(one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1)


@pytest.mark.parametrize("name", GRAPHS)
def test_boxes_and_labels_do_not_overlap(name: str) -> None:
    graph, figure = GRAPHS[name], drawn(name)
    shown = [*boxes(figure), *labels(figure)]
    carried = [each for each in dependences(graph) if each.carried]
    assert len(shown) == 1 + len(graph.operations) + len(carried)
    assert not [pair for pair in combinations(shown, 2) if overlap(*pair)]


def outline(arrow: FancyArrowPatch) -> list[tuple[float, float]]:
    """Points along the arrow and its head, in inches."""
    hundredths = arrow.get_path().transformed(Affine2D().scale(100))  # curves are cut to this fineness
    lines = np.concatenate([np.asarray(line) for line in hundredths.to_polygons(closed_only=False)])
    return [(float(x), float(y)) for x, y in lines / 100]


@pytest.mark.parametrize("name", GRAPHS)
def test_arrows_run_around_boxes_and_within_the_picture(name: str) -> None:
    graph, figure = GRAPHS[name], drawn(name)
    arrows = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == len(dependences(graph))
    points = [point for arrow in arrows for point in outline(arrow)]
    assert not [(box, point) for box in boxes(figure) for point in points if box.contains(*point)]
    (left, right), (bottom, top) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert all(left < x < right and bottom < y < top for x, y in points)
