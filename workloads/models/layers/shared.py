"""The block of Zamba2 (arXiv 2411.15242), whose weights several layers have in common.

As transformers' Zamba2HybridLayer has it: the residual stream and the embeddings x0 side by side are normed, and go
through attention, which is as wide as both; its output projection leads back to the stream's width; norm, MLP. There
are no residuals inside. Each layer has adapters of its own, x A B of a low rank, added to what the projections inwards
make, and a projection of the result, which is added to what the layer's mixer reads.

What is shared ends in ``_shared``. Index letters: c = d, l and m = ranks of the adapters of attention and MLP.
"""

from __future__ import annotations

from functools import partial

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.layers.spec import SharedSpec
from workloads.models.pieces.heads import AXES, after_attention, finish_heads
from workloads.models.pieces.mlp import mlp
from workloads.models.pieces.norms import RMS_EPSILON, rms_norm
from workloads.models.pieces.rotary import tables
from workloads.models.pieces.scope import Scope

SHARED = "shared"
HALVES = ("u", "x0")


def shared_parameters(graph: TimestepGraph) -> int:
    """Parameters of *graph* that other layers have in common with it."""
    return sum(graph.elements(tensor) for tensor in graph.parameters if tensor.endswith(f"_{SHARED}"))


def sizes_before(spec: SharedSpec) -> dict[str, int]:
    """The length of each index of what stands before attention, but d."""
    return spec.attention.sizes | ({"l": spec.attention_rank} if spec.attention_rank else {})


def sizes_behind(spec: SharedSpec, d_model: int) -> dict[str, int]:
    """The length of each index of what follows attention, but d."""
    heads = {letter: size for letter, size in spec.attention.sizes.items() if letter in "grw"}
    return heads | {"f": spec.mlp.width, "c": d_model} | ({"m": spec.mlp_rank} if spec.mlp_rank else {})


def before_shared_attention(b: GraphBuilder, spec: SharedSpec, d_model: int, *, at: str) -> tuple[str, ...]:
    """Define what the block's attention needs of ``u`` and ``x0``; the names of the results."""
    b.input(f"x0[{at},d]")
    if spec.attention.pairs:
        tables(b, at)
    made = ("q", "k", "v")
    own = Scope(b, SHARED, given=(*made, "u", "x0", "cos", "sin"))
    both = " + ".join(f"sum(d, {part}[{at},d] * {part}[{at},d])" for part in HALVES)
    own.define("norm.square", "norm", f"ms[{at}] = {both}")
    own.define("norm.scale", "norm", f"rs[{at}] = rsqrt(ms[{at}] * {1 / (2 * d_model)!r} + {RMS_EPSILON!r})")
    for part in HALVES:
        own.define(f"norm.{part}", "norm", f"n_{part}[{at},d] = {part}[{at},d] * rs[{at}] * W_norm_{part}[d]")
    for letter in made:
        finish_heads(own, spec.attention, letter, partial(_projected, b, own, spec, letter, at), at=at)
    return made


def _projected(b: GraphBuilder, own: Scope, spec: SharedSpec, letter: str, at: str, result: str) -> None:
    """Define q, k or v as *result*: a projection of both halves, and a layer's adapter of it."""
    axes = AXES[letter]
    whole = f"{letter}_main" if spec.attention_rank else result
    product = " + ".join(f"sum(d, W_{letter}_{part}[d,{axes}] * n_{part}[{at},d])" for part in HALVES)
    own.define(f"{letter}_proj", "projection", f"{whole}[{at},{axes}] = {product}")
    if spec.attention_rank:
        low, adapted = f"low_{letter}", f"adapted_{letter}"
        halves = (f"sum(d, W_{low}_{part}[d,l] * {own.tensor('n_' + part)}[{at},d])" for part in HALVES)
        b.define(f"adapter_{letter}.down", "projection", f"{low}[{at},l] = {' + '.join(halves)}")
        b.define(
            f"adapter_{letter}.up", "projection",
            f"{own.tensor(adapted)}[{at},{axes}] = sum(l, W_{adapted}[l,{axes}] * {low}[{at},l])",
        )  # fmt: skip
        own.define(
            f"{letter}_adapted", "adapter", f"{result}[{at},{axes}] = {whole}[{at},{axes}] + {adapted}[{at},{axes}]"
        )


def behind_shared_attention(b: GraphBuilder, spec: SharedSpec, d_model: int, *, at: str) -> str:
    """Define what follows the block's attention, whose result is ``o``; the name of what is added to the stream."""
    b.input(f"o[{at},g,r,w]")
    own = Scope(b, SHARED, given=("o",))
    rms_norm(own, {"d": d_model}, "mlp_norm", after_attention(own, spec.attention, at=at), "mlp_v", over=["d"], at=at)
    adapt = partial(_adapted, b, own, at) if spec.mlp_rank else None
    if adapt is not None:
        low = f"low_mlp[{at},m] = sum(d, W_low_mlp[d,m] * {own.tensor('mlp_v')}[{at},d])"
        b.define("adapter_mlp.down", "projection", low)
    result = own.tensor(mlp(own, spec.mlp, "mlp_v", at=at, adapt=adapt))
    b.define("linear", "projection", f"t_u[{at},d] = sum(c, W_linear[c,d] * {result}[{at},c])")
    return "t_u"


def _adapted(b: GraphBuilder, own: Scope, at: str, part: str, source: str, result: str) -> None:
    """Define *result*: the gate or what goes up, as *part* says, and a layer's adapter of it."""
    adapted = f"adapted_{part}"
    product = f"sum(m, W_{adapted}[m,f] * low_mlp[{at},m])"
    b.define(f"adapter_mlp.gate_up.{part}", "projection", f"{own.tensor(adapted)}[{at},f] = {product}")
    own.define(f"mlp.adapted_{part}", "adapter", f"{result}[{at},f] = {source}[{at},f] + {adapted}[{at},f]")
