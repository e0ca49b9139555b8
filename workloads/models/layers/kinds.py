"""Kinds of layers as parts: graphs and attention that follow one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models import equations
from workloads.models.attention import Attention
from workloads.models.blocks import mlp_block, residual
from workloads.models.generator import SEQUENTIAL
from workloads.models.layers.shared import (
    before_shared_attention,
    behind_shared_attention,
    sizes_before,
    sizes_behind,
)
from workloads.models.layers.spec import LayerKind, LayersSpec
from workloads.models.mamba1 import mamba1_inner, mamba1_mixer
from workloads.models.mamba2 import mamba2_mixer
from workloads.models.pieces.experts import CHOSEN, experts
from workloads.models.pieces.heads import after_attention, before_attention
from workloads.models.pieces.norms import TOKENS, norm, rms_norm, subscripts
from workloads.models.pieces.rotary import tables
from workloads.models.pieces.scope import Definitions, Scope
from workloads.models.pieces.short_conv import short_conv

Part = TimestepGraph | Attention
BESIDE = "ssm"  # what a mixer beside attention is called


@dataclass(frozen=True)
class Form:
    """How a layer is computed: by what formulation, in chunks of how many tokens (None: token by token).

    ``decoded`` is the batch that decodes, None in prefill.
    """

    formulation: str = SEQUENTIAL
    chunk: int | None = None
    decoded: int | None = None

    @property
    def at(self) -> str:
        """How a tensor of the current timestep begins its subscripts."""
        return subscripts(self.chunk)


def parts(name: str, kind: LayerKind, model: LayersSpec, form: Form) -> tuple[Part, ...]:
    """The parts of a layer of the *kind* called *name*; raises ValueError for a chunk that it cannot have."""
    if kind.equations is not None:
        return _by_equations(name, kind, model, form)
    if kind.attention is not None:
        return _with_attention(name, kind, model, form)
    if kind.shared is not None:
        return _with_shared_block(name, kind, model, form)
    return (_without_attention(name, kind, model, form),)


def _builder(name: str, model: LayersSpec, form: Form, sizes: Mapping[str, int]) -> GraphBuilder:
    chunk = {TOKENS: form.chunk} if form.chunk is not None else {}
    return GraphBuilder(
        name, {"d": model.d_model, **sizes, **chunk}, f"u[{form.at},d]", TOKENS if chunk else None
    )  # fmt: skip


def _without_attention(name: str, kind: LayerKind, model: LayersSpec, form: Form) -> TimestepGraph:
    """A layer that is one graph."""
    sizes = _mixer_sizes(kind, model, form) | _ending_sizes(kind, form)
    builder, stream = _builder(name, model, form, sizes), "u"
    mixer = _mixer(kind, form)
    if mixer is not None:
        norm(builder, {"d": model.d_model}, model.norm, "norm", stream, "v", at=form.at)
        added = {mixer(builder, "v"): _output_multiplier(kind) * model.residual_multiplier}
        stream = residual(builder, "residual", stream, added, "out", at=form.at)
    return builder.build(_ending(builder, kind, model, form, stream))


def _mixer(kind: LayerKind, form: Form) -> Callable[[Definitions, str], str] | None:
    """What defines the mixer of a layer: (builder, source) -> name of the result."""
    mamba1, mamba2, conv = kind.mamba1, kind.mamba2, kind.short_conv
    if mamba1 is not None:
        return lambda builder, source: mamba1_mixer(builder, mamba1, source, form.chunk, form.formulation)
    if mamba2 is not None:
        return lambda builder, source: mamba2_mixer(builder, mamba2, source, form.chunk)
    if conv is not None:
        return lambda builder, source: short_conv(builder, conv, source, at=form.at)
    return None


def _mixer_sizes(kind: LayerKind, model: LayersSpec, form: Form) -> dict[str, int]:
    if kind.mamba1 is not None:
        return kind.mamba1.sizes(form.chunk, form.formulation)
    if kind.mamba2 is not None:
        return kind.mamba2.sizes(form.chunk)
    return {"c": model.d_model, **kind.short_conv.sizes} if kind.short_conv is not None else {}


def _output_multiplier(kind: LayerKind) -> float:
    return kind.mamba2.output_multiplier if kind.mamba2 is not None else 1.0


def _with_attention(name: str, kind: LayerKind, model: LayersSpec, form: Form) -> tuple[Part, ...]:
    """A layer around attention, with a mixer beside it if it has one."""
    attention, at = kind.attention, form.at
    assert attention is not None
    own = attention.sizes
    inner = _mixer_sizes(kind, model, form)
    letters = {letter: f"{letter}_{BESIDE}" for letter in inner if letter in own}
    sizes = own | {letters.get(letter, letter): size for letter, size in inner.items()}
    builder = _builder(f"{name}.before_attention", model, form, sizes)
    if attention.pairs:
        tables(builder, at)
    norm(builder, {"d": model.d_model}, model.norm, "norm", "u", "x1", at=at)
    joined = kind.join == "normed_mean"
    product = f"{BESIDE}.in_proj" if joined else "qkv_proj"
    made = before_attention(builder, attention, "x1", at=at, product=product)
    beside: tuple[str, ...] = ()
    if inner:
        beside = (_beside(Scope(builder, BESIDE, letters, ("x1",)), kind, form),)
    before = builder.build(*made, *beside)
    behind = _behind_attention(f"{name}.after_attention", kind, model, form, (*made, *beside))
    return before, attention.operator(model.meta_tokens), behind


def _beside(scope: Scope, kind: LayerKind, form: Form) -> str:
    """Define a mixer beside attention; the name of its result, channels of d or, if the mean is joined, of i."""
    if kind.join == "normed_mean":
        assert kind.mamba1 is not None
        gated = mamba1_inner(scope, kind.mamba1, "x1", form.chunk, form.formulation)
        rms_norm(scope, {"i": kind.mamba1.d_inner}, "out_norm", gated, f"{gated}n", over=["i"], at=form.at)
        return scope.tensor(f"{gated}n")
    mixer = _mixer(kind, form)
    assert mixer is not None
    return scope.tensor(mixer(scope, "x1"))


def _behind_attention(
    name: str, kind: LayerKind, model: LayersSpec, form: Form, made: tuple[str, ...]
) -> TimestepGraph:  # fmt: skip
    """What follows attention, whose inputs were *made* with what runs beside it."""
    attention, at = kind.attention, form.at
    assert attention is not None
    sizes = {letter: size for letter, size in attention.sizes.items() if letter in "grw"}
    builder = _builder(name, model, form, sizes | _ending_sizes(kind, form))
    builder.input(f"o[{at},g,r,w]")
    if attention.gate:
        builder.input(f"gate[{at},g,r,w]")
    others = [tensor for tensor in made if tensor not in ("q", "k", "v", "gate")]
    if kind.join == "normed_mean":
        builder.input(f"{others[0]}[{at},g,r,w]")  # channels of d_inner, in heads as attention's
        added = {_mean(builder, sizes, others[0], at): model.residual_multiplier}
    else:
        added = {}
        for tensor in others:
            builder.input(f"{tensor}[{at},d]")
            added[tensor] = _output_multiplier(kind) * model.residual_multiplier
        added[after_attention(builder, attention, at=at)] = attention.output_multiplier * model.residual_multiplier
    stream = residual(builder, "residual", "u", added, "out", at=at)
    return builder.build(_ending(builder, kind, model, form, stream))


def _mean(builder: GraphBuilder, sizes: Mapping[str, int], beside: str, at: str) -> str:
    """Define the projection of the mean of attention's result, normed, and of what is *beside* it; its name."""
    heads = f"[{at},g,r,w]"
    rms_norm(builder, sizes, "attention_norm", "o", "on", over=["g", "r", "w"], at=at)
    builder.define("join", "join", f"y{heads} = (on{heads} + {beside}{heads}) * 0.5")
    builder.define("out_proj", "projection", f"o_d[{at},d] = sum(g, r, w, W_out[g,r,w,d] * y{heads})")
    return "o_d"


