"""A timestep graph as text and as DOT: exactly, of a small one."""

from __future__ import annotations

import pytest

from sim.presentation.graph.dependences import Dependence, dependences
from sim.presentation.graph.dot import as_dot
from sim.presentation.graph.text import as_text
from tests.support.graphs import WORKLOADS, independent, leaky, tangled
from tests.support.shipped import built
from workloads.builder import GraphBuilder
from workloads.graph import INPUT, TimestepGraph

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
        pytest.param(built("mamba3_mimo").graph, "recurrence R2: update; carries S[t-1]", id="two recurrences"),
    ],
)
def test_the_text_ends_with_the_recurrences(graph: TimestepGraph, last: str) -> None:
    assert as_text(graph).splitlines()[-1] == last


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_text_has_a_line_for_every_operation(name: str) -> None:
    graph = built(name).graph
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
    graph = built(name).graph
    dot = as_dot(graph)
    assert dot.count(" -> ") == len(dependences(graph))
    assert dot.count("style=dashed") == sum(each.carried for each in dependences(graph))
    assert dot.count("penwidth") == sum(map(len, graph.recurrences))
