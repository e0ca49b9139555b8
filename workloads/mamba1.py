"""Mamba-1 (arXiv 2312.00752): selective state space with a decay per channel and state element.

The sequential form: one step of h = exp(dt A) h + dt B x for each token. Index letters: d = d_model, i = d_inner
channels, n = d_state, r = dt_rank, k = convolution taps.
"""

from __future__ import annotations

from pydantic import Field, PositiveInt

from sim.documents import Spec
from workloads.blocks import rms_norm
from workloads.graph import GraphBuilder, TimestepGraph


class Mamba1Dimensions(Spec):
    """Sizes of a Mamba-1 block; ``dt_rank`` defaults to ceil(d_model / 16) as in the official implementation."""

    d_model: PositiveInt
    d_state: PositiveInt = 16
    expand: PositiveInt = 2
    d_conv: PositiveInt = 4
    dt_rank: PositiveInt | None = Field(default=None)


def mamba1_block(m: Mamba1Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one Mamba-1 block, residual and norm included."""
    rank = m.dt_rank or -(-m.d_model // 16)
    sizes = {"d": m.d_model, "i": m.expand * m.d_model, "n": m.d_state, "r": rank, "k": m.d_conv}
    b = GraphBuilder("mamba1", sizes, "u[t,d]")
    rms_norm(b, sizes, "norm", "u", "v", over=["d"])
    b.define("in_proj.x", "projection", "x[t,i] = sum(d, W_in_x[d,i] * v[t,d])")
    b.define("in_proj.z", "projection", "z[t,i] = sum(d, W_in_z[d,i] * v[t,d])")
    b.define("conv", "convolution", "xc[t,i] = silu(sum(k, W_conv[k,i] * x[t-k,i]) + b_conv[i])")
    b.define("x_proj.dt", "projection", "low[t,r] = sum(i, W_low[i,r] * xc[t,i])")
    b.define("x_proj.B", "projection", "B[t,n] = sum(i, W_B[i,n] * xc[t,i])")
    b.define("x_proj.C", "projection", "C[t,n] = sum(i, W_C[i,n] * xc[t,i])")
    b.define("dt_proj", "projection", "dt_raw[t,i] = sum(r, W_dt[r,i] * low[t,r])")
    b.define("dt", "discretisation", "dt[t,i] = softplus(dt_raw[t,i] + b_dt[i])")
    b.define("decay", "discretisation", "dA[t,i,n] = exp(dt[t,i] * A[i,n])")
    b.define("dt_x", "discretisation", "dx[t,i] = dt[t,i] * xc[t,i]")
    b.define("outer", "state", "dBx[t,i,n] = dx[t,i] * B[t,n]")
    b.define("update", "state", "h[t,i,n] = dA[t,i,n] * h[t-1,i,n] + dBx[t,i,n]")
    b.define("readout", "state", "s[t,i] = sum(n, C[t,n] * h[t,i,n])")
    b.define("skip", "gate", "y[t,i] = s[t,i] + D[i] * xc[t,i]")
    b.define("gate", "gate", "g[t,i] = y[t,i] * silu(z[t,i])")
    b.define("out_proj", "projection", "o[t,d] = sum(i, W_out[i,d] * g[t,i])")
    b.define("residual", "residual", "out[t,d] = u[t,d] + o[t,d]")
    return b.build("out")
