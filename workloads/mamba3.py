"""Mamba-3 (arXiv 2603.15569) with the naive MIMO of "The Hyperscale Lottery" (arXiv 2604.07935), sequential form.

The seed paper's block is not the public one: it widens x, z and y to R*d_inner instead of scaling shared
projections by a vector per rank, has rotation angles of every head, and no MLP (its in_proj is d_model x (2 R d_inner +
2 N R + H N/2 + 2 H), out_proj is R d_inner x d_model). The recurrence is Mamba-3's: trapezoidal rule (B and x of the
previous token), data-dependent rotation of B and C by cumulative angles, rank-R update, no convolution. B and C are
normalised per rank and biased per head, which makes them per head.

Index letters: d = d_model, h = heads, r = rank, p = channels of a head; the state index n is the pair (c, m): the
rotation turns (n, n + N/2), so c = 0, 1 and m = 0 .. N/2 - 1.
"""

from __future__ import annotations

from math import pi

from pydantic import PositiveInt, model_validator

from sim.documents import Spec
from workloads.blocks import rms_norm
from workloads.graph import GraphBuilder, TimestepGraph


class Mamba3NaiveDimensions(Spec):
    """Sizes of the seed paper's Mamba-3 block; ``mimo_rank`` 1 is its SISO form."""

    d_model: PositiveInt
    d_state: PositiveInt = 64
    expand: PositiveInt = 2
    head_dim: PositiveInt = 32
    mimo_rank: PositiveInt = 4

    @model_validator(mode="after")
    def _sizes_divide(self) -> Mamba3NaiveDimensions:
        if self.expand * self.d_model % self.head_dim:
            raise ValueError(
                f"expand*d_model = {self.expand * self.d_model} must be a multiple of head_dim = {self.head_dim}"
            )
        if self.d_state % 2:
            raise ValueError(f"d_state must be even, since rotations turn pairs of it, not {self.d_state}")
        return self


def mamba3_naive_block(m: Mamba3NaiveDimensions) -> TimestepGraph:
    """The dependency graph of one token of one naive-MIMO Mamba-3 block, residual and norm included."""
    heads = m.expand * m.d_model // m.head_dim
    sizes = {"d": m.d_model, "h": heads, "r": m.mimo_rank, "p": m.head_dim, "c": 2, "m": m.d_state // 2}
    b = GraphBuilder("mamba3_naive", sizes, "u[t,d]")
    rms_norm(b, sizes, "norm", "u", "v", over=["d"])
    b.define("in_proj.x", "projection", "x[t,h,r,p] = sum(d, W_in_x[d,h,r,p] * v[t,d])")
    b.define("in_proj.B", "projection", "B_raw[t,r,c,m] = sum(d, W_in_B[d,r,c,m] * v[t,d])")
    b.define("in_proj.C", "projection", "C_raw[t,r,c,m] = sum(d, W_in_C[d,r,c,m] * v[t,d])")
    b.define("in_proj.theta", "projection", "theta[t,h,m] = sum(d, W_in_theta[d,h,m] * v[t,d])")
    b.define("in_proj.dt", "projection", "dt_raw[t,h] = sum(d, W_in_dt[d,h] * v[t,d])")
    b.define("in_proj.trap", "projection", "trap[t,h] = sum(d, W_in_trap[d,h] * v[t,d])")
    b.define("in_proj.z", "projection", "z[t,h,r,p] = sum(d, W_in_z[d,h,r,p] * v[t,d])")
    rms_norm(b, sizes, "norm_B", "B_raw", "B_n", over=["c", "m"], kept=["r"])
    rms_norm(b, sizes, "norm_C", "C_raw", "C_n", over=["c", "m"], kept=["r"])
    b.define("dt", "discretisation", "dt[t,h] = softplus(dt_raw[t,h] + b_dt[h])")
    b.define("decay", "discretisation", "alpha[t,h] = exp(dt[t,h] * A[h])")
    b.define("trapezoid.now", "discretisation", "gamma[t,h] = sigmoid(trap[t,h]) * dt[t,h]")
    b.define("trapezoid.past", "discretisation", "beta[t,h] = (dt[t,h] - gamma[t,h]) * alpha[t,h]")
    b.define("angle", "rotation", f"phi[t,h,m] = phi[t-1,h,m] + tanh(theta[t,h,m]) * (dt[t,h] * {pi!r})")
    b.constant("sign", "c", (-1.0, 1.0))
    b.define("angle.cos", "rotation", "cs[t,h,m] = cos(phi[t,h,m])")
    b.define("angle.sin", "rotation", "sn[t,h,c,m] = sign[c] * sin(phi[t,h,m])")
    for name in ("B", "C"):
        b.define(f"bias_{name}", "rotation", f"{name}_b[t,h,r,c,m] = {name}_n[t,r,c,m] + bias_{name}[h,r,c,m]")
        b.define(
            f"rotate_{name}", "rotation",
            f"{name}[t,h,r,c,m] = {name}_b[t,h,r,c,m] * cs[t,h,m] + {name}_b[t,h,r,1-c,m] * sn[t,h,c,m]",
        )  # fmt: skip
    b.define("scale_x.now", "discretisation", "x_now[t,h,r,p] = gamma[t,h] * x[t,h,r,p]")
    b.define("scale_x.past", "discretisation", "x_past[t,h,r,p] = beta[t,h] * x[t-1,h,r,p]")
    b.define(
        "outer", "state",
        "U[t,h,p,c,m] = sum(r, x_now[t,h,r,p] * B[t,h,r,c,m]) + sum(r, x_past[t,h,r,p] * B[t-1,h,r,c,m])",
    )  # fmt: skip
    b.define("update", "state", "S[t,h,p,c,m] = alpha[t,h] * S[t-1,h,p,c,m] + U[t,h,p,c,m]")
    b.define("readout", "state", "s[t,h,r,p] = sum(c, m, C[t,h,r,c,m] * S[t,h,p,c,m])")
    b.define("skip", "gate", "y[t,h,r,p] = s[t,h,r,p] + D[h] * x[t,h,r,p]")
    b.define("gate", "gate", "g[t,h,r,p] = y[t,h,r,p] * silu(z[t,h,r,p])")
    b.define("out_proj", "projection", "o[t,d] = sum(h, r, p, W_out[h,r,p,d] * g[t,h,r,p])")
    b.define("residual", "residual", "out[t,d] = u[t,d] + o[t,d]")
    return b.build("out")
