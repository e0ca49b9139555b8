"""Models whose layers differ as a whole: layers in order, parameters, formulations, the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.support.layers_models import drawn, layer_norm
from workloads.execute import execute
from workloads.graph import TimestepGraph
from workloads.models.attention import Attention
from workloads.models.layers.layered import default_chunk, formulations, layered, longest_chunk
from workloads.models.layers.spec import LayersSpec

D = 4
MLP = {"mlp": {"width": 5}}
ATTENTION = {"attention": {"heads": 2, "head_dim": 4, "window": 3}}
MAMBA1, MAMBA2 = {"mamba1": {"d_inner": 8, "dt_rank": 2}}, {"mamba2": {"heads": 2}}
SHARED = {"shared": {"attention": {"heads": 2}, "mlp": {"width": 4}, "sets": 2}} | MAMBA2
LEAKY: dict[str, Any] = {
    "sizes": {"d": D},
    "input": "u[t,d]",
    "operations": [["update", "state", "h[t,d] = a[d] * h[t-1,d] + u[t,d]"]],
    "output": "h",
}
CHUNKED = {
    "axis": "s", "tokens": 8, "longest": 16, "masked": [], "replaces": ["update"],
    "operations": [["update", "state", "h[t,s,d] = cumsum(s, u[t,s,d]) + a[d] * h[t-1,0,d]"]],
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What a workload says beside the dimensions."""

    layers: int
    vocabulary: int | None = None
    tied_embeddings: bool = True
    head: bool = False
    phase: str = "prefill"
    batch: int = 1
    formulation: str = "sequential"


def model(pattern: list[str], *, more: dict[str, Any] | None = None, **kinds: Any) -> LayersSpec:
    return LayersSpec.model_validate({"d_model": D, "kinds": kinds, "pattern": pattern} | (more or {}))


def test_alike_layers_are_the_same_objects() -> None:
    found = layered(Run(5), model(["a*2", "b"], a=MAMBA2 | MLP, b=ATTENTION | MLP))
    first, _, third = found.layers[:3]
    assert [len(parts) for parts in found.layers] == [1, 1, 3, 1, 1]
    assert [parts is first for parts in found.layers] == [True, True, False, True, True]
    assert isinstance(third[1], Attention) and third[1].window == 3
    assert (found.head, found.prefix_tokens) == (None, 0)


@pytest.mark.parametrize(
    ("run", "more", "expected"),
    [
        pytest.param(Run(3), {}, 0, id="layers alone"),
        pytest.param(Run(3, vocabulary=10), {}, D + 10 * D, id="tied"),
        pytest.param(Run(3, vocabulary=10, tied_embeddings=False), {}, D + 20 * D, id="untied"),
        pytest.param(
            Run(3, vocabulary=10), {"positions": 7, "meta_tokens": 2}, D + 19 * D, id="positions, meta tokens"
        ),
    ],
)
def test_parameters(run: Run, more: dict[str, Any], expected: int) -> None:
    assert layered(run, model(["a"], more=more, a=MLP)).parameters == 3 * (D + 3 * D * 5) + expected


@pytest.mark.parametrize(("layers", "sets"), [(1, 1), (2, 2), (6, 2)])
def test_what_layers_share_counts_once(layers: int, sets: int) -> None:
    """Norm of both halves, q, k and v of them, o, the MLP's norm and the MLP; linear and Mamba are each layer's own."""
    (mamba,) = layered(Run(1), model(["a"], a=MAMBA2)).layers[0]
    assert isinstance(mamba, TimestepGraph)
    shared = 2 * D + 3 * 2 * D * 128 + 128 * D + D + 3 * D * 4
    own = mamba.parameter_count + D * D
    assert layered(Run(layers), model(["a"], a=SHARED)).parameters == sets * shared + layers * own


@pytest.mark.parametrize("batch", [1, 3])
def test_parameters_are_of_all_experts_whatever_is_read(batch: int) -> None:
    kinds = {"a": {"experts": {"width": 5, "count": 8, "chosen": 2}}}
    decode = layered(Run(2, phase="decode", batch=batch), model(["a"], **kinds))
    assert decode.parameters == layered(Run(2), model(["a"], **kinds)).parameters == 2 * (D + 8 * D + 8 * 3 * D * 5)
    (graph,) = decode.layers[0]
    assert isinstance(graph, TimestepGraph) and graph.sizes["x"] == {1: 2, 3: 5}[batch]


