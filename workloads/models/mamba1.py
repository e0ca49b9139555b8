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

from pydantic import Field

from workloads.graph import GraphBuilder, TimestepGraph
from workloads.models.blocks import TOKENS, finish_block, rms_norm, subscripts
from workloads.models.sizes import Expansion, MlpWidth, ModelWidth, StateSize, Taps
from workloads.spec import Spec


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


def mamba1_sequential(m: Mamba1Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one Mamba-1 block, norm and residual included."""
    b, sizes = _entrance(m, None)
    b.define("decay", "discretisation", "dA[t,i,n] = exp(dt[t,i] * A[i,n])")
    b.define("dt_x", "input_scale", "dx[t,i] = dt[t,i] * xc[t,i]")
    b.define("outer", "state", "dBx[t,i,n] = dx[t,i] * B[t,n]")
    b.define("update", "state", "h[t,i,n] = dA[t,i,n] * h[t-1,i,n] + dBx[t,i,n]")
    b.define("readout", "state", "s[t,i] = sum(n, C[t,n] * h[t,i,n])")
    return _exit(b, sizes, "t")


def mamba1_blelloch(m: Mamba1Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk, scanned by Blelloch's tree; raises ValueError unless *chunk* is a power of two."""
    levels = _levels(chunk)
    b, sizes = _scan_entrance(m, chunk, {f"q{level}": chunk >> level for level in range(1, levels + 1)})
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
    return _exit(b, sizes, "t,q")


def mamba1_kogge_stone(m: Mamba1Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk, scanned by Kogge and Stone's; raises ValueError unless *chunk* is a power of two."""
    levels = _levels(chunk)
    b, sizes = _scan_entrance(m, chunk, {})
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
    return _exit(b, sizes, "t,q")


def _levels(chunk: int) -> int:
    if chunk & (chunk - 1):
        raise ValueError(f"a parallel scan needs a chunk that is a power of two, not {chunk}")
    return chunk.bit_length() - 1


def _entrance(
    m: Mamba1Dimensions, chunk: int | None, nodes: dict[str, int] | None = None
) -> tuple[GraphBuilder, dict[str, int]]:
    """Everything before the scan: norm, in_proj, convolution, x_proj, dt."""
    rank = m.dt_rank or -(-m.d_model // 16)
    sizes = {"d": m.d_model, "i": m.expand * m.d_model, "n": m.d_state, "r": rank, "k": m.d_conv}
    sizes |= {"f": m.d_intermediate} if m.d_intermediate else {}
    sizes |= {TOKENS: chunk, **(nodes or {})} if chunk is not None else {}
    at = subscripts(chunk)
    past = at.replace("t", "t-k", 1)
    b = GraphBuilder("mamba1", sizes, f"u[{at},d]", tokens=TOKENS if chunk is not None else None)
    rms_norm(b, sizes, "norm", "u", "v", over=["d"], at=at)
    b.define("in_proj.x", "projection", f"x[{at},i] = sum(d, W_in_x[d,i] * v[{at},d])")
    b.define("in_proj.z", "projection", f"z[{at},i] = sum(d, W_in_z[d,i] * v[{at},d])")
    b.define("conv", "convolution", f"xc[{at},i] = silu(sum(k, W_conv[k,i] * x[{past},i]) + b_conv[i])")
    raw = "_raw" if m.bcdt_norm else ""
    b.define("x_proj.dt", "projection", f"low{raw}[{at},r] = sum(i, W_low[i,r] * xc[{at},i])")
    b.define("x_proj.B", "projection", f"B{raw}[{at},n] = sum(i, W_B[i,n] * xc[{at},i])")
    b.define("x_proj.C", "projection", f"C{raw}[{at},n] = sum(i, W_C[i,n] * xc[{at},i])")
    for name, index in (("low", "r"), ("B", "n"), ("C", "n")) if m.bcdt_norm else ():
        rms_norm(b, sizes, f"norm_{name}", f"{name}_raw", name, over=[index], weight=None, at=at)
    b.define("dt_proj", "projection", f"dt_raw[{at},i] = sum(r, W_dt[r,i] * low[{at},r])")
    b.define("dt", "discretisation", f"dt[{at},i] = softplus(dt_raw[{at},i] + b_dt[i])", masked=chunk is not None)
    return b, sizes


def _scan_entrance(m: Mamba1Dimensions, chunk: int, nodes: dict[str, int]) -> tuple[GraphBuilder, dict[str, int]]:
    """The leaves of a scan: a0 and b0 of every token."""
    b, sizes = _entrance(m, chunk, nodes)
    b.define("decay", "discretisation", "a0[t,q,i,n] = exp(dt[t,q,i] * A[i,n])")
    b.define("dt_x", "input_scale", "dx[t,q,i] = dt[t,q,i] * xc[t,q,i]")
    b.define("outer", "state", "b0[t,q,i,n] = dx[t,q,i] * B[t,q,n]")
    return b, sizes


def _exit(b: GraphBuilder, sizes: dict[str, int], at: str) -> TimestepGraph:
    """Everything after the scan: skip, gate, out_proj, residual, MLP."""
    b.define("skip", "skip", f"y[{at},i] = s[{at},i] + D[i] * xc[{at},i]")
    b.define("gate", "gate", f"g[{at},i] = y[{at},i] * silu(z[{at},i])")
    b.define("out_proj", "projection", f"o[{at},d] = sum(i, W_out[i,d] * g[{at},i])")
    return finish_block(b, sizes, at)
