"""Pieces of models on numbers: RMSNorm, the end of a block, the head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from workloads.builder import GraphBuilder
from workloads.execute import execute, random_parameters
from workloads.models.blocks import finish_block, head
from workloads.models.pieces.norms import RMS_EPSILON, rms_norm, subscripts

Array = NDArray[np.float64]
U = np.random.default_rng(0).standard_normal((5, 3, 4))  # tokens, i, j
SIZES = {"i": 3, "j": 4, "f": 6}
WEIGHTS = {"W_v": np.array([1.0, -2.0, 0.5, 3.0])}


def normed(values: Array, axes: int | tuple[int, ...]) -> Array:
    """*values* over the root of the mean of their squares along *axes*."""
    scale: Array = 1 / np.sqrt((values**2).mean(axis=axes, keepdims=True) + RMS_EPSILON)
    return values * scale


@pytest.mark.parametrize(
    ("over", "kept", "weight", "expected"),
    [
        pytest.param("j", "i", "j", normed(U, 2) * WEIGHTS["W_v"], id="each row, a weight for each column"),
        pytest.param("j", "i", None, normed(U, 2), id="without weights"),
        pytest.param("ij", "", "j", normed(U, (1, 2)) * WEIGHTS["W_v"], id="all of a token, a weight for each column"),
        pytest.param("ij", "", None, normed(U, (1, 2)), id="all of a token"),
    ],
)
def test_rms_norm(over: str, kept: str, weight: Sequence[str] | None, expected: Array) -> None:
    b = GraphBuilder("norm", SIZES, "u[t,i,j]")
    rms_norm(b, SIZES, "norm", "u", "v", over=list(over), kept=list(kept), weight=weight)
    graph = b.build("v")
    assert [operation.name for operation in graph.operations] == ["norm.square", "norm.scale", "norm.apply"]
    parameters = WEIGHTS if weight else {}
    np.testing.assert_allclose(execute(graph, parameters, U).values["v"], expected, rtol=1e-13)


def test_a_norm_has_a_weight_for_all_that_it_is_over_unless_told() -> None:
    b = GraphBuilder("norm", SIZES, "u[t,i,j]")
    rms_norm(b, SIZES, "norm", "u", "v", over=["i", "j"])
    assert b.build("v").parameters == {"W_v": ("i", "j")}


def test_tokens_of_a_chunk_are_normed_each_by_itself() -> None:
    """Five tokens in chunks of four, the second of which is padded."""
    sizes = {"d": 4, "q": 4}
    assert (subscripts(None), subscripts(4)) == ("t", "t,q")
    b = GraphBuilder("norm", sizes, "u[t,q,d]", tokens="q")
    rms_norm(b, sizes, "norm", "u", "v", over=["d"], weight=None, at=subscripts(4))
    found = execute(b.build("v"), {}, U[:, 0]).values["v"]
    np.testing.assert_allclose(found, normed(U[:, 0], 1), rtol=1e-13)


def silu(values: Array) -> Array:
    gate: Array = 1 / (1 + np.exp(-values))
    return values * gate


@pytest.mark.parametrize(("mlp", "parameters"), [(0, 0), (6, 3 * 4 * 6 + 4)])
def test_the_end_of_a_block(mlp: int, parameters: int) -> None:
    """A mixer that doubles its input: its residual, then that of the MLP."""
    sizes = {"d": 4} | ({"f": mlp} if mlp else {})
    b = GraphBuilder("block", sizes, "u[t,d]")
    b.define("mixer", "state", "o[t,d] = 2 * u[t,d]")
    graph = finish_block(b, sizes)
    assert graph.parameter_count == parameters
    drawn, inputs = random_parameters(graph, 1), U[:, 0]
    expected = inputs + 2 * inputs
    if mlp:
        v = normed(expected, 1) * drawn["W_mlp_v"]
        expected = expected + (silu(v @ drawn["W_gate"]) * (v @ drawn["W_up"])) @ drawn["W_down"]
    np.testing.assert_allclose(execute(graph, drawn, inputs).values[graph.output_tensor], expected, rtol=1e-12)


def test_the_head() -> None:
    graph = head(4, 7)
    assert graph.parameter_count == 4 + 4 * 7
    drawn, inputs = random_parameters(graph, 1), U[:, 0]
    expected = (normed(inputs, 1) * drawn["W_last"]) @ drawn["W_head"]
    np.testing.assert_allclose(execute(graph, drawn, inputs).values["logits"], expected, rtol=1e-12)
