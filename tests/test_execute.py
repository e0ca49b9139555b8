"""Graphs compute what the papers define: executed in several orders and compared with recurrences written as loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from workloads.execute import MEANING, definition_order, execute, random_parameters
from workloads.expression import FUNCTIONS
from workloads.graph import INPUT, GraphBuilder, TimestepGraph
from workloads.mamba1 import Mamba1Dimensions, mamba1_block
from workloads.mamba2 import Mamba2Dimensions, mamba2_block
from workloads.mamba3 import Mamba3NaiveDimensions, mamba3_naive_block

Array = NDArray[np.float64]
TOLERANCE = 1e-10

# ------------------------------------------------------------------------- the papers' recurrences, token by token


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def softplus(x: Array) -> Array:
    return np.log(1.0 + np.exp(x))


def rms_norm(x: Array, weight: Array) -> Array:
    mean_square = float(np.mean(x**2))
    return x * weight / math.sqrt(mean_square + 1e-5)


def causal_convolution(past: list[Array], taps: Array, bias: Array) -> Array:
    """SiLU of a window: *past* ends with this timestep, *taps* begin with it."""
    total = bias.copy()
    for k, tap in enumerate(taps):
        if k < len(past):
            total = total + tap * past[-1 - k]
    return silu(total)


def mamba1_loop(W: dict[str, Array], inputs: Array) -> Array:  # arXiv 2312.00752, algorithm 2 and section 3.4
    channels, states = W["A"].shape
    h, window, outputs = np.zeros((channels, states)), [], []
    for u in inputs:
        v = rms_norm(u, W["W_v"])
        window.append(v @ W["W_in_x"])
        x = causal_convolution(window, W["W_conv"], W["b_conv"])
        dt = softplus(x @ W["W_low"] @ W["W_dt"] + W["b_dt"])
        B, C = x @ W["W_B"], x @ W["W_C"]
        y = np.zeros(channels)
        for i in range(channels):
            for n in range(states):
                h[i, n] = np.exp(dt[i] * W["A"][i, n]) * h[i, n] + dt[i] * B[n] * x[i]
            y[i] = C @ h[i] + W["D"][i] * x[i]
        outputs.append(u + (y * silu(v @ W["W_in_z"])) @ W["W_out"])
    return np.array(outputs)


def mamba2_loop(W: dict[str, Array], inputs: Array) -> Array:  # arXiv 2405.21060, equations of section 7
    d_model, groups, heads_per_group, P = W["W_in_x"].shape
    N, K = W["W_in_B"].shape[2], len(W["W_conv_x"])
    heads = groups * heads_per_group
    D = heads * P
    names = ("x", "B", "C")
    project = {name: W[f"W_in_{name}"].reshape(d_model, -1) for name in ("x", "B", "C", "z", "dt")}
    windows: dict[str, list[Array]] = {name: [] for name in names}
    S, outputs = np.zeros((heads, P, N)), []
    A, dt_bias, skip = (W[name].reshape(heads) for name in ("A", "b_dt", "D"))
    for u in inputs:
        v = rms_norm(u, W["W_v"])
        mixed = {}
        for name in names:
            windows[name].append(v @ project[name])
            taps, bias = W[f"W_conv_{name}"].reshape(K, -1), W[f"b_conv_{name}"].reshape(-1)
            mixed[name] = causal_convolution(windows[name], taps, bias)
        x, B, C = mixed["x"].reshape(heads, P), mixed["B"].reshape(groups, N), mixed["C"].reshape(groups, N)
        dt = softplus(v @ project["dt"] + dt_bias)
        y = np.zeros((heads, P))
        for head in range(heads):
            group = head // heads_per_group
            S[head] = np.exp(dt[head] * A[head]) * S[head] + np.outer(dt[head] * x[head], B[group])
            y[head] = S[head] @ C[group] + skip[head] * x[head]
        gated = (y.reshape(D) * silu(v @ project["z"])).reshape(groups, -1)
        weight = W["W_gn"].reshape(groups, -1)
        normed = np.concatenate([rms_norm(gated[group], weight[group]) for group in range(groups)])
        outputs.append(u + normed @ W["W_out"].reshape(D, d_model))
    return np.array(outputs)


def mamba3_naive_loop(W: dict[str, Array], inputs: Array) -> Array:  # arXiv 2603.15569, trapezoid and complex state
    _, heads, R, P = W["W_in_x"].shape
    N = 2 * W["W_in_theta"].shape[2]
    S, phi, outputs = np.zeros((heads, P, N)), np.zeros((heads, N // 2)), []
    x_past, B_past = np.zeros((heads, R, P)), np.zeros((heads, R, N))
    for u in inputs:
        v = rms_norm(u, W["W_v"])
        x, z, theta, dt_raw, trap = (
            np.tensordot(v, W[f"W_in_{name}"], 1) for name in ("x", "z", "theta", "dt", "trap")
        )
        dt, share = softplus(dt_raw + W["b_dt"]), sigmoid(trap)
        rotated = {}
        phi = phi + math.pi * np.tanh(theta) * dt[:, None]
        for name in ("B", "C"):
            raw = np.tensordot(v, W[f"W_in_{name}"], 1).reshape(R, N)
            rotated[name] = np.zeros((heads, R, N))
            for head in range(heads):
                for r in range(R):
                    row = rms_norm(raw[r], W[f"W_{name}_n"].reshape(N)) + W[f"bias_{name}"][head, r].reshape(N)
                    turned = (row[: N // 2] + 1j * row[N // 2 :]) * np.exp(1j * phi[head])
                    rotated[name][head, r] = np.concatenate([turned.real, turned.imag])
        B, C = rotated["B"], rotated["C"]
        o = np.zeros_like(u)
        for head in range(heads):
            alpha = np.exp(W["A"][head] * dt[head])
            beta, gamma = (1.0 - share[head]) * dt[head] * alpha, share[head] * dt[head]
            S[head] *= alpha
            for r in range(R):
                S[head] += beta * np.outer(x_past[head, r], B_past[head, r]) + gamma * np.outer(x[head, r], B[head, r])
            for r in range(R):
                y = (S[head] @ C[head, r] + W["D"][head] * x[head, r]) * silu(z[head, r])
                o += y @ W["W_out"][head, r]
        x_past, B_past = x, B
        outputs.append(u + o)
    return np.array(outputs)


Loop = Callable[[dict[str, Array], Array], Array]
MODELS = [
    pytest.param(mamba1_block(Mamba1Dimensions(d_model=5, d_state=3)), mamba1_loop, id="mamba1"),
    pytest.param(
        mamba1_block(Mamba1Dimensions(d_model=7, d_state=1, expand=3, d_conv=2, dt_rank=3)),
        mamba1_loop,
        id="mamba1, one state, two taps, rank 3",
    ),
    pytest.param(mamba1_block(Mamba1Dimensions(d_model=3, d_state=4, d_conv=1)), mamba1_loop, id="mamba1, no window"),
    pytest.param(mamba2_block(Mamba2Dimensions(d_model=6, d_state=5, head_dim=4)), mamba2_loop, id="mamba2, one group"),
    pytest.param(
        mamba2_block(Mamba2Dimensions(d_model=9, d_state=5, head_dim=3, n_groups=3)), mamba2_loop, id="mamba2, 3 groups"
    ),
    pytest.param(
        mamba2_block(Mamba2Dimensions(d_model=5, d_state=2, head_dim=1, n_groups=2, d_conv=3)),
        mamba2_loop,
        id="mamba2, 2 groups, one channel a head",
    ),
    pytest.param(
        mamba3_naive_block(Mamba3NaiveDimensions(d_model=6, d_state=6, head_dim=4, mimo_rank=1)),
        mamba3_naive_loop,
        id="mamba3, rank 1",
    ),
    pytest.param(
        mamba3_naive_block(Mamba3NaiveDimensions(d_model=5, d_state=2, head_dim=5, mimo_rank=2)),
        mamba3_naive_loop,
        id="mamba3, rank 2",
    ),
    pytest.param(
        mamba3_naive_block(Mamba3NaiveDimensions(d_model=7, d_state=10, head_dim=2, mimo_rank=4)),
        mamba3_naive_loop,
        id="mamba3, rank 4",
    ),
]
STEPS = 11


def draw(graph: TimestepGraph, seed: int) -> tuple[dict[str, Array], Array]:
    """Parameters, and inputs of STEPS timesteps."""
    inputs = np.random.default_rng(seed).standard_normal((STEPS, graph.sizes["d"]))
    return random_parameters(graph, seed), inputs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("graph", "loop"), MODELS)
def test_a_block_computes_the_recurrence_of_its_paper(graph: TimestepGraph, loop: Loop, seed: int) -> None:
    parameters, inputs = draw(graph, seed)
    outputs = execute(graph, parameters, inputs)[graph.output_tensor]
    np.testing.assert_allclose(outputs, loop(parameters, inputs), rtol=TOLERANCE, atol=TOLERANCE)


# ----------------------------------------------------------------------------------------------------------- orders


def batched_order(graph: TimestepGraph) -> Iterator[tuple[str, int]]:
    """Each operation over all timesteps at once, as far as recurrences allow: these run step by step."""
    components = nx.condensation(nx.DiGraph(graph.graph))
    for component in nx.topological_sort(components):
        members = components.nodes[component]["members"]
        names = [op.name for op in graph.operations if op.name in members]
        yield from ((name, step) for step in range(STEPS) for name in names)


def shuffled_order(graph: TimestepGraph) -> Iterator[tuple[str, int]]:
    """Any order that respects the dependencies, timesteps mixed."""
    unrolled: nx.DiGraph[tuple[str, int]] = nx.DiGraph()
    unrolled.add_nodes_from(definition_order(graph, STEPS))
    for source, reader, edge in graph.graph.edges(data=True):
        steps = range(edge["distance"], STEPS) if source != INPUT else ()
        unrolled.add_edges_from(((source, step - edge["distance"]), (reader, step)) for step in steps)
    place = np.random.default_rng(7).permutation(len(unrolled))
    return nx.lexicographical_topological_sort(unrolled, key=dict(zip(unrolled, place, strict=True)).__getitem__)


ORDERS = [pytest.param(batched_order, id="batched"), pytest.param(shuffled_order, id="shuffled")]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("graph", "loop"), MODELS)
def test_every_legal_order_gives_the_same(
    graph: TimestepGraph, loop: Loop, order: Callable[[TimestepGraph], Iterator[tuple[str, int]]]
) -> None:
    parameters, inputs = draw(graph, seed=0)
    expected = execute(graph, parameters, inputs)
    found = execute(graph, parameters, inputs, order(graph))
    for tensor, values in expected.items():
        np.testing.assert_array_equal(found[tensor], values, err_msg=tensor)


def test_the_batched_order_runs_projections_of_all_timesteps_first() -> None:
    graph = mamba1_block(Mamba1Dimensions(d_model=3, d_state=2))
    order = list(batched_order(graph))
    first_update = order.index(("update", 0))
    for name in ("in_proj.x", "in_proj.z", "x_proj.dt", "x_proj.B", "x_proj.C", "dt_proj"):
        last = order.index((name, STEPS - 1))
        assert order[last - STEPS + 1 : last + 1] == [(name, step) for step in range(STEPS)]
        if name != "in_proj.z":  # which only the gate needs
            assert last < first_update


# --------------------------------------------------------------------------------------------------------- equations


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        pytest.param("add", (2.0, 3.0), 5.0, id="add"),
        pytest.param("sub", (2.0, 3.0), -1.0, id="sub"),
        pytest.param("mul", (2.0, 3.0), 6.0, id="mul"),
        pytest.param("div", (2.0, 4.0), 0.5, id="div"),
        pytest.param("max", (2.0, 3.0), 3.0, id="max"),
        pytest.param("min", (2.0, 3.0), 2.0, id="min"),
        pytest.param("exp", (1.5,), math.exp(1.5), id="exp"),
        pytest.param("tanh", (1.5,), math.tanh(1.5), id="tanh"),
        pytest.param("sin", (1.5,), math.sin(1.5), id="sin"),
        pytest.param("cos", (1.5,), math.cos(1.5), id="cos"),
        pytest.param("rsqrt", (16.0,), 0.25, id="rsqrt"),
        pytest.param("sigmoid", (-1.5,), 1 / (1 + math.exp(1.5)), id="sigmoid"),
        pytest.param("sigmoid", (-1e4,), 0.0, id="sigmoid far below"),
        pytest.param("silu", (-1.5,), -1.5 / (1 + math.exp(1.5)), id="silu"),
        pytest.param("silu", (1e4,), 1e4, id="silu far above"),
        pytest.param("softplus", (1.5,), math.log(1 + math.exp(1.5)), id="softplus"),
        pytest.param("softplus", (1e4,), 1e4, id="softplus far above"),
    ],
)
def test_functions(function: str, arguments: tuple[float, ...], expected: float) -> None:
    assert float(MEANING[function](*map(np.asarray, arguments))) == pytest.approx(expected, rel=1e-14)


def test_every_function_and_operator_has_a_meaning() -> None:
    assert set(MEANING) == {*FUNCTIONS, "add", "sub", "mul", "div"}


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
    ],
)
def test_equations(text: str, expected: Array) -> None:
    builder = GraphBuilder("example", {"c": 2, "i": 2, "k": 3}, "u[t,c,i]")
    builder.constant("sign", "c", (-1.0, 1.0))
    builder.define("y", "state", text)
    window = np.array([[1.0, 1.0], [0.5, 2.0], [3.0, 3.0]])
    result = execute(builder.build("y"), {"V": V, "M": M, "W": window}, U)["y"]
    np.testing.assert_allclose(result, expected, rtol=1e-14)


# ------------------------------------------------------------------------------------------- parameters and mistakes


def test_drawn_parameters_have_the_graphs_shapes_and_repeat_with_the_seed() -> None:
    graph = mamba2_block(Mamba2Dimensions(d_model=6, d_state=5, head_dim=3, n_groups=2))
    drawn, again, other = random_parameters(graph, 1), random_parameters(graph, 1), random_parameters(graph, 2)
    assert {name: values.shape for name, values in drawn.items()} == {
        name: tuple(graph.sizes[index] for index in indices) for name, indices in graph.parameters.items()
    }
    assert all(np.array_equal(drawn[name], again[name]) for name in drawn)
    assert not any(np.array_equal(drawn[name], other[name]) for name in drawn)


@pytest.mark.parametrize(("graph", "loop"), MODELS)
def test_drawn_decays_forget(graph: TimestepGraph, loop: Loop) -> None:
    parameters, inputs = draw(graph, seed=3)
    decay = execute(graph, parameters, inputs)[graph.operation("decay").tensor]
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
        pytest.param(GOOD, np.ones((2, 4)), "the inputs 'u' must be (steps, 3), not (2, 4)", id="shape of the inputs"),
        pytest.param(GOOD, np.ones(()), "the inputs 'u' must be (steps, 3), not ()", id="one number as inputs"),
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
    assert execute(accumulator(), GOOD, np.ones((0, 3)))["y"].shape == (0, 3)