@pytest.mark.parametrize(
    ("kinds", "possible", "chunk", "longest"),
    [
        pytest.param([ATTENTION], ["sequential", "chunked"], 256, 65_536, id="attention"),
        pytest.param([ATTENTION, MAMBA2], ["sequential", "chunked"], 256, 65_536, id="Mamba-2"),
        pytest.param([ATTENTION, MAMBA1], ["sequential", "blelloch", "kogge_stone"], 32, 65_536, id="Mamba-1"),
        pytest.param([MAMBA1, MAMBA2], ["sequential"], 32, 65_536, id="both"),
        pytest.param([{"equations": LEAKY}], ["sequential"], 256, 65_536, id="equations of a token alone"),
        pytest.param(
            [{"equations": LEAKY | {"chunked": CHUNKED}}, MAMBA2], ["sequential", "chunked"], 8, 16, id="equations"
        ),
    ],
)
def test_formulations(kinds: list[dict[str, Any]], possible: list[str], chunk: int, longest: int) -> None:
    names = "abc"[: len(kinds)]
    dimensions = model(list(names), **dict(zip(names, kinds, strict=True)))
    assert list(formulations(dimensions)) == possible
    assert (default_chunk(dimensions), longest_chunk(dimensions)) == (chunk, longest)
    for formulation in possible[1:]:
        found = layered(Run(len(kinds), formulation=formulation), dimensions, 8)
        graphs = [part for parts in found.layers for part in parts if isinstance(part, TimestepGraph)]
        assert {graph.tokens for graph in graphs} == {8}
        decode = layered(Run(len(kinds), formulation=formulation, phase="decode"), dimensions, 8)
        assert {part.tokens for part in decode.layers[0] if isinstance(part, TimestepGraph)} == {1}


@pytest.mark.parametrize(
    ("kind", "formulation", "chunk", "message"),
    [
        pytest.param(MAMBA1, "chunked", 8, "found 'chunked', expected one of sequential, blelloch", id="formulation"),
        pytest.param(
            MAMBA1, "blelloch", 6, "a parallel scan needs a chunk that is a power of two, not 6", id="no tree"
        ),
        pytest.param(
            {"equations": LEAKY | {"chunked": CHUNKED}}, "chunked", 17, "a chunk of 17 tokens: 16 at most", id="long"
        ),
        pytest.param(
            {"equations": LEAKY | {"sizes": {"d": 5}}}, "sequential", None, "of 5, expected d_model = 4", id="width"
        ),
    ],
)
def test_mistakes(kind: dict[str, Any], formulation: str, chunk: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layered(Run(1, formulation=formulation), model(["a"], a=kind), chunk)


def test_equations_are_a_graph_and_an_mlp_behind_it_another() -> None:
    found = layered(Run(1), model(["a"], a={"equations": LEAKY} | MLP))
    names = [[op.name for op in part.operations] for part in found.layers[0] if isinstance(part, TimestepGraph)]
    assert names[0] == ["update"]
    assert names[1][0] == "mlp_norm.square" and names[1][-1] == "mlp.residual"


@pytest.mark.parametrize(("multiplier", "softcap"), [(1.0, None), (0.5, None), (1.0, 3.0), (0.5, 3.0)])
def test_the_head(multiplier: float, softcap: float | None) -> None:
    more = {"norm": "layer", "logits_multiplier": multiplier, "logits_softcap": softcap}
    head = layered(Run(1, vocabulary=7, head=True), model(["a"], more=more, a=MLP)).head
    assert head is not None
    u = np.random.default_rng(0).standard_normal((3, D))
    W = drawn(head)
    logits = layer_norm(u, W["W_last"], W["b_last"]) @ W["W_head"] * multiplier
    expected = softcap * np.tanh(logits / softcap) if softcap else logits
    np.testing.assert_allclose(execute(head, W, u).values["logits"], expected, rtol=1e-12)
