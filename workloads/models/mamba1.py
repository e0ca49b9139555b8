"""Mamba-1 (arXiv 2312.00752): selective state space with a decay per channel and state element.

Three formulations. *Sequential*: one step of h = exp(dt A) h + dt B x for each token. The two *parallel scans* work on
a chunk of tokens with the associative operator (a1, b1) after (a0, b0) = (a1 a0, a1 b0 + b1), element by element:
*Blelloch* (CMU-CS-90-190) sweeps up and down a binary tree, work-efficient; its down-sweep starts from the state that
the chunk before left, so that it hands down states, a multiply-add each, not pairs. *Kogge-Stone* (IEEE Trans. Comput.
C-22, 1973) combines every token with the one 1, 2, 4, ... before it: more work, no gathering, half as many levels.

Index letters: d = d_model, i = d_inner channels, n = d_state, r = dt_rank, k = convolution taps, f = MLP channels,
q = tokens of a chunk, q1, q2, ... = nodes of the tree's levels.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.blocks import finish_block
from workloads.models.generator import SEQUENTIAL
from workloads.models.pieces.norms import TOKENS, rms_norm, subscripts
from workloads.models.pieces.scope import Definitions
from workloads.models.sizes import Expansion, MlpWidth, ModelWidth, StateSize, Taps
from workloads.spec import Spec

BLELLOCH, KOGGE_STONE = "blelloch", "kogge_stone"


class Mamba1Mixer(Spec):
    """A Mamba-1 mixer inside of a layer."""

    d_inner: int = Field(
        ge=1, le=1_048_576, json_schema_extra={"unit": "channels"}, description="Channels of the recurrence."
    )
    d_state: StateSize = 16
    d_conv: Taps = 4
    dt_rank: int = Field(
        ge=1, le=65_536, json_schema_extra={"unit": "ranks"}, description="Rank of the projection that makes dt."
    )
    bcdt_norm: Literal["none", "plain", "weighted"] = Field(
        default="none", description="RMSNorm of B, C and the low-rank dt: none, without weights, or with them."
    )

    def sizes(self, chunk: int | None, formulation: str) -> dict[str, int]:
        """The length of each index but d and f; raises ValueError for a chunk that *formulation* cannot have."""
        sizes = {"i": self.d_inner, "n": self.d_state, "r": self.dt_rank, "k": self.d_conv}
        if chunk is None:
            return sizes
        levels = _levels(chunk)
        nodes = {f"q{level}": chunk >> level for level in range(1, levels + 1)} if formulation == BLELLOCH else {}
        return sizes | {TOKENS: chunk, **nodes}


class Mamba1Dimensions(Spec):
    """Sizes of a Mamba-1 block. Falcon Mamba has ``bcdt_norm`` (arXiv 2410.05355)."""

    d_model: ModelWidth
    d_state: StateSize = 16
    expand: Expansion = 2
    d_conv: Taps = 4
    dt_rank: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "ranks"},
        description="Rank of the projection that makes dt; ceil(d_model / 16) unless given.",
    )  # fmt: skip
    bcdt_norm: bool = Field(
        default=False, description="Whether B, C and the low-rank dt are normalised, by RMSNorm without weights."
    )
    d_intermediate: MlpWidth = 0

    @property
    def mixer(self) -> Mamba1Mixer:
        """The mixer of the block."""
        return Mamba1Mixer(
            d_inner=self.expand * self.d_model, d_state=self.d_state, d_conv=self.d_conv,
            dt_rank=self.dt_rank or -(-self.d_model // 16), bcdt_norm="plain" if self.bcdt_norm else "none",
        )  # fmt: skip


def mamba1_sequential(m: Mamba1Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one Mamba-1 block, norm and residual included."""
    return _block(m, None, SEQUENTIAL)


