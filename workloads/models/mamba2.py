"""Mamba-2 (arXiv 2405.21060): one scalar decay per head, heads of P channels, B and C shared by a group of heads.

*Sequential*: S = a S + (dt x) B^T for each token. *Chunked* (SSD, section 6 there): within a chunk of Q tokens the
output is a masked matrix product, ((C B^T) * decay) (dt x); from chunk to chunk only the state at the end is passed on.

The norm after the gate is taken over each group on its own, as in the official implementation. Index letters:
d = d_model, e = groups, h = heads of a group, p = channels of a head, n = d_state, k = convolution taps, f = MLP
channels, q and s = tokens of a chunk.
"""

from __future__ import annotations

from pydantic import model_validator

from workloads.graph import GraphBuilder, TimestepGraph
from workloads.models.blocks import TOKENS, finish_block, rms_norm, subscripts
from workloads.models.sizes import (
    Expansion,
    Groups,
    HeadSize,
    MlpWidth,
    ModelWidth,
    StateSize,
    Taps,
    check_heads,
)
from workloads.spec import Spec


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


def mamba2_sequential(m: Mamba2Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one Mamba-2 block, norm and residual included."""
    b, sizes = _entrance(m, None)
    b.define("decay", "discretisation", "a[t,e,h] = exp(dt[t,e,h] * A[e,h])")
    b.define("dt_x", "input_scale", "dx[t,e,h,p] = dt[t,e,h] * xc[t,e,h,p]")
    b.define("outer", "state", "dBx[t,e,h,p,n] = dx[t,e,h,p] * B[t,e,n]")
    b.define("update", "state", "S[t,e,h,p,n] = a[t,e,h] * S[t-1,e,h,p,n] + dBx[t,e,h,p,n]")
    b.define("readout", "state", "s[t,e,h,p] = sum(n, C[t,e,n] * S[t,e,h,p,n])")
    return _exit(b, sizes, "t", "s")


def mamba2_chunked(m: Mamba2Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk of *chunk* tokens in the structured state-space duality's four matrix products."""
    b, sizes = _entrance(m, chunk)
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
    return _exit(b, sizes, "t,q", "sy")


def _entrance(m: Mamba2Dimensions, chunk: int | None) -> tuple[GraphBuilder, dict[str, int]]:
    """Everything before the recurrence: norm, in_proj, convolutions, dt."""
    heads = m.expand * m.d_model // m.head_dim // m.n_groups
    sizes = {"d": m.d_model, "e": m.n_groups, "h": heads, "p": m.head_dim, "n": m.d_state, "k": m.d_conv}
    sizes |= {"f": m.d_intermediate} if m.d_intermediate else {}
    sizes |= {TOKENS: chunk, "s": chunk} if chunk is not None else {}
    at = subscripts(chunk)
    past = at.replace("t", "t-k", 1)
    b = GraphBuilder("mamba2", sizes, f"u[{at},d]", tokens=TOKENS if chunk is not None else None)
    rms_norm(b, sizes, "norm", "u", "v", over=["d"], at=at)
    b.define("in_proj.x", "projection", f"x[{at},e,h,p] = sum(d, W_in_x[d,e,h,p] * v[{at},d])")
    b.define("in_proj.B", "projection", f"B_raw[{at},e,n] = sum(d, W_in_B[d,e,n] * v[{at},d])")
    b.define("in_proj.C", "projection", f"C_raw[{at},e,n] = sum(d, W_in_C[d,e,n] * v[{at},d])")
    b.define("in_proj.dt", "projection", f"dt_raw[{at},e,h] = sum(d, W_in_dt[d,e,h] * v[{at},d])")
    b.define("in_proj.z", "projection", f"z[{at},e,h,p] = sum(d, W_in_z[d,e,h,p] * v[{at},d])")
    for name, source, result, i in (("x", "x", "xc", "e,h,p"), ("B", "B_raw", "B", "e,n"), ("C", "C_raw", "C", "e,n")):
        window = f"sum(k, W_conv_{name}[k,{i}] * {source}[{past},{i}])"
        b.define(f"conv.{name}", "convolution", f"{result}[{at},{i}] = silu({window} + b_conv_{name}[{i}])")
    dt = f"dt[{at},e,h] = softplus(dt_raw[{at},e,h] + b_dt[e,h])"
    b.define("dt", "discretisation", dt, masked=chunk is not None)
    return b, sizes


def _exit(b: GraphBuilder, sizes: dict[str, int], at: str, state_output: str) -> TimestepGraph:
    """Everything after the recurrence: skip, gate, norm, out_proj, residual, MLP."""
    b.define("skip", "skip", f"y[{at},e,h,p] = {state_output}[{at},e,h,p] + D[e,h] * xc[{at},e,h,p]")
    b.define("gate", "gate", f"g[{at},e,h,p] = y[{at},e,h,p] * silu(z[{at},e,h,p])")
    rms_norm(b, sizes, "gate_norm", "g", "gn", over=["h", "p"], kept=["e"], weight=["e", "h", "p"], at=at)
    b.define("out_proj", "projection", f"o[{at},d] = sum(e, h, p, W_out[e,h,p,d] * gn[{at},e,h,p])")
    return finish_block(b, sizes, at)
