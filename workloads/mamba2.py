"""Mamba-2 (arXiv 2405.21060): one scalar decay per head, heads of P channels, B and C shared by a group of heads.

The sequential form. The norm after the gate is taken over each group on its own, as in the official implementation.
Index letters: d = d_model, e = groups, h = heads of a group, p = channels of a head, n = d_state, k = convolution taps.
"""

from __future__ import annotations

from pydantic import PositiveInt, model_validator

from sim.documents import Spec
from workloads.blocks import rms_norm
from workloads.graph import GraphBuilder, TimestepGraph


class Mamba2Dimensions(Spec):
    """Sizes of a Mamba-2 block; d_inner = expand * d_model is cut into heads of ``head_dim`` channels."""

    d_model: PositiveInt
    d_state: PositiveInt = 128
    expand: PositiveInt = 2
    head_dim: PositiveInt = 64
    n_groups: PositiveInt = 1
    d_conv: PositiveInt = 4

    @model_validator(mode="after")
    def _heads_divide(self) -> Mamba2Dimensions:
        inner = self.expand * self.d_model
        if inner % (self.head_dim * self.n_groups):
            raise ValueError(
                f"expand*d_model = {inner} must be a multiple of head_dim*n_groups = {self.head_dim * self.n_groups}"
            )
        return self


def mamba2_block(m: Mamba2Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one Mamba-2 block, residual and norm included."""
    heads = m.expand * m.d_model // m.head_dim // m.n_groups
    sizes = {"d": m.d_model, "e": m.n_groups, "h": heads, "p": m.head_dim, "n": m.d_state, "k": m.d_conv}
    b = GraphBuilder("mamba2", sizes, "u[t,d]")
    rms_norm(b, sizes, "norm", "u", "v", over=["d"])
    b.define("in_proj.x", "projection", "x[t,e,h,p] = sum(d, W_in_x[d,e,h,p] * v[t,d])")
    b.define("in_proj.B", "projection", "B_raw[t,e,n] = sum(d, W_in_B[d,e,n] * v[t,d])")
    b.define("in_proj.C", "projection", "C_raw[t,e,n] = sum(d, W_in_C[d,e,n] * v[t,d])")
    b.define("in_proj.dt", "projection", "dt_raw[t,e,h] = sum(d, W_in_dt[d,e,h] * v[t,d])")
    b.define("in_proj.z", "projection", "z[t,e,h,p] = sum(d, W_in_z[d,e,h,p] * v[t,d])")
    b.define("conv.x", "convolution", "xc[t,e,h,p] = silu(sum(k, W_conv_x[k,e,h,p] * x[t-k,e,h,p]) + b_conv_x[e,h,p])")
    b.define("conv.B", "convolution", "B[t,e,n] = silu(sum(k, W_conv_B[k,e,n] * B_raw[t-k,e,n]) + b_conv_B[e,n])")
    b.define("conv.C", "convolution", "C[t,e,n] = silu(sum(k, W_conv_C[k,e,n] * C_raw[t-k,e,n]) + b_conv_C[e,n])")
    b.define("dt", "discretisation", "dt[t,e,h] = softplus(dt_raw[t,e,h] + b_dt[e,h])")
    b.define("decay", "discretisation", "a[t,e,h] = exp(dt[t,e,h] * A[e,h])")
    b.define("dt_x", "discretisation", "dx[t,e,h,p] = dt[t,e,h] * xc[t,e,h,p]")
    b.define("outer", "state", "dBx[t,e,h,p,n] = dx[t,e,h,p] * B[t,e,n]")
    b.define("update", "state", "S[t,e,h,p,n] = a[t,e,h] * S[t-1,e,h,p,n] + dBx[t,e,h,p,n]")
    b.define("readout", "state", "s[t,e,h,p] = sum(n, C[t,e,n] * S[t,e,h,p,n])")
    b.define("skip", "gate", "y[t,e,h,p] = s[t,e,h,p] + D[e,h] * xc[t,e,h,p]")
    b.define("gate", "gate", "g[t,e,h,p] = y[t,e,h,p] * silu(z[t,e,h,p])")
    rms_norm(b, sizes, "gate_norm", "g", "gn", over=["h", "p"], kept=["e"], weight=["e", "h", "p"])
    b.define("out_proj", "projection", "o[t,d] = sum(e, h, p, W_out[e,h,p,d] * gn[t,e,h,p])")
    b.define("residual", "residual", "out[t,d] = u[t,d] + o[t,d]")
    return b.build("out")
