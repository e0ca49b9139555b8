"""What stands around attention: projections, biases, norms and rotation before it, the way out behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.support.layers_models import angles, drawn, rms, rotated, sigmoid
from workloads.builder import GraphBuilder
from workloads.execute import execute
from workloads.models.attention import Attention
from workloads.models.pieces.heads import AttentionSpec, after_attention, before_attention
from workloads.models.pieces.rotary import tables

U = np.random.default_rng(0).standard_normal((5, 6))


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="plain"),
        pytest.param({"bias": True}, id="biases"),
        pytest.param({"rotary": 0.0}, id="no positions"),
        pytest.param({"rotary": 0.5, "qk_norm": True, "gate": True}, id="Qwen3-Next's"),
        pytest.param({"input_multiplier": 2.0, "key_multiplier": 0.3, "value_dim": 5}, id="multipliers, wide values"),
    ],
)
def test_before_attention(fields: dict[str, Any]) -> None:
    spec = AttentionSpec.model_validate({"heads": 4, "groups": 2, "head_dim": 4} | fields)
    b = GraphBuilder("before", {"d": 6, **spec.sizes}, "u[t,d]")
    if spec.pairs:
        tables(b, "t")
    made = before_attention(b, spec, "u", at="t")
    graph = b.build(*made)
    W, (cos, sin) = drawn(graph), angles(5, max(spec.pairs, 1))
    found = execute(graph, W, {"u": U, "cos": cos, "sin": sin}).values
    for letter in made:
        x = np.einsum("td,d...->t...", spec.input_multiplier * U, W[f"W_{letter}"])
        x = x + W.get(f"b_{letter}", 0.0) if spec.bias else x
        if letter in "qk":
            x = rms(x, W[f"W_{letter}_normed"]) if spec.qk_norm else x
            x = x * (spec.key_multiplier if letter == "k" else 1)
            x = rotated(x, cos, sin) if spec.pairs else x
        close(found[letter], x)
    assert list(made) == ["q", "k", "v"] + ["gate"] * spec.gate


def test_without_a_cache_of_its_own_there_are_queries_alone() -> None:
    spec = AttentionSpec(heads=4, head_dim=4, own_cache=False, window=8, rotary=0.0)
    b = GraphBuilder("before", {"d": 6, **spec.sizes}, "u[t,d]")
    assert before_attention(b, spec, "u", at="t") == ("q",)
    assert spec.operator(3) == Attention(4, 1, 4, 4, 0.5, 8, 3, own_cache=False)


@pytest.mark.parametrize(
    ("fused", "names"), [(False, ["q_proj", "k_proj", "v_proj"]), (True, ["qkv_proj.q", "qkv_proj.k", "qkv_proj.v"])]
)
def test_parts_of_a_fused_projection_are_called_after_it(fused: bool, names: list[str]) -> None:
    spec = AttentionSpec(heads=4, head_dim=4, fused=fused, rotary=0.0)
    b = GraphBuilder("before", {"d": 6, **spec.sizes}, "u[t,d]")
    graph = b.build(*before_attention(b, spec, "u", at="t"))
    assert [op.name for op in graph.operations] == names


@pytest.mark.parametrize(("gate", "bias"), [(False, False), (True, False), (False, True)])
def test_after_attention(gate: bool, bias: bool) -> None:
    spec = AttentionSpec(heads=4, groups=2, head_dim=3, value_dim=5, rotary=0.0, gate=gate, output_bias=bias)
    b = GraphBuilder("after", {"d": 6, **spec.sizes}, "o[t,g,r,w]")
    if gate:
        b.input("gate[t,g,r,w]")
    graph = b.build(after_attention(b, spec, at="t"))
    W = drawn(graph)
    o, opened = np.random.default_rng(1).standard_normal((2, 7, 2, 2, 5))
    x = o * sigmoid(opened) if gate else o
    expected = np.einsum("tgrw,grwd->td", x, W["W_o"]) + (W["b_o"] if bias else 0)
    close(execute(graph, W, {"o": o, "gate": opened}).values["o_d"], expected)


@pytest.mark.parametrize(
    ("fields", "scale", "sinks"),
    [
        pytest.param({}, 0.125, 0, id="by the root of the width"),
        pytest.param({"scale": 1.0}, 1.0, 0, id="not at all"),
        pytest.param({"window": 9}, 0.125, 7, id="a window: the first tokens are seen all the same"),
    ],
)
def test_the_operator(fields: dict[str, Any], scale: float, sinks: int) -> None:
    spec = AttentionSpec.model_validate({"heads": 8, "groups": 2, "head_dim": 64} | fields)
    assert spec.operator(7) == Attention(2, 4, 64, 64, scale, spec.window, sinks)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"groups": 3}, "heads = 8 must be a multiple of groups = 3", id="groups"),
        pytest.param({"rotary": 0.3}, "rotary 0.3 of head_dim = 64 must be an even number of channels", id="rotary"),
    ],
)
def test_mistakes(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AttentionSpec.model_validate({"heads": 8} | fields)
