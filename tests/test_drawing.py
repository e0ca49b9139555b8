"""Drawings of a timestep graph: exact text and DOT of a small one; SVG that is valid, repeatable and readable."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.transforms import Affine2D, Bbox

from sim.files.documents import read_document
from sim.files.resolve import build_workload
from sim.presentation.graph.colours import RECURRENCE_COLOUR
from sim.presentation.graph.dependences import Dependence, dependences
from sim.presentation.graph.dot import as_dot
from sim.presentation.graph.svg import as_svg, figure_of
from sim.presentation.graph.text import as_text
from workloads.graph import INPUT, GraphBuilder, TimestepGraph

ROOT = Path(__file__).parents[1]
WORKLOADS = ["mamba1", "mamba2", "mamba3_mimo"]


def table1(name: str) -> TimestepGraph:
    return build_workload(read_document(ROOT / "workloads" / f"{name}.yaml")).graph


def leaky() -> TimestepGraph:
    """A projection, a window, a recurrence and a kind that no shipped model has."""
    builder = GraphBuilder("leaky", {"d": 4, "i": 6, "k": 3}, "u[t,d]")
    builder.define("in_proj", "projection", "x[t,i] = sum(d, W[d,i] * u[t,d])")
    builder.define("conv", "convolution", "c[t,i] = sum(k, F[k,i] * x[t-k,i])")
    builder.define("leak", "state", "h[t,i] = a[i] * h[t-1,i] + c[t,i]")
    builder.define("total", "pooling", "y[t] = sum(i, exp(h[t,i]))")
    return builder.build("y")


def tangled() -> TimestepGraph:
    """Recurrences of several operations: edges to the row above, and between two boxes of one row."""
    builder = GraphBuilder("tangled", {"d": 4}, "u[t,d]")
    builder.define("first", "state", "p[t,d] = u[t,d] + q[t-1,d]")
    builder.define("other", "state", "q[t,d] = u[t,d] + p[t-1,d] + y[t-2,d]")
    builder.define("mix", "state", "r[t,d] = p[t,d] * q[t,d] + u[t-1,d] + u[t-3,d]")
    builder.define("out", "gate", "y[t,d] = tanh(r[t,d]) + u[t,d]")
    return builder.build("y")


def independent() -> TimestepGraph:
    builder = GraphBuilder("independent", {"d": 4}, "u[t,d]")
    builder.define("gate", "gate", "y[t,d] = silu(u[t,d])")
    return builder.build("y")


# ------------------------------------------------------------------------------------------------------ dependences


def test_a_window_is_one_dependence_beside_that_within_the_timestep() -> None:
    assert dependences(leaky()) == (
        Dependence(INPUT, "in_proj", "u", (0,)),
        Dependence("in_proj", "conv", "x", (0,)),
        Dependence("in_proj", "conv", "x", (1, 2)),
        Dependence("leak", "leak", "h", (1,)),
        Dependence("conv", "leak", "c", (0,)),
        Dependence("leak", "total", "h", (0,)),
    )


@pytest.mark.parametrize(
    ("distances", "label"),
    [
        pytest.param((1,), "h[t-1]", id="one"),
        pytest.param((1, 2, 3), "h[t-1..3]", id="window"),
        pytest.param((1, 3), "h[t-1,3]", id="with a gap"),
    ],
)
def test_labels(distances: tuple[int, ...], label: str) -> None:
    assert Dependence("a", "b", "h", distances).label == label


# ------------------------------------------------------------------------------------------------------------- text

LEAKY_TEXT = """\
leaky: one timestep of one layer, u[t,d] -> y
sizes: d = 4, i = 6, k = 3
per timestep: 42 MACs, 108 ops (a MAC is 2), 6 transcendentals; 48 parameters

    operation  kind         shape  MACs  ops  equation
    in_proj    projection   6        24   48  x[t,i] = sum(d, W[d,i] * u[t,d])
    conv       convolution  6        18   36  c[t,i] = sum(k, F[k,i] * x[t-k,i])
    <- x of in_proj, 1, 2 timesteps back