def mamba1_blelloch(m: Mamba1Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk, scanned by Blelloch's tree; raises ValueError unless *chunk* is a power of two."""
    return _block(m, chunk, BLELLOCH)


def mamba1_kogge_stone(m: Mamba1Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk, scanned by Kogge and Stone's; raises ValueError unless *chunk* is a power of two."""
    return _block(m, chunk, KOGGE_STONE)


def _block(m: Mamba1Dimensions, chunk: int | None, formulation: str) -> TimestepGraph:
    sizes = {"d": m.d_model} | m.mixer.sizes(chunk, formulation)
    sizes |= {"f": m.d_intermediate} if m.d_intermediate else {}
    at = subscripts(chunk)
    b = GraphBuilder("mamba1", sizes, f"u[{at},d]", tokens=TOKENS if chunk is not None else None)
    rms_norm(b, sizes, "norm", "u", "v", over=["d"], at=at)
    mamba1_mixer(b, m.mixer, "v", chunk, formulation)
    return finish_block(b, sizes, at)


def mamba1_mixer(b: Definitions, m: Mamba1Mixer, source: str, chunk: int | None, formulation: str) -> str:
    """Define the mixer of *source* ``[d]``, of a token or a *chunk*; the name of its result ``[d]``."""
    gated, at = mamba1_inner(b, m, source, chunk, formulation), subscripts(chunk)
    b.define("out_proj", "projection", f"o[{at},d] = sum(i, W_out[i,d] * {gated}[{at},i])")
    return "o"


def mamba1_inner(b: Definitions, m: Mamba1Mixer, source: str, chunk: int | None, formulation: str) -> str:
    """Define the mixer without its out_proj; the name of its gated result ``[i]``."""
    at = subscripts(chunk)
    _inwards(b, m, source, at, masked=chunk is not None)
    if chunk is None:
        _recurrence(b)
    else:
        _leaves(b)
        (_blelloch if formulation == BLELLOCH else _kogge_stone)(b, chunk)
    b.define("skip", "skip", f"y[{at},i] = s[{at},i] + D[i] * xc[{at},i]")
    b.define("gate", "gate", f"g[{at},i] = y[{at},i] * silu(z[{at},i])")
    return "g"


def _inwards(b: Definitions, m: Mamba1Mixer, source: str, at: str, masked: bool) -> None:
    """Everything before the scan: in_proj, convolution, x_proj, dt."""
    past = at.replace("t", "t-k", 1)
    b.define("in_proj.x", "projection", f"x[{at},i] = sum(d, W_in_x[d,i] * {source}[{at},d])")
    b.define("in_proj.z", "projection", f"z[{at},i] = sum(d, W_in_z[d,i] * {source}[{at},d])")
    b.define("conv", "convolution", f"xc[{at},i] = silu(sum(k, W_conv[k,i] * x[{past},i]) + b_conv[i])")
    raw, weighted = "" if m.bcdt_norm == "none" else "_raw", m.bcdt_norm == "weighted"
    weight = "W_x" if weighted else "W"  # W_B is the norm's then
    for part, name, index in (("dt", "low", "r"), ("B", "B", "n"), ("C", "C", "n")):
        product = f"sum(i, {weight}_{name}[i,{index}] * xc[{at},i])"
        b.define(f"x_proj.{part}", "projection", f"{name}{raw}[{at},{index}] = {product}")
    for name, index in (("low", "r"), ("B", "n"), ("C", "n")) if raw else ():
        sizes, weights = m.sizes(None, SEQUENTIAL), () if weighted else None
        rms_norm(b, sizes, f"norm_{name}", f"{name}_raw", name, over=[index], weight=weights, at=at)
    b.define("dt_proj", "projection", f"dt_raw[{at},i] = sum(r, W_dt[r,i] * low[{at},r])")
    b.define("dt", "discretisation", f"dt[{at},i] = softplus(dt_raw[{at},i] + b_dt[i])", masked=masked)


def _recurrence(b: Definitions) -> None:
    """One step for each token."""
    b.define("decay", "discretisation", "dA[t,i,n] = exp(dt[t,i] * A[i,n])")
    b.define("dt_x", "input_scale", "dx[t,i] = dt[t,i] * xc[t,i]")
    b.define("outer", "state", "dBx[t,i,n] = dx[t,i] * B[t,n]")
    b.define("update", "state", "h[t,i,n] = dA[t,i,n] * h[t-1,i,n] + dBx[t,i,n]")
    b.define("readout", "state", "s[t,i] = sum(n, C[t,n] * h[t,i,n])")


def _leaves(b: Definitions) -> None:
    """The leaves of a scan: a0 and b0 of every token."""
    b.define("decay", "discretisation", "a0[t,q,i,n] = exp(dt[t,q,i] * A[i,n])")
    b.define("dt_x", "input_scale", "dx[t,q,i] = dt[t,q,i] * xc[t,q,i]")
    b.define("outer", "state", "b0[t,q,i,n] = dx[t,q,i] * B[t,q,n]")


def _blelloch(b: Definitions, chunk: int) -> None:
    """Up and down a tree."""
    levels = _levels(chunk)
    for level in range(1, levels + 1):
        left, right = f"[t,2*q{level},i,n]", f"[t,2*q{level}+1,i,n]"
        a, x = f"a{level - 1}", f"b{level - 1}"
        b.define(f"up{level}.decay", "scan", f"a{level}[t,q{level},i,n] = {a}{right} * {a}{left}")
        b.define(f"up{level}.state", "scan", f"b{level}[t,q{level},i,n] = {a}{right} * {x}{left} + {x}{right}")
    b.define("update", "scan", f"h[t,i,n] = a{levels}[t,0,i,n] * h[t-1,i,n] + b{levels}[t,0,i,n]")
    for level in range(levels, 0, -1):  # e: the state before each node's first token
        q = f"q{level - 1}" if level > 1 else TOKENS
        above = "h[t-1,i,n]" if level == levels else f"e{level}[t,{q}//2,i,n]"
        left = f"[t,{q}-1,i,n]"
        b.define(
            f"down{level}", "scan",
            f"e{level - 1}[t,{q},i,n] = where({q} % 2 == 0, {above}, "
            f"a{level - 1}{left} * {above} + b{level - 1}{left})",
        )  # fmt: skip
    after = f"where(q < {chunk - 1}, e0[t,q+1,i,n], h[t,i,n])" if levels else "h[t,i,n]"
    b.define("readout", "state", f"s[t,q,i] = sum(n, C[t,q,n] * {after})")


def _kogge_stone(b: Definitions, chunk: int) -> None:
    """Every token with the one 1, 2, 4, ... before it."""
    levels = _levels(chunk)
    for level in range(1, levels + 1):
        a, x, back = f"a{level - 1}", f"b{level - 1}", 1 << (level - 1)
        here, left = "[t,q,i,n]", f"[t,q-{back},i,n]"
        b.define(f"level{level}.decay", "scan", f"a{level}{here} = where(q < {back}, {a}{here}, {a}{here} * {a}{left})")
        b.define(
            f"level{level}.state", "scan",
            f"b{level}{here} = where(q < {back}, {x}{here}, {a}{here} * {x}{left} + {x}{here})",
        )  # fmt: skip
    b.define("states", "scan", f"hs[t,q,i,n] = a{levels}[t,q,i,n] * h[t-1,i,n] + b{levels}[t,q,i,n]")
    last = f"[t,{chunk - 1},i,n]"
    b.define("update", "scan", f"h[t,i,n] = a{levels}{last} * h[t-1,i,n] + b{levels}{last}")
    b.define("readout", "state", "s[t,q,i] = sum(n, C[t,q,n] * hs[t,q,i,n])")


def _levels(chunk: int) -> int:
    if chunk & (chunk - 1):
        raise ValueError(f"a parallel scan needs a chunk that is a power of two, not {chunk}")
    return chunk.bit_length() - 1
