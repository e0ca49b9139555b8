"""Kinds of layers on numbers: each layer as a whole, attention done by numpy in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support import layers_models as plain
from tests.support.layers_models import angles, drawn, rms, rotated
from workloads.execute import execute
from workloads.graph import TimestepGraph
from workloads.models.attention import Attention
from workloads.models.layers.kinds import Form, parts
from workloads.models.layers.spec import LayersSpec

Array = NDArray[np.float64]
TOKENS, D = 6, 4
U, X0 = np.random.default_rng(0).standard_normal((2, TOKENS, D))
SSM = {"heads": 4, "head_dim": 2, "d_state": 3, "n_groups": 2}


def layer(kind: dict[str, Any], form: Form = Form(), **model: Any) -> tuple[TimestepGraph | Attention, ...]:
    """The parts of a layer of one kind."""
    spec = LayersSpec.model_validate({"d_model": D, "kinds": {"k": kind}, "pattern": ["k"]} | model)
    return parts("k", spec.kinds["k"], spec, form)


def attend(attention: Attention, q: Array, k: Array, v: Array) -> Array:
    """Causal attention of every query, in its window."""
    scores = np.einsum("tgre,sge->grts", q, k) * attention.scale
    tokens = np.arange(len(q))
    seen = tokens[:, None] >= tokens
    if attention.window is not None:
        seen &= (tokens[:, None] - tokens < attention.window) | (tokens < attention.sinks)
    weights = np.exp(np.where(seen, scores, -np.inf))
    out: Array = np.einsum("grts,sgw->tgrw", weights / weights.sum(axis=-1, keepdims=True), v)
    return out


def run(found: tuple[TimestepGraph | Attention, ...], pairs: int, **given: Array) -> tuple[Array, dict[str, Array]]:
    """What the parts make of U, one after the other, and their parameters together."""
    before, attention, behind = found
    assert isinstance(before, TimestepGraph) and isinstance(attention, Attention) and isinstance(behind, TimestepGraph)
    cos, sin = angles(TOKENS, max(pairs, 1))
    W, V = drawn(before, 1), drawn(behind, 2)
    made = execute(before, W, {"u": U, "cos": cos, "sin": sin} | given).values
    o = attend(attention, made["q"], made["k"], made["v"])
    shapes = {name: (TOKENS, *(behind.sizes[i] for i in behind.indices[name] if i != "q")) for name in behind.inputs}
    handed = {name: made[name].reshape(shapes[name]) for name in behind.inputs if name in made}
    out = execute(behind, V, {"u": U, "o": o} | handed).values[behind.output_tensor]
    return out, W | V


def heads(W: dict[str, Array], x: Array, pairs: int) -> tuple[Array, Array, Array]:
    """q, k and v of *x*."""
    cos, sin = angles(TOKENS, max(pairs, 1))
    q, k, v = (np.einsum("td,d...->t...", x, W[f"W_{name}"]) for name in "qkv")
    return (rotated(q, cos, sin), rotated(k, cos, sin), v) if pairs else (q, k, v)


def swiglu(W: dict[str, Array], x: Array) -> Array:
    y: Array = (plain.silu(x @ W["W_gate"]) * (x @ W["W_up"])) @ W["W_down"]
    return y


def close(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("form", [Form(), Form("chunked", 4)], ids=["token by token", "chunked"])
def test_a_transformer_layer(form: Form) -> None:
    found = layer(
        {"attention": {"heads": 4, "groups": 2, "head_dim": 4, "window": 3}, "mlp": {"width": 5}}, form,
        residual_multiplier=0.5,
    )  # fmt: skip
    out, W = run(found, 2)
    q, k, v = heads(W, rms(U, W["W_x1"]), 2)
    assert isinstance(found[1], Attention)
    stream = U + 0.5 * np.einsum("tgrw,grwd->td", attend(found[1], q, k, v), W["W_o"])
    close(out, stream + 0.5 * swiglu(W, rms(stream, W["W_mlp_v"])))


@pytest.mark.parametrize("form", [Form(), Form("chunked", 4)], ids=["token by token", "chunked"])
def test_attention_and_mamba2_side_by_side(form: Form) -> None:
    """A layer of Falcon-H1, with all of its multipliers."""
    sections = [0.5, 2.0, 1.0, 0.7, 1.3]
    kind = {
        "attention": {"heads": 2, "head_dim": 4, "key_multiplier": 0.3, "output_multiplier": 0.9},
        "mamba2": SSM
        | {"gated_norm": False, "input_multiplier": 1.25, "section_multipliers": sections, "output_multiplier": 0.2},
        "mlp": {"width": 5, "gate_multiplier": 0.8, "output_multiplier": 0.6},
    }
    out, W = run(layer(kind, form), 2)
    x = rms(U, W["W_x1"])
    q, k, v = heads(W, x, 2)
    attended = np.einsum("tgrw,grwd->td", attend(Attention(2, 1, 4, 4, 0.5), q, 0.3 * k, v), W["W_o"])
    mixed = plain.mamba2(plain.without(W, "_ssm"), 1.25 * x, tuple(sections), gated_norm=False)
    stream = U + 0.2 * mixed + 0.9 * attended
    y = rms(stream, W["W_mlp_v"])
    close(out, stream + 0.6 * ((plain.silu(0.8 * (y @ W["W_gate"])) * (y @ W["W_up"])) @ W["W_down"]))


@pytest.mark.parametrize("ranks", [0, 3])
def test_a_shared_block(ranks: int) -> None:
    """A hybrid layer of Zamba2, with and without adapters."""
    shared = {
        "attention": {"heads": 2, "head_dim": 4, "scale": 0.7},
        "mlp": {"width": 5, "activation": "geglu", "fused": True},
        "attention_rank": ranks,
        "mlp_rank": ranks,
    }
    found = layer({"shared": shared, "mamba2": SSM})
    out, W = run(found, 2, x0=X0)
    both = np.concatenate([U, X0], axis=1)
    normed = rms(both, np.concatenate([W["W_norm_u_shared"], W["W_norm_x0_shared"]]))
    made = []
    for name in "qkv":
        weights = np.concatenate([W[f"W_{name}_u_shared"], W[f"W_{name}_x0_shared"]])
        if ranks:
            down = np.concatenate([W[f"W_low_{name}_u"], W[f"W_low_{name}_x0"]])
            weights = weights + np.tensordot(down, W[f"W_adapted_{name}"], 1)
        made.append(np.tensordot(normed, weights, 1))
    cos, sin = angles(TOKENS, 2)
    assert isinstance(found[1], Attention)
    o = attend(found[1], rotated(made[0], cos, sin), rotated(made[1], cos, sin), made[2])
    x = rms(np.einsum("tgrw,grwd->td", o, W["W_o_shared"]), W["W_mlp_v_shared"])
    gate, up = W["W_gate_shared"], W["W_up_shared"]
    if ranks:
        gate, up = gate + W["W_low_mlp"] @ W["W_adapted_gate"], up + W["W_low_mlp"] @ W["W_adapted_up"]
    added = (plain.gelu(x @ gate) * (x @ up)) @ W["W_down_shared"] @ W["W_linear"]
    close(out, U + plain.mamba2(plain.without(W, "_ssm"), rms(U + added, W["W_x1"])))


def test_the_mean_of_attention_and_mamba1() -> None:
    """A layer of Hymba: its Mamba-1 is held against one that stands alone."""
    mixer = {"d_inner": 12, "d_state": 3, "dt_rank": 2, "bcdt_norm": "weighted"}
    attention = {"heads": 2, "groups": 1, "head_dim": 4, "value_dim": 6, "fused": True, "rotary": 0.0, "window": 4}
    found = layer({"attention": attention, "mamba1": mixer, "join": "normed_mean", "mlp": {"width": 5}}, meta_tokens=1)
    out, W = run(found, 0)
    (alone,) = layer({"mamba1": mixer})
    assert isinstance(alone, TimestepGraph) and isinstance(found[1], Attention)
    own = plain.without(W, "_ssm") | {"W_v": W["W_x1"], "W_out": np.zeros((12, D))}
    gated = execute(alone, own, U).values["g"]
    q, k, v = heads(W, rms(U, W["W_x1"]), 0)
    o = rms(attend(found[1], q, k, v), W["W_on"], axes=3)
    mean = (o + rms(gated, W["W_gn_ssm"]).reshape(o.shape)) / 2
    stream = U + np.einsum("tgrw,grwd->td", mean, W["W_out"])
    assert found[1].sinks == 1
    close(out, stream + swiglu(W, rms(stream, W["W_mlp_v"])))


@pytest.mark.parametrize("formulation", ["blelloch", "kogge_stone"])
def test_every_formulation_of_a_mixer_makes_the_same(formulation: str) -> None:
    kind = {"mamba1": {"d_inner": 6, "d_state": 3, "dt_rank": 2, "bcdt_norm": "weighted"}, "mlp": {"width": 5}}
    (token,), (chunk,) = layer(kind), layer(kind, Form(formulation, 4))
    assert isinstance(token, TimestepGraph) and isinstance(chunk, TimestepGraph)
    W = drawn(token)
    assert chunk.parameters == token.parameters
    close(execute(chunk, W, U).values["out_mlp"], execute(token, W, U).values["out_mlp"])


@pytest.mark.parametrize("kind", [{"mlp": {"width": 5}}, {"short_conv": {"taps": 3}}, {"mamba2": SSM}])
def test_a_layer_of_one_thing_is_one_graph(kind: dict[str, Any]) -> None:
    for form in (Form(), Form("chunked", 4)):
        (graph,) = layer(kind, form)
        assert isinstance(graph, TimestepGraph)
        assert (graph.input_tensor, graph.tokens, graph.more_inputs) == ("u", form.chunk or 1, ())


def test_a_mamba2_layer() -> None:
    (graph,) = layer({"mamba2": SSM}, norm="layer")
    assert isinstance(graph, TimestepGraph)
    W = drawn(graph)
    expected = U + plain.mamba2(W, plain.layer_norm(U, W["W_v"], W["b_v"]))
    close(execute(graph, W, U).values["out"], expected)