R1  leak       state        6         0   12  h[t,i] = a[i] * h[t-1,i] + c[t,i]
    <- h of leak, 1 timestep back
    total      pooling      1         0   12  y[t] = sum(i, exp(h[t,i]))

recurrence R1: leak; carries h[t-1]
"""


def test_the_text_of_a_small_graph() -> None:
    assert as_text(leaky()) == LEAKY_TEXT


@pytest.mark.parametrize(
    ("graph", "last"),
    [
        pytest.param(independent(), "no recurrence: timesteps are independent", id="no recurrence"),
        pytest.param(
            tangled(),
            "recurrence R1: first, other, mix, out; carries q[t-1], p[t-1], y[t-2]",
            id="recurrence of several operations",
        ),
        pytest.param(table1("mamba3_mimo"), "recurrence R2: update; carries S[t-1]", id="two recurrences"),
    ],
)
def test_the_text_ends_with_the_recurrences(graph: TimestepGraph, last: str) -> None:
    assert as_text(graph).splitlines()[-1] == last


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_text_has_a_line_for_every_operation(name: str) -> None:
    graph = table1(name)
    text = as_text(graph)
    assert all(any(line.endswith(op.equation.text) for line in text.splitlines()) for op in graph.operations)
    assert text.count("<- ") == sum(each.carried for each in dependences(graph))


# -------------------------------------------------------------------------------------------------------------- DOT

LEAKY_DOT = """\
digraph "leaky" {
  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10];
  edge [color="#555555", fontname="Helvetica", fontsize=9];
  "input" [label="u[t,d]", shape=ellipse, fillcolor=white];
  "in_proj" [label="in_proj\\nx[t,i]", fillcolor="#a6cee3"];
  "conv" [label="conv\\nc[t,i]", fillcolor="#b5e3d0"];
  "leak" [label="leak\\nh[t,i]", fillcolor="#fdcb98", color="#c0182a", penwidth=2.5];
  "total" [label="total\\ny[t]", fillcolor="#c7d3f2"];
  "input" -> "in_proj";
  "in_proj" -> "conv";
  "in_proj" -> "conv" [style=dashed, label="x[t-1..2]", color="#1f5fa8", fontcolor="#1f5fa8", constraint=false];
  "leak" -> "leak" [style=dashed, label="h[t-1]", color="#c0182a", fontcolor="#c0182a", constraint=false];
  "conv" -> "leak";
  "leak" -> "total";
}
"""


def test_the_dot_of_a_small_graph() -> None:
    assert as_dot(leaky()) == LEAKY_DOT


def test_dot_escapes_what_a_name_may_contain() -> None:
    builder = GraphBuilder('a "b" \\ c', {"d": 4}, "u[t,d]")
    builder.define("gate", "gate", "y[t,d] = silu(u[t,d])")
    assert as_dot(builder.build("y")).startswith('digraph "a \\"b\\" \\\\ c" {\n')


@pytest.mark.parametrize("name", WORKLOADS)
def test_dot_has_every_operation_and_edge(name: str) -> None:
    graph = table1(name)
    dot = as_dot(graph)
    assert dot.count(" -> ") == len(dependences(graph))
    assert dot.count("style=dashed") == sum(each.carried for each in dependences(graph))
    assert dot.count("penwidth") == sum(map(len, graph.recurrences))


# -------------------------------------------------------------------------------------------------------------- SVG


@pytest.mark.parametrize("name", WORKLOADS)
def test_svg_is_valid_and_shows_every_name(name: str) -> None:
    graph = table1(name)
    svg = as_svg(graph)
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    kinds = {op.kind for op in graph.operations}
    labels = {each.label for each in dependences(graph) if each.carried}
    for shown in {op.name for op in graph.operations} | kinds | labels | {"recurrence"}:
        assert f"<!-- {shown} -->" in svg
    assert RECURRENCE_COLOUR in svg


def test_drawings_do_not_depend_on_the_time_or_the_hash_seed() -> None:
    script = (
        "from tests.test_drawing import tangled\n"
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


GRAPHS = {graph.name: graph for graph in (*map(table1, WORKLOADS), leaky(), tangled(), independent())}


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
