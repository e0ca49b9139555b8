"""Pieces that more than one model has: the end of a block, and the language-model head."""

from __future__ import annotations

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.pieces.mlp import MlpSpec, mlp
from workloads.models.pieces.norms import NormName, norm


def finish_block(builder: GraphBuilder, sizes: dict[str, int], at: str = "t") -> TimestepGraph:
    """Add the residual around a mixer whose result is ``o``, then, if ``sizes["f"]`` says so, a SwiGLU MLP block.

    The MLP has a norm and a residual of its own: 3 d f parameters and the norm's d.
    """
    builder.define("residual", "residual", f"out[{at},d] = u[{at},d] + o[{at},d]")
    if "f" not in sizes:
        return builder.build("out")
    return builder.build(mlp_block(builder, sizes, MlpSpec(width=sizes["f"]), "out", at=at))


def mlp_block(
    builder: GraphBuilder, sizes: dict[str, int], spec: MlpSpec, stream: str, *,
    kind: NormName = "rms", multiplier: float = 1.0, at: str = "t",
) -> str:  # fmt: skip
    """Define norm, MLP and residual around it, whose result is multiplied; the name of the new residual stream."""
    norm(builder, sizes, kind, "mlp_norm", stream, "mlp_v", at=at)
    result = mlp(builder, spec, "mlp_v", at=at)
    return residual(builder, "mlp.residual", stream, {result: spec.output_multiplier * multiplier}, "out_mlp", at=at)


def residual(
    builder: GraphBuilder, name: str, stream: str, added: dict[str, float], result: str, *, at: str
) -> str:  # fmt: skip
    """Define and return *result*: the residual *stream* and all that is *added* to it, each times its multiplier."""
    terms = [f"{tensor}[{at},d]" + ("" if factor == 1 else f" * {factor!r}") for tensor, factor in added.items()]
    builder.define(name, "residual", f"{result}[{at},d] = {' + '.join([f'{stream}[{at},d]', *terms])}")
    return result


def head(
    d_model: int, vocabulary: int, kind: NormName = "rms", multiplier: float = 1.0, softcap: float | None = None
) -> TimestepGraph:
    """Final norm and LM head for one token: d_model -> logits over the vocabulary.

    Logits are multiplied by *multiplier* and, with a *softcap* c, squeezed into c tanh(logits / c).
    """
    sizes = {"d": d_model, "v": vocabulary}
    builder = GraphBuilder("head", sizes, "u[t,d]")
    norm(builder, sizes, kind, "final_norm", "u", "last", at="t")
    scaled = multiplier != 1
    logits = "logits_raw" if scaled else "logits_uncapped" if softcap else "logits"
    builder.define("lm_head", "projection", f"{logits}[t,v] = sum(d, W_head[d,v] * last[t,d])")
    if scaled:
        result = "logits_uncapped" if softcap else "logits"
        builder.define("lm_head.scale", "head", f"{result}[t,v] = {logits}[t,v] * {multiplier!r}")
    if softcap:
        capped = f"{softcap!r} * tanh(logits_uncapped[t,v] * {1 / softcap!r})"
        builder.define("lm_head.cap", "head", f"logits[t,v] = {capped}")
    return builder.build("logits")
