"""Mamba-2 (arXiv 2405.21060): one scalar decay per head, heads of P channels, B and C shared by a group of heads.

*Sequential*: S = a S + (dt x) B^T for each token. *Chunked* (SSD, section 6 there): within a chunk of Q tokens the
output is a masked matrix product, ((C B^T) * decay) (dt x); from chunk to chunk only the state at the end is passed on.

The norm after the gate is taken over each group on its own, as in the official implementation. Index letters:
d = d_model, e = groups, h = heads of a group, p = channels of a head, n = d_state, k = convolution taps, f = MLP
channels, q and s = tokens of a chunk.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.blocks import finish_block
from workloads.models.pieces.norms import TOKENS, rms_norm, subscripts
from workloads.models.pieces.scope import Definitions
from workloads.models.sizes import (
    Expansion,
    Groups,
    HeadSize,
    MlpWidth,
    ModelWidth,
    Multiplier,
    StateSize,
    Taps,
    check_heads,
)
from workloads.spec import Spec, contradiction

SECTIONS = ("z", "x", "B", "C", "dt")  # of in_proj, in the order of the official implementation


class Mamba2Mixer(Spec):
    """A Mamba-2 mixer inside of a layer: ``heads`` of ``head_dim`` channels."""

    heads: int = Field(ge=1, le=65_536, json_schema_extra={"unit": "heads"}, description="Heads of the recurrence.")
    head_dim: HeadSize = 64
    d_state: StateSize = 128
    n_groups: Groups = 1
    d_conv: Taps = 4
    gated_norm: bool = Field(default=True, description="Whether there is an RMSNorm between the gate and out_proj.")
    input_multiplier: Multiplier = Field(
        default=1.0, description="What it reads is multiplied by; 1 takes no operation."
    )
    section_multipliers: Annotated[list[Multiplier], Field(min_length=5, max_length=5)] = Field(
        default=[1.0] * 5, description="What each part of in_proj's result is multiplied by: z, x, B, C, dt."
    )
    output_multiplier: Multiplier = Field(
        default=1.0, description="What its result is multiplied by; 1 takes no operation."
    )

    @model_validator(mode="after")
    def _groups_divide(self) -> Mamba2Mixer:
        if self.heads % self.n_groups:
            message = f"heads = {self.heads} must be a multiple of n_groups = {self.n_groups}"
            raise contradiction(message, "heads", "n_groups")
        return self

    def sizes(self, chunk: int | None) -> dict[str, int]:
        """The length of each index but d and f."""
        sizes = {"e": self.n_groups, "h": self.heads // self.n_groups, "p": self.head_dim}
        sizes |= {"n": self.d_state, "k": self.d_conv}
        return sizes | ({TOKENS: chunk, "s": chunk} if chunk is not None else {})


class Mamba2Dimensions(Spec):
    """Sizes of a Mamba-2 block; d_inner = expand * d_model is cut into heads of ``head_dim`` channels."""

    d_model: ModelWidth
    d_state: StateSize = 128
    expand: Expansion = 2
    head_dim: HeadSize = 64
    n_groups: Groups = 1
    d_conv: Taps = 4
    d_intermediate: MlpWidth = 0

    @model_validator(mode="after")
    def _heads_divide(self) -> Mamba2Dimensions:
        check_heads(self.expand, self.d_model, self.head_dim, self.n_groups)
        return self

    @property
    def mixer(self) -> Mamba2Mixer:
        """The mixer of the block."""
        return Mamba2Mixer(
            heads=self.expand * self.d_model // self.head_dim, head_dim=self.head_dim, d_state=self.d_state,
            n_groups=self.n_groups, d_conv=self.d_conv,
        )  # fmt: skip


def mamba2_sequential(m: Mamba2Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one Mamba-2 block, norm and residual included."""
    return _block(m, None)


