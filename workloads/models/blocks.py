"""Pieces that more than one model has: RMSNorm, the SwiGLU MLP block, the language-model head.

``at`` is how a tensor of the current timestep begins its subscripts: ``"t"`` where a timestep is a token, ``"t,q"``
where it is a chunk of tokens along ``q``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from workloads.graph import GraphBuilder, TimestepGraph

RMS_EPSILON = 1e-5  # the official implementations' default
TOKENS = "q"  # the token axis of chunked formulations


def subscripts(chunk: int | None) -> str:
    """``at`` for a formulation with *chunk* tokens a timestep, or with one (None)."""
    return "t" if chunk is None else f"t,{TOKENS}"


def rms_norm(
    builder: GraphBuilder, sizes: dict[str, int], name: str, source: str, result: str, over: Sequence[str], *,
    kept: Sequence[str] = (), weight: Sequence[str] | None = (), at: str = "t",
) -> None:  # fmt: skip
    """``result = source / rms(source) * weight`` over the indices *over*, separately for each index in *kept*.

    RMSNorm (arXiv 1910.07467, eq. 4). Defines three operations *name*.square, .scale and .apply, and one weight over
    the indices *weight* (*over* unless given; None for no weight).
    """
    full = ",".join((*kept, *over))
    rows = "".join(f",{index}" for index in kept)
    count = prod(sizes[index] for index in over)
    weights = "" if weight is None else f" * W_{result}[{','.join(weight or over)}]"
    builder.define(
        f"{name}.square", "norm",
        f"{result}_ms[{at}{rows}] = sum({', '.join(over)}, {source}[{at},{full}] * {source}[{at},{full}])",
    )  # fmt: skip
    builder.define(
        f"{name}.scale", "norm",
        f"{result}_rs[{at}{rows}] = rsqrt({result}_ms[{at}{rows}] * {1 / count!r} + {RMS_EPSILON!r})",
    )  # fmt: skip
    builder.define(
        f"{name}.apply", "norm", f"{result}[{at},{full}] = {source}[{at},{full}] * {result}_rs[{at}{rows}]{weights}"
    )


def finish_block(builder: GraphBuilder, sizes: dict[str, int], at: str = "t") -> TimestepGraph:
    """Add the residual around a mixer whose result is ``o``, then, if ``sizes["f"]`` says so, a SwiGLU MLP block.

    The MLP (arXiv 2002.05202, eq. 6) has a norm and a residual of its own: 3 d f parameters and the norm's d.
    """
    builder.define("residual", "residual", f"out[{at},d] = u[{at},d] + o[{at},d]")
    if "f" not in sizes:
        return builder.build("out")
    rms_norm(builder, sizes, "mlp_norm", "out", "mlp_v", over=["d"], at=at)
    builder.define("mlp.gate", "projection", f"mlp_g[{at},f] = sum(d, W_gate[d,f] * mlp_v[{at},d])")
    builder.define("mlp.up", "projection", f"mlp_u[{at},f] = sum(d, W_up[d,f] * mlp_v[{at},d])")
    builder.define("mlp.activate", "mlp", f"mlp_a[{at},f] = silu(mlp_g[{at},f]) * mlp_u[{at},f]")
    builder.define("mlp.down", "projection", f"mlp_o[{at},d] = sum(f, W_down[f,d] * mlp_a[{at},f])")
    builder.define("mlp.residual", "residual", f"out_mlp[{at},d] = out[{at},d] + mlp_o[{at},d]")
    return builder.build("out_mlp")


def head(d_model: int, vocabulary: int) -> TimestepGraph:
    """Final norm and LM head for one token: d_model -> logits over the vocabulary."""
    sizes = {"d": d_model, "v": vocabulary}
    builder = GraphBuilder("head", sizes, "u[t,d]")
    rms_norm(builder, sizes, "final_norm", "u", "last", over=["d"])
    builder.define("lm_head", "projection", "logits[t,v] = sum(d, W_head[d,v] * last[t,d])")
    return builder.build("logits")