def _with_shared_block(name: str, kind: LayerKind, model: LayersSpec, form: Form) -> tuple[Part, ...]:
    """A layer whose mixer reads the stream and what a block makes that several layers share."""
    shared, mamba2, at = kind.shared, kind.mamba2, form.at
    assert shared is not None and mamba2 is not None
    builder = _builder(f"{name}.before_attention", model, form, sizes_before(shared))
    before = builder.build(*before_shared_attention(builder, shared, model.d_model, at=at))
    sizes = sizes_behind(shared, model.d_model) | _mixer_sizes(kind, model, form)
    builder = _builder(f"{name}.after_attention", model, form, sizes)
    added = {behind_shared_attention(builder, shared, model.d_model, at=at): 1.0}
    norm(
        builder,
        {"d": model.d_model},
        model.norm,
        "norm",
        residual(builder, "add", "u", added, "u_t", at=at),
        "x1",
        at=at,
    )
    scope = Scope(builder, BESIDE, given=("x1",))
    mixed = {scope.tensor(mamba2_mixer(scope, mamba2, "x1", form.chunk)): _output_multiplier(kind)}
    behind = builder.build(residual(builder, "residual", "u", mixed, "out", at=at))
    return before, shared.attention.operator(model.meta_tokens), behind


def _by_equations(name: str, kind: LayerKind, model: LayersSpec, form: Form) -> tuple[Part, ...]:
    """A layer whose mixer, with norm and residual, is written as equations: one graph, and one of what follows."""
    spec = kind.equations
    assert spec is not None
    if form.chunk is None:
        graph = equations.sequential_graph(spec, name)
    else:
        graph = equations.chunked_graph(spec, form.chunk, name)
    width = graph.row_elements(graph.input_tensor)
    if width != model.d_model:
        raise ValueError(
            f"the equations of {name} have a residual stream of {width}, expected d_model = {model.d_model}"
        )
    if not (kind.mlp or kind.experts):
        return (graph,)
    builder = _builder(f"{name}.after_mixer", model, form, _ending_sizes(kind, form))
    return graph, builder.build(_ending(builder, kind, model, form, "u"))


def _ending_sizes(kind: LayerKind, form: Form) -> dict[str, int]:
    if kind.experts is not None:
        return kind.experts.sizes(form.decoded)
    return {"f": kind.mlp.width} if kind.mlp is not None else {}


def _ending(builder: GraphBuilder, kind: LayerKind, model: LayersSpec, form: Form, stream: str) -> str:
    """Define the MLP or the experts behind *stream*, if there are some; the name of the residual stream then."""
    sizes, multiplier = {"d": model.d_model}, model.residual_multiplier
    if kind.mlp is not None:
        return mlp_block(builder, sizes, kind.mlp, stream, kind=model.norm, multiplier=multiplier, at=form.at)
    if kind.experts is None:
        return stream
    norm(builder, sizes, model.norm, "mlp_norm", stream, "mlp_v", at=form.at)
    builder.choose(CHOSEN, kind.experts.chosen)
    result = experts(builder, kind.experts, "mlp_v", at=form.at)
    return residual(builder, "mlp.residual", stream, {result: multiplier}, "out_mlp", at=form.at)
