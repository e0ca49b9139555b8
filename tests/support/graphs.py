"""Timestep graphs to draw: small ones, and those of shipped models."""

from __future__ import annotations

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph

WORKLOADS = ["mamba1", "mamba2", "mamba3_mimo"]


def leaky() -> TimestepGraph:
    """A projection, a window, a recurrence and a kind that no shipped model has."""
    builder = GraphBuilder("leaky", {"d": 4, "i": 6, "k": 3}, "u[t,d]")
    builder.define("in_proj", "projection", "x[t,i] = sum(d, W[d,i] * u[t,d])")
    builder.define("conv", "convolution", "c[t,i] = sum(k, F[k,i] * x[t-k,i])")
    builder.define("leak", "state", "h[t,i] = a[i] * h[t-1,i] + c[t,i]")
    builder.define("total", "pooling", "y[t] = sum(i, exp(h[t,i]))")
    return builder.build("y")


def tangled() -> TimestepGraph:
    """Recurrences of several operations: edges to the row above, and between two boxes of one row."""
    builder = GraphBuilder("tangled", {"d": 4}, "u[t,d]")
    builder.define("first", "state", "p[t,d] = u[t,d] + q[t-1,d]")
    builder.define("other", "state", "q[t,d] = u[t,d] + p[t-1,d] + y[t-2,d]")
    builder.define("mix", "state", "r[t,d] = p[t,d] * q[t,d] + u[t-1,d] + u[t-3,d]")
    builder.define("out", "gate", "y[t,d] = tanh(r[t,d]) + u[t,d]")
    return builder.build("y")


def independent() -> TimestepGraph:
    """No recurrence."""
    builder = GraphBuilder("independent", {"d": 4}, "u[t,d]")
    builder.define("gate", "gate", "y[t,d] = silu(u[t,d])")
    return builder.build("y")
