"""Pieces of layers on numbers: LayerNorm, rotary embedding, MLPs, the gated short convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.layers_models import angles, convolved, drawn, gelu, layer_norm, rotated, silu
from workloads.builder import GraphBuilder
from workloads.execute import execute
from workloads.models.pieces.mlp import MlpSpec, mlp
from workloads.models.pieces.norms import TOKENS, norm
from workloads.models.pieces.norms import layer_norm as define_layer_norm
from workloads.models.pieces.rotary import rotate, tables
from workloads.models.pieces.short_conv import ShortConvSpec, short_conv

U = np.random.default_rng(0).standard_normal((7, 6))
SIZES = {"d": 6, "f": 5}


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_layer_norm() -> None:
    b = GraphBuilder("norm", SIZES, "u[t,d]")
    define_layer_norm(b, SIZES, "norm", "u", "v", over="d")
    graph = b.build("v")
    assert [op.name for op in graph.operations] == [
        f"norm.{step}" for step in ["mean", "centre", "square", "scale", "apply"]
    ]
    W = drawn(graph)
    close(execute(graph, W, U).values["v"], layer_norm(U, W["W_v"], W["b_v"]))


@pytest.mark.parametrize(("kind", "parameters"), [("rms", 6), ("layer", 12)])
def test_norms_by_name(kind: Any, parameters: int) -> None:
    b = GraphBuilder("norm", SIZES, "u[t,d]")
    norm(b, SIZES, kind, "norm", "u", "v", at="t")
    assert b.build("v").parameter_count == parameters


@pytest.mark.parametrize("chunk", [None, 4])
@pytest.mark.parametrize(("width", "pairs"), [(8, 4), (8, 2), (8, 1), (2, 1)])
def test_rotary_embedding(width: int, pairs: int, chunk: int | None) -> None:
    at = "t" if chunk is None else "t,q"
    sizes = {"h": 3, "e": width, "a": pairs} | ({TOKENS: chunk} if chunk else {})
    b = GraphBuilder("rotary", sizes, f"x[{at},h,e]", TOKENS if chunk else None)
    tables(b, at)
    rotate(b, "rotate", "x", "y", "h", width, pairs, at=at)
    graph = b.build("y")
    x = np.random.default_rng(1).standard_normal((7, 3, width))
    cos, sin = angles(7, pairs)
    close(execute(graph, {}, {"x": x, "cos": cos, "sin": sin}).values["y"], rotated(x, cos, sin))
    assert graph.counts.ops == 6 * pairs * 3 * (chunk or 1)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", ["swiglu", "geglu", "gelu", "relu2"])
def test_mlps(activation: Any, bias: bool) -> None:
    spec = MlpSpec(width=5, activation=activation, bias=bias, gate_multiplier=0.7)
    b = GraphBuilder("mlp", SIZES, "u[t,d]")
    graph = b.build(mlp(b, spec, "u", at="t"))
    W = drawn(graph)
    biases = {part: W[f"b_mlp_{part}"] if bias else 0.0 for part in "guo" if part != "g" or spec.gated}
    up = U @ W["W_up"] + biases["u"]
    if spec.gated:
        gate = 0.7 * (U @ W["W_gate"] + biases["g"])
        inside = (silu if activation == "swiglu" else gelu)(gate) * up
    else:
        inside = gelu(0.7 * up) if activation == "gelu" else np.maximum(0.7 * up, 0) ** 2
    close(execute(graph, W, U).values[graph.output_tensor], inside @ W["W_down"] + biases["o"])
    assert graph.parameter_count == (3 if spec.gated else 2) * 30 + bias * (6 + (2 if spec.gated else 1) * 5)


def test_a_fused_mlp_is_the_same_under_another_name() -> None:
    names = []
    for fused in (False, True):
        b = GraphBuilder("mlp", SIZES, "u[t,d]")
        graph = b.build(mlp(b, MlpSpec(width=5, fused=fused), "u", at="t"))
        names.append([op.name for op in graph.operations if op.kind == "projection"])
    assert names == [["mlp.gate", "mlp.up", "mlp.down"], ["mlp.gate_up.gate", "mlp.gate_up.up", "mlp.down"]]


@pytest.mark.parametrize("bias", [False, True])
def test_the_gated_short_convolution(bias: bool) -> None:
    spec = ShortConvSpec(taps=3, bias=bias)
    b = GraphBuilder("conv", {"d": 6, "c": 6, **spec.sizes}, "u[t,d]")
    graph = b.build(short_conv(b, spec, "u", at="t"))
    W = drawn(graph)
    W |= {} if bias else {f"b_{name}": np.zeros(6) for name in ("in_B", "in_C", "in_x", "conv", "out")}
    B, C, x = (U @ W[f"W_in_{part}"] + W[f"b_in_{part}"] for part in "BCx")
    y = C * (convolved(B * x, W["W_conv"]) + W["b_conv"])
    close(execute(graph, W, U).values["o"], y @ W["W_out"] + W["b_out"])
    assert not graph.recurrences
