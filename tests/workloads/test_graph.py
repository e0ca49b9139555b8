"""The timestep graph: its edges and distances, recurrences, what it carries, its counts, and each mistake."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import pytest

import workloads.builder
from workloads.builder import GraphBuilder
from workloads.graph import INPUT, OperationCounts, TimestepGraph

SIZES = {"i": 3, "n": 5, "k": 4, "c": 2}


def graph_of(*equations: str, output: str = "y") -> TimestepGraph:
    """A graph that reads u[t,i] and whose operations are called by the tensors that they define."""
    builder = GraphBuilder("example", SIZES, "u[t,i]")
    for text in equations:
        builder.define(text.partition("[")[0], "state", text)
    return builder.build(output)


def test_the_example_in_the_docstring_runs() -> None:
    result = doctest.testmod(workloads.builder)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("equations", "edges"),
    [
        pytest.param(["y[t,i] = u[t,i] * W[i]"], [(INPUT, "y", "u", 0)], id="parameters are no edges"),
        pytest.param(["y[t,i] = u[t-2,i]"], [(INPUT, "y", "u", 2)], id="input of the past"),
        pytest.param(
            ["y[t,i] = sum(k, W[k,i] * u[t-k,i])"], [(INPUT, "y", "u", k) for k in range(4)], id="one edge for each tap"
        ),
        pytest.param(["y[t,i] = y[t-1,i] + u[t,i]"], [(INPUT, "y", "u", 0), ("y", "y", "y", 1)], id="its own past"),
        pytest.param(["y[t,i] = u[t,i] * u[t,i]"], [(INPUT, "y", "u", 0)], id="read twice, one edge"),
        pytest.param(
            ["a[t,i] = y[t-1,i]", "y[t,i] = a[t,i] + u[t,i]"],
            [(INPUT, "y", "u", 0), ("a", "y", "a", 0), ("y", "a", "y", 1)],
            id="the past of what is defined later",
        ),
    ],
)
def test_edges_carry_tensor_and_distance(equations: list[str], edges: list[tuple[str, str, str, int]]) -> None:
    graph = graph_of(*equations).graph
    found = [(u, v, edge["tensor"], edge["distance"]) for u, v, edge in graph.edges(data=True)]
    assert sorted(found) == sorted(edges)


@pytest.mark.parametrize(
    ("equations", "recurrences", "carried"),
    [
        pytest.param(["y[t,i] = 2 * u[t,i]"], [], {}, id="none"),
        pytest.param(["y[t,i] = u[t-3,i] + u[t-1,i]"], [], {"u": 3}, id="a delay is no recurrence"),
        pytest.param(["y[t,i] = y[t-1,i] + u[t,i]"], [{"y"}], {"y": 1}, id="one operation"),
        pytest.param(["y[t,i] = y[t-2,i] + u[t,i]"], [{"y"}], {"y": 2}, id="distance two"),
        pytest.param(
            ["a[t,i] = tanh(y[t-1,i])", "y[t,i] = a[t,i] + u[t,i]"], [{"a", "y"}], {"y": 1}, id="two operations"
        ),
        pytest.param(
            ["b[t,i] = b[t-1,i] + u[t,i]", "a[t,i] = a[t-1,i] + b[t,i]", "y[t,i] = a[t,i] + b[t,i]"],
            [{"b"}, {"a"}],
            {"b": 1, "a": 1},
            id="two in order of definition",
        ),
    ],
)
def test_recurrences_and_carried_tensors(
    equations: list[str], recurrences: list[set[str]], carried: dict[str, int]
) -> None:
    graph = graph_of(*equations)
    assert graph.recurrences == tuple(map(frozenset, recurrences))
    assert graph.carried == carried


def test_counts_sum_over_the_operations() -> None:
    graph = graph_of("a[t,n] = sum(i, W[i,n] * u[t,i])", "y[t,n] = silu(a[t,n]) + b[n]")
    assert graph.operation_counts(graph.operation("a")) == OperationCounts(macs=15, ops=30, transcendentals=0)
    assert graph.operation_counts(graph.operation("y")) == OperationCounts(macs=0, ops=10, transcendentals=5)
    assert graph.counts == OperationCounts(macs=15, ops=40, transcendentals=5)


def test_constants_are_not_counted_as_parameters() -> None:
    builder = GraphBuilder("example", SIZES, "u[t,i]")
    builder.constant("sign", "c", (-1.0, 1.0))
    builder.define("turn", "rotation", "y[t,i,c] = sign[c] * W[i,c] * u[t,i]")
    graph = builder.build("y")
    assert graph.parameters == {"W": ("i", "c")}
    assert graph.parameter_count == 6
    assert graph.constants == {"sign": (-1.0, 1.0)}


def test_producers_and_elements() -> None:
    graph = graph_of("h[t,i,n] = h[t-1,i,n] + u[t,i]", "y[t,i] = sum(n, W[n] * h[t,i,n])")
    assert graph.producer == {"u": INPUT, "h": "h", "y": "y"}
    assert {tensor: graph.elements(tensor) for tensor in graph.indices} == {"u": 3, "h": 15, "y": 3, "W": 5}


def test_two_indices_of_one_size_may_name_one_axis() -> None:
    builder = GraphBuilder("example", {"i": 3, "j": 3}, "u[t,i]")
    builder.define("scores", "attention", "s[t,i,j] = u[t,i] * u[t,j]")
    assert builder.build("s").indices["u"] == ("i",)


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        pytest.param(
            ["y[t,i] = u[t,i]", "y[t,i] = 2 * u[t,i]"],
            "y: is the name of another operation: give each a name of its own: 'y[t,i] = 2 * u[t,i]'",
            id="tensor defined twice",
        ),
        pytest.param(
            ["u[t,i] = 2"],
            "u: defines 'u', which is there already: give the result another name: 'u[t,i] = 2'",
            id="defines the input",
        ),
        pytest.param(
            ["input[t,i] = 2"],
            "input: is the name of another operation: give each a name of its own: 'input[t,i] = 2'",
            id="name of input",
        ),
        pytest.param(
            ["y[t,q] = sum(s, W[q,s])"],
            "y: no size is given for q, s, only for i, n, k, c: 'y[t,q] = sum(s, W[q,s])'",
            id="unknown sizes",
        ),
        pytest.param(
            ["y[t,i] = u[i]"], "y: 'u' is no parameter, subscript it with t: 'y[t,i] = u[i]'", id="t forgotten"
        ),
        pytest.param(
            ["a[t,i] = u[t,i] + y[t,i]", "b[t,i] = 2 * a[t,i]", "y[t,i] = b[t,i]"],
            "a: reads 'y' of the same timestep, a loop (a -> b -> y -> a): read that of an earlier timestep, such as "
            "y[t-1,i]: 'a[t,i] = u[t,i] + y[t,i]'",
            id="loop of three",
        ),
        pytest.param(
            ["y[t,i] = a[t,i]"],
            "y: 'a' is never defined: define it, or leave the t out if it is a parameter: 'y[t,i] = a[t,i]'",
            id="not yet defined",
        ),
        pytest.param(
            ["y[t,i] = y[t,i] + u[t,i]"],
            "y: reads 'y' of the same timestep, a loop (y -> y): read that of an earlier timestep, such as "
            "y[t-1,i]: 'y[t,i] = y[t,i] + u[t,i]'",
            id="reads its own timestep",
        ),
        pytest.param(
            ["y[t,i] = sum(k, W[k] * y[t-k,i])"],
            "y: reads 'y' of the same timestep, a loop (y -> y): read that of an earlier timestep, such as "
            "y[t-1,i]: 'y[t,i] = sum(k, W[k] * y[t-k,i])'",
            id="window that begins with itself",
        ),
        pytest.param(
            ["y[t,i] = sum(k, W[k] * a[t-k,i])", "a[t,i] = u[t,i]"],
            "y: reads 'a' before a defines it: move it behind that, or read that of an earlier timestep, such as "
            "a[t-1,i]: 'y[t,i] = sum(k, W[k] * a[t-k,i])'",
            id="window that begins with what is defined later",
        ),
        pytest.param(
            ["y[t,n] = u[t,n]"], "y: reads 'u' with other sizes than it has: 'y[t,n] = u[t,n]'", id="another size"
        ),
        pytest.param(
            ["y[t,i] = W[i] * sum(n, W[n])"],
            "y: reads 'W' with other sizes than it has: 'y[t,i] = W[i] * sum(n, W[n])'",
            id="parameter of two sizes",
        ),
        pytest.param(
            ["y[t,n] = a[t-1,n]", "a[t,i] = u[t,i]"],
            "y: reads 'a' with other sizes than it has: 'y[t,n] = a[t-1,n]'",
            id="another size than it is later given",
        ),
        pytest.param(
            ["y[t,i] = u[t,1-i]"], "y: mirrors an index whose size is not 2: 'y[t,i] = u[t,1-i]'", id="mirrors three"
        ),
        pytest.param(["y[t,i] = u[t,3] + u[t,i]"], "y: reads outside of 'u': 'y[t,i] = u[t,3] + u[t,i]'", id="too far"),
        pytest.param(["y[t,i] = u[t,2*i]"], "y: reads outside of 'u': 'y[t,i] = u[t,2*i]'", id="twice as far"),
        pytest.param(
            ["y[t,i] = u[t,i] * W[0]"],
            "y: reads a part of 'W', whose size is not known: 'y[t,i] = u[t,i] * W[0]'",
            id="part of a parameter that is not read in full before",
        ),
        pytest.param(
            ["y[t,i] = where(i < q, u[t,i], 0)"],
            "leaves q neither summed nor in the result: 'y[t,i] = where(i < q, u[t,i], 0)'",
            id="condition on an index that is not there",
        ),
        pytest.param(
            ["y[t,i] = a[t-1,i]"],
            "y: 'a' is never defined: define it, or leave the t out if it is a parameter: 'y[t,i] = a[t-1,i]'",
            id="only the past is read",
        ),
        pytest.param(
            ["a[t,i] = W[i]", "y[t,i] = W[t,i]"],
            "y: 'W' is a parameter, which has no timestep: write W[i]: 'y[t,i] = W[t,i]'",
            id="parameter with t",
        ),
        pytest.param(["a[t,i] = u[t,i]"], "example: the output 'y' is never defined", id="no output"),
        pytest.param(["y[t,i] = u"], "cannot read 'u' in 'y[t,i] = u'", id="bad equation"),
    ],
)
def test_mistakes(equations: list[str], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        graph_of(*equations)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda b: b.define("a", "gate", "y[t,i] = 3"),
            "a: is the name of another operation: give each a name of its own: 'y[t,i] = 3'",
            id="name given twice",
        ),
        pytest.param(
            lambda b: b.constant("one", "c", (1.0,)),
            "the constant 'one' must have 2 values, not 1",
            id="too few values of a constant",
        ),
        pytest.param(
            lambda b: b.constant("one", "q", (1.0,)),
            "the constant 'one': no size is given for q",
            id="unknown index of a constant",
        ),
        pytest.param(
            lambda b: b.constant("x", "i", (1.0, 1.0, 1.0)),
            "the constant 'x' is defined or read before",
            id="constant of a used name",
        ),
        pytest.param(
            lambda b: GraphBuilder("example", SIZES, "u[i]"),
            "must define a tensor at timestep t, not 'u[i] = 0'",
            id="input without t",
        ),
    ],
)
def test_mistakes_beside_equations(build: Callable[[GraphBuilder], object], message: str) -> None:
    builder = GraphBuilder("example", SIZES, "u[t,i]")
    builder.define("a", "gate", "x[t,i] = 2 * u[t,i]")
    with pytest.raises(ValueError) as raised:
        build(builder)
    assert str(raised.value) == message


def test_a_past_token_is_read_before_it_is_defined_only_if_it_is_of_an_earlier_chunk() -> None:
    def build(text: str) -> TimestepGraph:
        builder = GraphBuilder("example", {"q": 4}, "u[t,q]", tokens="q")
        builder.define("y", "state", text)
        return builder.build("y")

    assert build("y[t,q] = y[t-4,q] + u[t,q]").recurrences == (frozenset({"y"}),)
    with pytest.raises(ValueError, match="y: reads 'y' of the same timestep, a loop"):
        build("y[t,q] = y[t-3,q] + u[t,q]")


def test_the_input_itself_is_no_output() -> None:
    b = GraphBuilder("idle", {"d": 2}, "u[t,d]")
    with pytest.raises(ValueError, match="idle: the output must be computed, not the input 'u' itself"):
        b.build("u")
