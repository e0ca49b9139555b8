"""Executing a graph: the meaning of its equations, legal orders in whole and in parts, states, padding, mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from workloads.builder import GraphBuilder
from workloads.execute import IndexRange, Turn, definition_order, execute, random_parameters
from workloads.graph import INPUT, TimestepGraph
from workloads.models.mamba1 import Mamba1Dimensions, mamba1_blelloch, mamba1_sequential
from workloads.models.mamba2 import Mamba2Dimensions, mamba2_chunked, mamba2_sequential
from workloads.models.mamba3 import Mamba3Dimensions, mamba3_chunked, mamba3_sequential

Array = NDArray[np.float64]
TOKENS = 12
MODELS = [
    pytest.param(mamba1_sequential(Mamba1Dimensions(d_model=5, d_state=3)), id="mamba1"),
    pytest.param(mamba1_blelloch(Mamba1Dimensions(d_model=5, d_state=3), 4), id="mamba1, blelloch"),
    pytest.param(mamba2_sequential(Mamba2Dimensions(d_model=6, d_state=5, head_dim=2, n_groups=2)), id="mamba2"),
    pytest.param(mamba2_chunked(Mamba2Dimensions(d_model=6, d_state=5, head_dim=2), 3), id="mamba2, chunked"),
    pytest.param(mamba3_sequential(Mamba3Dimensions(d_model=6, d_state=8, head_dim=3)), id="mamba3"),
    pytest.param(
        mamba3_chunked(Mamba3Dimensions(d_model=6, d_state=8, head_dim=3, mimo=True, mimo_rank=2), 4),
        id="mamba3, mimo, chunked",
    ),
]


def draw(graph: TimestepGraph, seed: int) -> tuple[dict[str, Array], Array]:
    """Parameters, and inputs of TOKENS tokens."""
    inputs = np.random.default_rng(seed).standard_normal((TOKENS, graph.sizes["d"]))
    return random_parameters(graph, seed), inputs


def timesteps(graph: TimestepGraph) -> int:
    return TOKENS // graph.tokens


# ----------------------------------------------------------------------------------------------------------- orders


def batched_order(graph: TimestepGraph) -> Iterator[Turn]:
    """Each operation over all timesteps at once, as far as recurrences allow: these run step by step."""
    components = nx.condensation(nx.DiGraph(graph.graph))
    for component in nx.topological_sort(components):
        members = components.nodes[component]["members"]
        names = [op.name for op in graph.operations if op.name in members]
        yield from (Turn(name, step) for step in range(timesteps(graph)) for name in names)


def shuffled_order(graph: TimestepGraph) -> Iterator[Turn]:
    """Any order that respects the dependencies, timesteps mixed."""
    unrolled: nx.DiGraph[Turn] = nx.DiGraph()
    unrolled.add_nodes_from(definition_order(graph, timesteps(graph)))
    for source, reader, edge in graph.graph.edges(data=True):
        steps = range(edge["distance"], timesteps(graph)) if source != INPUT else ()
        unrolled.add_edges_from((Turn(source, step - edge["distance"]), Turn(reader, step)) for step in steps)
    place = np.random.default_rng(7).permutation(len(unrolled))
    return nx.lexicographical_topological_sort(unrolled, key=dict(zip(unrolled, place, strict=True)).__getitem__)


def in_two_parts(graph: TimestepGraph) -> Iterator[Turn]:
    """In the order of definition, but everything of channels (or heads) in two uneven parts."""
    index = "i" if "i" in graph.sizes else "h"
    cut = graph.sizes[index] // 3
    parts = (IndexRange(index, 0, cut - 1), IndexRange(index, cut, graph.sizes[index] - 1))
    for name, step, _ in definition_order(graph, timesteps(graph)):
        cuttable = index in graph.operation(name).equation.indices
        yield from (Turn(name, step, part) for part in parts) if cuttable else (Turn(name, step),)


ORDERS = [
    pytest.param(batched_order, id="batched"),
    pytest.param(shuffled_order, id="shuffled"),
    pytest.param(in_two_parts, id="in two parts"),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("graph", MODELS)
def test_every_legal_order_gives_the_same(
    graph: TimestepGraph, order: Callable[[TimestepGraph], Iterator[Turn]]
) -> None:
    parameters, inputs = draw(graph, seed=0)
    expected = execute(graph, parameters, inputs).values
    found = execute(graph, parameters, inputs, order(graph)).values
    for tensor, values in expected.items():
        np.testing.assert_allclose(found[tensor], values, rtol=1e-13, atol=1e-13, err_msg=tensor)


def test_the_batched_order_runs_projections_of_all_timesteps_first() -> None:
    graph = mamba1_sequential(Mamba1Dimensions(d_model=3, d_state=2))
    order = list(batched_order(graph))
    first_update = order.index(Turn("update", 0))
    for name in ("in_proj.x", "in_proj.z", "x_proj.dt", "x_proj.B", "x_proj.C", "dt_proj"):
        last = order.index(Turn(name, TOKENS - 1))
        assert order[last - TOKENS + 1 : last + 1] == [Turn(name, step) for step in range(TOKENS)]
        if name != "in_proj.z":  # which only the gate needs
            assert last < first_update


# --------------------------------------------------------------------------------------------------------- equations


U = np.arange(1.0, 13.0).reshape(3, 2, 2)  # [steps, c, i]
V = np.array([10.0, 20.0])
M = np.array([[1.0, 2.0], [3.0, 4.0]])


def delayed(values: Array, lag: int) -> Array:
    """*values* [steps, ...] of *lag* timesteps back, zero before the first."""
    return np.concatenate([np.zeros_like(values[:lag]), values[: len(values) - lag]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("y[t,c] = 7", np.full((3, 2), 7.0), id="number, broadcast"),
        pytest.param("y[t,i,c] = u[t,c,i]", U.transpose(0, 2, 1), id="transposed"),
        pytest.param("y[t,i,c] = u[t,c,i] + V[i]", U.transpose(0, 2, 1) + V[:, None], id="broadcast by name"),
        pytest.param("y[t,c,i] = u[t,c,i] - u[t-2,c,i]", U - delayed(U, 2), id="lag"),
        pytest.param("y[t,c,i] = u[t,1-c,i]", U[:, ::-1], id="mirrored"),
        pytest.param("y[t,c,i] = u[t,1-c,1-i]", U[:, ::-1, ::-1], id="mirrored twice"),
        pytest.param("y[t,c,i] = u[t-1,1-c,i]", delayed(U, 1)[:, ::-1], id="mirrored past"),
        pytest.param("y[t,c,i] = u[t,i,c]", U.transpose(0, 2, 1), id="read with its indices exchanged"),
        pytest.param("y[t,c] = M[c,c] + 1", np.tile(np.diag(M) + 1, (3, 1)), id="diagonal"),
        pytest.param("y[t,c] = sum(i, u[t,c,i])", U.sum(axis=2), id="sum"),
        pytest.param("y[t] = sum(c, i, u[t,c,i] * u[t,c,i])", (U**2).sum(axis=(1, 2)), id="sum of squares"),
        pytest.param("y[t,c] = sum(i, u[t,c,i] * (V[i] + 1))", U @ (V + 1), id="sum over a product with an expression"),
        pytest.param("y[t,c] = 2 * sum(i, 3 * u[t,c,i])", 6 * U.sum(axis=2), id="numbers in and before a sum"),
        pytest.param(
            "y[t,c,i] = sum(k, W[k,i] * u[t-k,c,i])",
            1 * U + np.array([0.5, 2.0]) * delayed(U, 1) + 3 * delayed(U, 2),
            id="window",
        ),
        pytest.param("y[t,k] = sum(c, i, u[t-k,c,i])", np.array([[10, 0, 0], [26, 10, 0], [42, 26, 10]]), id="taps"),
        pytest.param("y[t,c,i] = max(u[t,c,i] / V[i], 0.4)", np.maximum(U / V, 0.4), id="function of two arguments"),
        pytest.param("y[t,c,i] = y[t-1,c,i] + u[t,c,i]", np.cumsum(U, axis=0), id="recurrence"),
        pytest.param("y[t,c,i] = sign[c] * u[t,c,i]", U * np.array([-1.0, 1.0])[:, None], id="constant"),
        pytest.param("y[t,c] = u[t,c,1] - u[t,0,c]", U[:, :, 1] - U[:, 0], id="one place of an axis"),
        pytest.param("y[t,c,i] = u[t,c,i-1] + 1", np.dstack([np.zeros((3, 2, 1)), U[:, :, :1]]) + 1, id="shift"),
        pytest.param("y[t,c,i] = u[t,c,i+1] * 2", np.dstack([U[:, :, 1:], np.zeros((3, 2, 1))]) * 2, id="shift back"),
        pytest.param("y[t,k] = sum(c, u[t,c,k+0])", np.pad(U.sum(axis=1), ((0, 0), (0, 1))), id="longer index: zeros"),
        pytest.param("y[t,o] = u[t,o+0,o+0]", U[:, :1, 0], id="shorter index: a part"),
        pytest.param("y[t,o,i] = u[t,2*o+1,i]", U[:, 1:], id="every other place"),
        pytest.param("y[t,k] = u[t,1,k//2]", U[:, 1, [0, 0, 1]], id="each twice"),
        pytest.param("y[t,c,i] = cumsum(i, u[t,c,i])", np.cumsum(U, axis=2), id="cumulative sum"),
        pytest.param("y[t,c,i] = where(i < 1, u[t,c,i], 0)", U * np.array([1.0, 0.0]), id="where, a number"),
        pytest.param("y[t,k] = where(k % 2 == 0, 1, 0 - 1)", np.tile([1.0, -1, 1], (3, 1)), id="where, every other"),
        pytest.param("y[t,c,i] = where(c <= i, u[t,c,i], 0)", U * np.triu(np.ones((2, 2))), id="where, two indices"),
        pytest.param(
            "y[t,c,i] = where(c < i, exp(1000 * u[t,c,i]) * 0, 5)",
            np.where(np.triu(np.ones((2, 2)), 1) > 0, np.nan, 5.0) * np.ones((3, 1, 1)),
            id="what is not chosen does not count",
        ),
    ],
)
def test_equations(text: str, expected: Array) -> None:
    builder = GraphBuilder("example", {"c": 2, "i": 2, "k": 3, "o": 1}, "u[t,c,i]")
    builder.constant("sign", "c", (-1.0, 1.0))
    builder.define("y", "state", text)
    window = np.array([[1.0, 1.0], [0.5, 2.0], [3.0, 3.0]])
    result = execute(builder.build("y"), {"V": V, "M": M, "W": window}, U).values["y"]
    np.testing.assert_allclose(result, expected, rtol=1e-14)


# ------------------------------------------------------------------------------------------------ tokens and states


def chunked(text: str, chunk: int = 4, masked: bool = False) -> TimestepGraph:
    """y by the equation *text*, in chunks of u[t,q]."""
    builder = GraphBuilder("example", {"q": chunk, "s": chunk, "k": 3}, "u[t,q]", tokens="q")
    builder.define("y", "state", text, masked=masked)
    return builder.build("y")


X = np.arange(1.0, 11.0)  # ten tokens: two chunks of four, and one that is half padding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("y[t,q] = u[t-1,q]", delayed(X, 1), id="the token before, across chunks"),
        pytest.param("y[t,q] = u[t-6,q]", delayed(X, 6), id="more tokens back than a chunk has"),
        pytest.param("y[t,q] = sum(k, u[t-k,q])", X + delayed(X, 1) + delayed(X, 2), id="window"),
        pytest.param("y[t,q] = u[t,q-1]", [0, 1, 2, 3, 0, 5, 6, 7, 0, 9], id="a shift stays in its chunk"),
        pytest.param("y[t,q] = u[t,q+1]", [2, 3, 4, 0, 6, 7, 8, 0, 10, 0], id="nothing is known of the next chunk"),
        pytest.param(
            "y[t,q] = u[t-1,0] + 0 * u[t,q]", [0, 0, 0, 0, 4, 4, 4, 4, 8, 8], id="last token of the chunk before"
        ),
        pytest.param("y[t,q] = sum(s, where(s <= q, u[t,s], 0))", [1, 3, 6, 10, 5, 11, 18, 26, 9, 19], id="causal sum"),
        pytest.param("y[t,q] = y[t-1,0] + cumsum(q, u[t,q])", np.cumsum(X), id="running sum over all chunks"),
        pytest.param("y[t] = y[t-1] + sum(q, u[t,q])", [10, 36, 55], id="one value a chunk"),
        pytest.param("y[t] = y[t-1] + u[t,3]", [4, 12, 12], id="padding is zero"),
    ],
)
def test_chunks_of_tokens(text: str, expected: Array) -> None:
    np.testing.assert_array_equal(execute(chunked(text), {}, X).values["y"], expected)


@pytest.mark.parametrize(
    ("text", "carried", "lookback"),
    [
        pytest.param("y[t,q] = u[t-1,q]", {"u": 1}, {"u": 1}, id="one token"),
        pytest.param("y[t,q] = u[t-6,q]", {"u": 6}, {"u": 2}, id="six tokens lie in two chunks"),
        pytest.param("y[t,q] = sum(k, u[t-k,q])", {"u": 2}, {"u": 1}, id="window"),
        pytest.param("y[t,q] = u[t,q-1]", {}, {}, id="a shift"),
        pytest.param("y[t] = y[t-2] + sum(q, u[t,q])", {"y": 2}, {"y": 2}, id="without the token axis: timesteps"),
    ],
)
def test_what_a_chunk_hands_on(text: str, carried: dict[str, int], lookback: dict[str, int]) -> None:
    graph = chunked(text)
    assert (graph.carried, graph.lookback) == (carried, lookback)


@pytest.mark.parametrize("cut", range(11))
def test_a_run_goes_on_from_the_state_of_another(cut: int) -> None:
    graph = chunked("y[t,q] = y[t-1,0] + cumsum(q, u[t,q] + u[t-6,q])")
    whole = execute(graph, {}, X)
    first = execute(graph, {}, X[:cut])
    rest = execute(graph, {}, X[cut:], state=first.state)
    np.testing.assert_array_equal(np.concatenate([first.values["y"], rest.values["y"]]), whole.values["y"])
    for tensor, rows in whole.state.items():
        np.testing.assert_array_equal(rest.state[tensor], rows)


@pytest.mark.parametrize(
    ("masked", "last"), [pytest.param(True, 10 + 9, id="masked"), pytest.param(False, 12 + 9, id="not masked")]
)
def test_a_masked_operation_is_zero_at_padding(masked: bool, last: float) -> None:
    builder = GraphBuilder("example", {"q": 4}, "u[t,q]", tokens="q")
    builder.define("one", "state", "a[t,q] = 1 + 0 * u[t,q]", masked=masked)
    builder.define("sum", "state", "y[t] = y[t-1] + sum(q, a[t,q])")
    assert execute(builder.build("y"), {}, X).state["y"][0] + 9 == last


# ------------------------------------------------------------------------------------------- parameters and mistakes


def test_drawn_parameters_have_the_graphs_shapes_and_repeat_with_the_seed() -> None:
    graph = mamba2_sequential(Mamba2Dimensions(d_model=6, d_state=5, head_dim=3, n_groups=2))
    drawn, again, other = random_parameters(graph, 1), random_parameters(graph, 1), random_parameters(graph, 2)
    assert {name: values.shape for name, values in drawn.items()} == {
        name: tuple(graph.sizes[index] for index in indices) for name, indices in graph.parameters.items()
    }
    assert all(np.array_equal(drawn[name], again[name]) for name in drawn)
    assert not any(np.array_equal(drawn[name], other[name]) for name in drawn)


@pytest.mark.parametrize("graph", MODELS)
def test_drawn_decays_forget(graph: TimestepGraph) -> None:
    parameters, inputs = draw(graph, seed=3)
    decay = execute(graph, parameters, inputs).values[graph.operation("decay").tensor]
    assert decay.min() > 0 and decay.max() < 1


def accumulator() -> TimestepGraph:
    """y = the sum so far of 2 w u, in two operations."""
    builder = GraphBuilder("example", {"d": 3}, "u[t,d]")
    builder.define("scale", "gate", "a[t,d] = 2 * w[d] * u[t,d]")
    builder.define("add", "state", "y[t,d] = y[t-1,d] + a[t,d]")
    return builder.build("y")


GOOD = {"w": np.ones(3)}


@pytest.mark.parametrize(
    ("parameters", "inputs", "message"),
    [
        pytest.param({}, np.ones((2, 3)), "the parameter 'w' is missing", id="missing parameter"),
        pytest.param({"w": np.ones((3, 1))}, np.ones((2, 3)), "w[d] must be (3,), not (3, 1)", id="its shape"),
        pytest.param(GOOD, np.ones((2, 4)), "the inputs 'u' must be (tokens, 3), not (2, 4)", id="shape of the inputs"),
        pytest.param(GOOD, np.ones(()), "the inputs 'u' must be (tokens, 3), not ()", id="one number as inputs"),
    ],
)
def test_misshapen_arrays(parameters: dict[str, Array], inputs: Array, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        execute(accumulator(), parameters, inputs)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("order", "message"),
    [
        pytest.param(
            [("add", 0)],
            "'add' at timestep 0 reads 'a' of timestep 0, which is not computed yet",
            id="before what it reads",
        ),
        pytest.param(
            [("scale", 0), ("scale", 1), ("add", 1)],
            "'add' at timestep 1 reads 'y' of timestep 0, which is not computed yet",
            id="before the previous timestep",
        ),
        pytest.param([("mul", 0)], "there is no operation 'mul' at timestep 0 of 2", id="unknown operation"),
        pytest.param([("scale", 2)], "there is no operation 'scale' at timestep 2 of 2", id="after the last timestep"),
        pytest.param([("scale", -1)], "there is no operation 'scale' at timestep -1 of 2", id="before the first"),
        pytest.param([("scale", 0), ("scale", 0)], "the order has 'scale' at timestep 0 twice", id="twice"),
        pytest.param(
            [("scale", 0), ("scale", 1), ("add", 0)], "the order leaves out 'add' at timestep 1", id="incomplete"
        ),
    ],
)
def test_illegal_orders(order: list[tuple[str, int]], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        execute(accumulator(), GOOD, np.ones((2, 3)), order)
    assert str(raised.value) == message


def test_no_timesteps_give_empty_tensors() -> None:
    assert execute(accumulator(), GOOD, np.ones((0, 3))).values["y"].shape == (0, 3)
