"""Straightforward numpy of the pieces of layers, to hold graphs against."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from workloads.execute import random_parameters
from workloads.graph import TimestepGraph

Array = NDArray[np.float64]
Parameters = Mapping[str, Array]
EPSILON = 1e-5


def drawn(graph: TimestepGraph, seed: int = 1) -> dict[str, Array]:
    """Random parameters of *graph*; weights of norms around one."""
    found = random_parameters(graph, seed)
    return {name: 1 + 0.1 * each if name.startswith("W_") and each.ndim == 1 else each for name, each in found.items()}


def rms(x: Array, weight: Array | float = 1.0, axes: int = 1) -> Array:
    """*x* over the root of the mean of its squares over the last *axes*."""
    over = tuple(range(-axes, 0))
    normed: Array = x / np.sqrt((x**2).mean(axis=over, keepdims=True) + EPSILON) * weight
    return normed


def layer_norm(x: Array, weight: Array, bias: Array) -> Array:
    """LayerNorm over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    normed: Array = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON) * weight + bias
    return normed


def sigmoid(x: Array) -> Array:
    """The logistic function."""
    y: Array = 1 / (1 + np.exp(-x))
    return y


def silu(x: Array) -> Array:
    """SiLU."""
    return x * sigmoid(x)


def gelu(x: Array) -> Array:
    """GELU by tanh."""
    y: Array = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return y


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    y: Array = np.logaddexp(x, 0)
    return y


def angles(tokens: int, pairs: int) -> tuple[Array, Array]:
    """Cosines and sines of the angle of each pair for each token."""
    rates = 10000.0 ** (-np.arange(pairs) / pairs)
    turned = np.arange(tokens)[:, None] * rates
    return np.cos(turned), np.sin(turned)


def rotated(x: Array, cos: Array, sin: Array) -> Array:
    """*x* ``[tokens, ..., e]`` with the first channels rotated, the first half of these against the second."""
    pairs, middle = cos.shape[1], (1,) * (x.ndim - 2)
    c, s = (table.reshape(len(x), *middle, pairs) for table in (cos, sin))
    first, second, rest = x[..., :pairs], x[..., pairs : 2 * pairs], x[..., 2 * pairs :]
    return np.concatenate([first * c - second * s, second * c + first * s, rest], axis=-1)


def mamba2(W: Parameters, x: Array, multipliers: tuple[float, ...] = (1, 1, 1, 1, 1), gated_norm: bool = True) -> Array:
    """A Mamba-2 mixer token by token; the parameters have no suffix. Multipliers are of z, x, B, C and dt."""
    mz, mx, mb, mc, mdt = multipliers
    z, u, B, C, dt = (
        np.einsum("td,d...->t...", x, W[f"W_in_{name}"]) * factor
        for name, factor in (("z", mz), ("x", mx), ("B", mb), ("C", mc), ("dt", mdt))
    )
    u, B, C = (silu(convolved(v, W[f"W_conv_{n}"]) + W[f"b_conv_{n}"]) for v, n in ((u, "x"), (B, "B"), (C, "C")))
    dt = softplus(dt + W["b_dt"])
    state, ys = np.zeros((*u.shape[1:], B.shape[-1])), []
    for t in range(len(x)):
        state = np.exp(dt[t] * W["A"])[..., None, None] * state
        state = state + np.einsum("eh,ehp,en->ehpn", dt[t], u[t], B[t])
        ys.append(np.einsum("en,ehpn->ehp", C[t], state) + W["D"][..., None] * u[t])
    y = np.array(ys) * silu(z)
    if gated_norm:
        y = rms(y, W["W_gn"], axes=2)
    out: Array = np.einsum("tehp,ehpd->td", y, W["W_out"])
    return out


def convolved(x: Array, taps: Array) -> Array:
    """The causal convolution of *x* ``[tokens, ...]`` by *taps* ``[k, ...]``, the newest first."""
    out = np.zeros_like(x)
    for k, weights in enumerate(taps):
        out[k:] += weights * x[: len(x) - k]
    return out


def without(W: Parameters, suffix: str) -> dict[str, Array]:
    """The parameters whose name ends in *suffix*, by their names without it."""
    return {name.removesuffix(suffix): each for name, each in W.items() if name.endswith(suffix)}
