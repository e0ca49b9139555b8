"""The delta-rule models' recurrences as plain loops over tokens and heads: what their equations must compute.

As recurrences.py, of which inputs, results and states are the same: nothing here knows of chunks, of triangular
matrices, or of the equations in workloads/equations. A state S is [keys, values], the transpose of the papers'; each
step is the paper's one matrix of transition, applied to S.
"""

from __future__ import annotations

import math

import numpy as np

from tests.support.recurrences import (
    Array,
    Parameters,
    State,
    causal_convolution,
    finish,
    resume,
    sigmoid,
    silu,
    softplus,
)

UNIT_EPSILON = 1e-6  # of the L2 norms


def root_mean_square(x: Array, epsilon: float) -> float:
    return math.sqrt(float(np.mean(x**2)) + epsilon)


def layer_norm(x: Array, weight: Array, bias: Array, epsilon: float) -> Array:
    """Over all of *x* (arXiv 1607.06450, equation 4)."""
    return (x - np.mean(x)) / math.sqrt(float(np.var(x)) + epsilon) * weight + bias


def unit(x: Array) -> Array:
    """*x* divided by its length."""
    return x / math.sqrt(float(x @ x) + UNIT_EPSILON)


def forgetting(beta: float, key: Array) -> Array:
    """1 - beta k k^T: what a delta rule leaves of what was known about *key*."""
    return np.eye(len(key)) - beta * np.outer(key, key)


class _Entrance:
    """Pre-norm, projections, short convolutions with SiLU, and L2 norms of the DeltaNets, token by token."""

    def __init__(self, W: Parameters, state: State | None) -> None:
        self.W = W
        (_, heads, keys), values = W["W_q"].shape, W["W_v"].shape[2]
        reach = len(W["W_conv_q"]) - 1
        self.carried = resume(
            state, q_raw=(reach, heads, keys), k_raw=(reach, heads, keys), v_raw=(reach, heads, values),
            S=(1, heads, keys, values),
        )  # fmt: skip
        self.heads = range(heads)
        self.S = self.carried["S"][0]

    def token(self, u: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Normalised input, queries, keys, values and betas of the heads."""
        W = self.W
        x = u / root_mean_square(u, 1e-6) * W["W_norm"]
        found = {}
        for name in "qkv":
            tensor, taps = f"{name}_raw", W[f"W_conv_{name}"]
            raw = np.tensordot(x, W[f"W_{name}"], 1)
            found[name], self.carried[tensor] = causal_convolution(
                self.carried[tensor], raw, taps, np.zeros_like(taps[0])
            )
        queries = np.array([unit(q) / math.sqrt(len(q)) for q in found["q"]])
        keys = np.array([unit(k) for k in found["k"]])
        return x, queries, keys, found["v"], sigmoid(x @ W["W_beta"])


def _out_norm(W: Parameters, y: Array) -> Array:
    return y / root_mean_square(y, 1e-6) * W["W_out_norm"]


def deltanet(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2406.06484, section 2: S = S - beta (S k - v) k^T."""
    e = _Entrance(W, state)
    outputs = []
    for u in inputs:
        _, q, k, v, beta = e.token(u)
        o = np.zeros_like(u)
        for h in e.heads:
            e.S[h] = forgetting(beta[h], k[h]) @ e.S[h] + beta[h] * np.outer(k[h], v[h])
            o += _out_norm(W, q[h] @ e.S[h]) @ W["W_out"][h]
        outputs.append(u + o)
    return finish(outputs, inputs, e.carried)


def gated_deltanet(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2412.06464, section 3: a decay per head before the delta rule, SiLU of a gate after the norm."""
    e = _Entrance(W, state)
    outputs = []
    for u in inputs:
        x, q, k, v, beta = e.token(u)
        alpha = np.exp(W["A"] * softplus(x @ W["W_dt"] + W["b_dt"]))
        gate = silu(np.tensordot(x, W["W_g"], 1))
        o = np.zeros_like(u)
        for h in e.heads:
            e.S[h] = alpha[h] * (forgetting(beta[h], k[h]) @ e.S[h]) + beta[h] * np.outer(k[h], v[h])
            o += (_out_norm(W, q[h] @ e.S[h]) * gate[h]) @ W["W_out"][h]
        outputs.append(u + o)
    return finish(outputs, inputs, e.carried)


def kda(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2510.26692, equation 1: a decay per key channel before the delta rule, a sigmoid gate after the norm."""
    e = _Entrance(W, state)
    outputs = []
    for u in inputs:
        x, q, k, v, beta = e.token(u)
        dt = softplus(np.tensordot(x @ W["W_f_down"], W["W_f_up"], 1) + W["b_dt"])
        gate = sigmoid(np.tensordot(x @ W["W_g_down"], W["W_g_up"], 1) + W["b_g"])
        o = np.zeros_like(u)
        for h in e.heads:
            decayed = np.diag(np.exp(W["A"][h] * dt[h])) @ e.S[h]
            e.S[h] = forgetting(beta[h], k[h]) @ decayed + beta[h] * np.outer(k[h], v[h])
            o += (_out_norm(W, q[h] @ e.S[h]) * gate[h]) @ W["W_out"][h]
        outputs.append(u + o)
    return finish(outputs, inputs, e.carried)


def rwkv7(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2503.14456, the first layer's time mixing: S = S (Diag(w) - c^T (a * c)) + v^T k, transposed."""
    d, heads, keys = W["W_r"].shape
    values = W["W_v"].shape[2]
    carried = resume(state, x=(1, d), S=(1, heads, keys, values))
    S, outputs = carried["S"][0], []
    for u in inputs:
        x = layer_norm(u, W["W_norm"], W["b_norm"], 1e-5)
        mixed = {name: (1 - W[f"mix_{name}"]) * x + W[f"mix_{name}"] * carried["x"][0] for name in "rwkvag"}
        carried["x"][0] = x
        r, k_raw, v = (np.tensordot(mixed[name], W[f"W_{name}"], 1) for name in "rkv")
        w_raw = np.tensordot(np.tanh(mixed["w"] @ W["W_w_down"]), W["W_w_up"], 1) + W["b_w"]
        w = np.exp(-math.exp(-0.5) * sigmoid(w_raw))
        a = sigmoid(np.tensordot(mixed["a"] @ W["W_a_down"], W["W_a_up"], 1) + W["b_a"])
        gate = np.tensordot(sigmoid(mixed["g"] @ W["W_g_down"]), W["W_g_up"], 1)
        k = k_raw * (1 + (a - 1) * W["scale_a"])
        o = np.zeros_like(u)
        for h in range(heads):
            c = unit(k_raw[h] * W["scale_c"][h])
            S[h] = (np.diag(w[h]) - np.outer(a[h] * c, c)) @ S[h] + np.outer(k[h], v[h])
            y = layer_norm(r[h] @ S[h], W["W_out_norm"][h], W["b_out_norm"][h], keys * 1e-5)
            y += float(np.sum(r[h] * W["W_bonus"][h] * k[h])) * v[h]
            o += (y * gate[h]) @ W["W_out"][h]
        outputs.append(u + o)
    return finish(outputs, inputs, carried)