def mamba2_chunked(m: Mamba2Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk of *chunk* tokens in the structured state-space duality's four matrix products."""
    return _block(m, chunk)


def _block(m: Mamba2Dimensions, chunk: int | None) -> TimestepGraph:
    sizes = {"d": m.d_model} | m.mixer.sizes(chunk) | ({"f": m.d_intermediate} if m.d_intermediate else {})
    at = subscripts(chunk)
    b = GraphBuilder("mamba2", sizes, f"u[{at},d]", tokens=TOKENS if chunk is not None else None)
    rms_norm(b, sizes, "norm", "u", "v", over=["d"], at=at)
    mamba2_mixer(b, m.mixer, "v", chunk)
    return finish_block(b, sizes, at)


def mamba2_mixer(b: Definitions, m: Mamba2Mixer, source: str, chunk: int | None) -> str:
    """Define the mixer of *source* ``[d]``, of a token or a *chunk*; the name of its result ``[d]``."""
    at = subscripts(chunk)
    _inwards(b, m, source, at, masked=chunk is not None)
    state_output = _recurrence(b) if chunk is None else _chunk(b, chunk)
    return _outwards(b, m, state_output, at)


def _recurrence(b: Definitions) -> str:
    """S token by token; the name of what is read out."""
    b.define("decay", "discretisation", "a[t,e,h] = exp(dt[t,e,h] * A[e,h])")
    b.define("dt_x", "input_scale", "dx[t,e,h,p] = dt[t,e,h] * xc[t,e,h,p]")
    b.define("outer", "state", "dBx[t,e,h,p,n] = dx[t,e,h,p] * B[t,e,n]")
    b.define("update", "state", "S[t,e,h,p,n] = a[t,e,h] * S[t-1,e,h,p,n] + dBx[t,e,h,p,n]")
    b.define("readout", "state", "s[t,e,h,p] = sum(n, C[t,e,n] * S[t,e,h,p,n])")
    return "s"


def _chunk(b: Definitions, chunk: int) -> str:
    """A chunk's tokens in matrix products; the name of what is read out."""
    last = chunk - 1
    b.define("log_decay", "discretisation", "cum[t,q,e,h] = cumsum(q, dt[t,q,e,h] * A[e,h])")
    b.define("dt_x", "input_scale", "dx[t,q,e,h,p] = dt[t,q,e,h] * xc[t,q,e,h,p]")
    b.define("scores", "chunk", "G[t,e,q,s] = sum(n, C[t,q,e,n] * B[t,s,e,n])")
    b.define(
        "mask", "chunk",
        "M[t,e,h,q,s] = where(s <= q, G[t,e,q,s] * exp(cum[t,q,e,h] - cum[t,s,e,h]), 0)",
    )  # fmt: skip
    b.define("intra", "chunk", "y_in[t,q,e,h,p] = sum(s, M[t,e,h,q,s] * dx[t,s,e,h,p])")
    b.define("inter", "chunk", "y_past[t,q,e,h,p] = sum(n, C[t,q,e,n] * S[t-1,e,h,p,n])")
    b.define("combine", "chunk", "sy[t,q,e,h,p] = y_in[t,q,e,h,p] + exp(cum[t,q,e,h]) * y_past[t,q,e,h,p]")
    b.define("to_end", "chunk", f"xw[t,q,e,h,p] = exp(cum[t,{last},e,h] - cum[t,q,e,h]) * dx[t,q,e,h,p]")
    b.define("chunk_state", "chunk", "dS[t,e,h,p,n] = sum(q, xw[t,q,e,h,p] * B[t,q,e,n])")
    b.define("decay", "discretisation", f"a[t,e,h] = exp(cum[t,{last},e,h])")
    b.define("update", "passing", "S[t,e,h,p,n] = a[t,e,h] * S[t-1,e,h,p,n] + dS[t,e,h,p,n]")
    return "sy"


def _inwards(b: Definitions, m: Mamba2Mixer, source: str, at: str, masked: bool) -> None:
    """Everything before the recurrence: in_proj, convolutions, dt."""
    past = at.replace("t", "t-k", 1)
    if m.input_multiplier != 1:
        b.define("scale_input", "multiplier", f"v_in[{at},d] = {source}[{at},d] * {m.input_multiplier!r}")
        source = "v_in"
    factors = dict(zip(SECTIONS, m.section_multipliers, strict=True))
    parts = (
        ("x", "x", "e,h,p"),
        ("B", "B_raw", "e,n"),
        ("C", "C_raw", "e,n"),
        ("dt", "dt_raw", "e,h"),
        ("z", "z", "e,h,p"),
    )
    for name, result, i in parts:
        factor = factors[name]
        projected = result if factor == 1 else f"{result}_p"
        b.define(
            f"in_proj.{name}", "projection", f"{projected}[{at},{i}] = sum(d, W_in_{name}[d,{i}] * {source}[{at},d])"
        )
        if factor != 1:
            b.define(f"scale.{name}", "multiplier", f"{result}[{at},{i}] = {projected}[{at},{i}] * {factor!r}")
    for name, raw, result, i in (("x", "x", "xc", "e,h,p"), ("B", "B_raw", "B", "e,n"), ("C", "C_raw", "C", "e,n")):
        window = f"sum(k, W_conv_{name}[k,{i}] * {raw}[{past},{i}])"
        b.define(f"conv.{name}", "convolution", f"{result}[{at},{i}] = silu({window} + b_conv_{name}[{i}])")
    b.define("dt", "discretisation", f"dt[{at},e,h] = softplus(dt_raw[{at},e,h] + b_dt[e,h])", masked=masked)


def _outwards(b: Definitions, m: Mamba2Mixer, state_output: str, at: str) -> str:
    """Everything after the recurrence: skip, gate, norm, out_proj."""
    b.define("skip", "skip", f"y[{at},e,h,p] = {state_output}[{at},e,h,p] + D[e,h] * xc[{at},e,h,p]")
    b.define("gate", "gate", f"g[{at},e,h,p] = y[{at},e,h,p] * silu(z[{at},e,h,p])")
    gated = "g"
    if m.gated_norm:
        gated = "gn"
        rms_norm(b, m.sizes(None), "gate_norm", "g", gated, over=["h", "p"], kept=["e"], weight=["e", "h", "p"], at=at)
    b.define("out_proj", "projection", f"o[{at},d] = sum(e, h, p, W_out[e,h,p,d] * {gated}[{at},e,h,p])")
    return "o"
