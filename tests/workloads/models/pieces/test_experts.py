"""Experts: whom the router chooses, what they make, how many are read, and what that costs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.support.layers_models import drawn, sigmoid, silu
from workloads.builder import GraphBuilder
from workloads.execute import execute
from workloads.graph import TimestepGraph
from workloads.models.pieces.experts import ExpertsSpec, experts

D, F = 4, 3
U = np.random.default_rng(0).standard_normal((9, D))


def build(spec: ExpertsSpec, batch: int | None = None) -> TimestepGraph:
    b = GraphBuilder("experts", {"d": D, **spec.sizes(batch)}, "u[t,d]")
    b.choose("x", spec.chosen)
    return b.build(experts(b, spec, "u", at="t"))


def weights_of(logits: Any, chosen: int, by: str, factor: float) -> Any:
    """The weight of every expert for a token."""
    scores = sigmoid(logits) if by == "sigmoid" else np.exp(logits - logits.max())
    best = np.argsort(logits)[-chosen:]
    found = np.zeros_like(logits)
    found[best] = scores[best]
    return found * factor / (scores if by == "all" else found).sum()


@pytest.mark.parametrize("by", ["chosen", "all", "sigmoid"])
@pytest.mark.parametrize(("chosen", "count", "factor"), [(1, 5, 1.0), (2, 8, 2.5), (5, 5, 1.0)])
def test_each_token_gets_the_experts_that_its_router_chooses(by: Any, chosen: int, count: int, factor: float) -> None:
    spec = ExpertsSpec(width=F, count=count, chosen=chosen, weights=by, weights_multiplier=factor)
    graph = build(spec)
    W = drawn(graph)
    expected = np.zeros_like(U)
    for token, u in enumerate(U):
        for expert, weight in enumerate(weights_of(u @ W["W_router"], chosen, by, factor)):
            inside = silu(u @ W["W_gate"][:, expert]) * (u @ W["W_up"][:, expert])
            expected[token] += weight * (inside @ W["W_down"][expert])
    found = execute(graph, W, U).values
    np.testing.assert_allclose(found["expert_o"], expected, rtol=1e-10, atol=1e-10)
    assert (found["chosen"].sum(axis=1) == chosen).all()


def test_a_common_mlp_is_added() -> None:
    spec = ExpertsSpec(width=F, activation="relu2", count=3, chosen=1, common={"width": 2}, common_gate=True)  # type: ignore[arg-type]
    graph = build(spec)
    W = drawn(graph)
    found = execute(graph, W, U).values
    common = (silu(U @ W["W_gate_common"]) * (U @ W["W_up_common"])) @ W["W_down_common"]
    gate = sigmoid(U @ W["W_common_gate"])[:, None]
    np.testing.assert_allclose(found["moe_o"], found["expert_o"] + gate * common, rtol=1e-12)
    assert graph.parameter_count == D * 3 + 3 * 2 * D * F + 3 * D * 2 + D


@pytest.mark.parametrize(
    ("batch", "read"),
    [
        pytest.param(None, 64, id="prefill: all, of which a tile reads what it chooses"),
        pytest.param(1, 6, id="one token: those it chooses"),
        pytest.param(2, 12, id="two: 11.4 on average"),
        pytest.param(10_000, 64, id="many: all"),
    ],
)
def test_experts_that_are_read(batch: int | None, read: int) -> None:
    spec = ExpertsSpec(width=F, count=64, chosen=6)
    graph = build(spec, batch)
    assert (spec.read(batch), graph.sizes["x"], graph.elements("W_gate")) == (read, read, D * read * F)


def test_a_token_costs_what_its_experts_do() -> None:
    spec = ExpertsSpec(width=F, count=64, chosen=6)
    for batch in (None, 1, 7):
        graph = build(spec, batch)
        products = sum(graph.operation_counts(op).macs for op in graph.operations if op.kind == "projection")
        assert products == D * 64 + 6 * 3 * D * F
        assert graph.elements("expert_a") == 6 * F
        shares = {graph.share(graph.operation(name)) for name in ("experts.gate", "experts.up", "experts.down")}
        assert shares == {Fraction(6, spec.read(batch))}
        assert graph.share(graph.operation("router")) == 1
    router = [op for op in build(spec).operations if op.kind == "router" and op.name != "experts.weigh"]
    counts = build(spec).operation_counts
    assert sum(counts(op).ops for op in router) == (6 + 5 * 4 + 5 + 5) * 64


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"chosen": 9}, "chosen = 9 must be at most count = 8", id="more than there are"),
        pytest.param({"common_gate": True}, "there is no common MLP to be gated", id="nothing to gate"),
        pytest.param({"bias": True}, "experts have neither biases nor multipliers", id="biases"),
    ],
)
def test_mistakes(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ExpertsSpec.model_validate({"width": F, "count": 8, "chosen": 2} | fields)
