"""The recurrences of gated linear attention, RetNet, HGRN2, mLSTM, RG-LRU and S4D as plain loops over tokens.

Written from the papers' formulas, as tests/support/recurrences.py is, whose conventions hold: parameters ``W``, inputs
[tokens, d], the state to go on from, outputs with the residual, the state after the last token.
"""

from __future__ import annotations

import math

import numpy as np

from tests.support.recurrences import Array, Parameters, State, finish, resume, sigmoid, silu

EPSILON = 1e-6  # of every norm but S4D's, and of mLSTM's denominator
CAP = 15.0  # of mLSTM's gates


def rms(x: Array, epsilon: float = EPSILON) -> Array:
    """*x* over its root mean square, all of it."""
    return x / math.sqrt(float(np.mean(x**2)) + epsilon)


def layer_norm(x: Array, epsilon: float = EPSILON) -> Array:
    """*x* with mean zero and variance one."""
    return (x - np.mean(x)) / math.sqrt(float(np.var(x)) + epsilon)


def gelu(x: Array) -> Array:
    """GELU by tanh (arXiv 1606.08415, section 2)."""
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def project(x: Array, W: Parameters, *names: str) -> list[Array]:
    """x @ W_name for each of *names*, over x's one index and whatever indices the weight has besides."""
    return [np.tensordot(x, W[f"W_{name}"], 1) for name in names]


def gla(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2312.06635, section 4: a decay for each key, the 16th root of a sigmoid; swish gate after the norm."""
    _, heads, K = W["W_q"].shape
    V = W["W_v"].shape[2]
    carried = resume(state, S=(1, heads, K, V))
    S, outputs = carried["S"][0], []
    for u in inputs:
        x = rms(u) * W["W_norm"]
        q, k, v, g, low = project(x, W, "q", "k", "v", "g", "low")
        alpha = sigmoid(np.tensordot(low, W["W_high"], 1) + W["b_a"]) ** (1 / 16)
        o = np.zeros_like(u)
        for h in range(heads):
            S[h] = np.diag(alpha[h]) @ S[h] + np.outer(k[h], v[h])
            y = (q[h] / math.sqrt(K)) @ S[h]
            o += (rms(y) * W["W_out_norm"] * silu(g[h])) @ W["W_out"][h]
        outputs.append(u + o)
    return finish(outputs, inputs, carried)


def retnet(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2307.08621, sections 2.1 and 2.2: one decay a head, queries and keys complex numbers turned by n theta."""
    _, heads, _, M = W["W_q"].shape
    V = W["W_v"].shape[2]
    carried = resume(state, pos=(1,), S=(1, heads, 2, M, V))
    S, outputs = carried["S"][0], []
    theta = np.array([10000.0 ** (-m / M) for m in range(M)])
    for u in inputs:
        x = rms(u) * W["W_norm"]
        q_raw, k_raw, v, g = project(x, W, "q", "k", "v", "g")
        carried["pos"] += 1
        turn = np.exp(1j * carried["pos"][0] * theta)
        o = np.zeros_like(u)
        for h in range(heads):
            q = (q_raw[h, 0] + 1j * q_raw[h, 1]) * turn
            k = (k_raw[h, 0] + 1j * k_raw[h, 1]) * turn
            memory = (1.0 - 2.0 ** (-5 - h)) * (S[h, 0] + 1j * S[h, 1]) + np.outer(k, v[h])
            S[h] = np.stack([memory.real, memory.imag])
            y = (np.conj(q) @ memory).real / math.sqrt(2 * M)
            o += (rms(y) * W["W_out_norm"] * silu(g[h])) @ W["W_out"][h]
        outputs.append(u + o)
    return finish(outputs, inputs, carried)


def hgrn2(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2404.07904, section 3: the key is one minus a forget gate that has a lower bound."""
    _, heads, K = W["W_q"].shape
    V = W["W_i"].shape[2]
    carried = resume(state, S=(1, heads, K, V))
    S, outputs = carried["S"][0], []
    for u in inputs:
        x = rms(u) * W["W_norm"]
        q, f_raw, i = project(x, W, "q", "f", "i")
        f = W["bound"] + (1.0 - W["bound"]) * sigmoid(f_raw)
        y = np.zeros((heads, V))
        for h in range(heads):
            S[h] = np.diag(f[h]) @ S[h] + np.outer(1.0 - f[h], i[h])
            y[h] = silu(q[h]) / math.sqrt(K) @ S[h]
        outputs.append(u + np.tensordot(rms(y) * W["W_out_norm"], W["W_out"], 2))
    return finish(outputs, inputs, carried)


def mlstm(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2405.04517, equations 19 to 27, memory and normaliser as they are: scaled by exp(-m) in the state alone.

    The stabiliser m is needed besides for the epsilon that the code adds to the denominator that is scaled with it.
    """
    _, heads, K = W["W_q"].shape
    V = W["W_v"].shape[2]
    carried = resume(state, m=(1, heads), C=(1, heads, K, V), n=(1, heads, K))
    m = carried["m"][0]
    C = carried["C"][0] * np.exp(m)[:, None, None]
    n, outputs = carried["n"][0] * np.exp(m)[:, None], []
    for u in inputs:
        x = rms(u) * W["W_norm"]
        q, k, v, o_raw, i_raw, f_raw = project(x, W, "q", "k", "v", "o", "i", "f")
        log_input = CAP * np.tanh((i_raw + W["b_i"]) / CAP)
        forget = sigmoid(CAP * np.tanh((f_raw + W["b_f"]) / CAP))
        o = np.zeros_like(u)
        for h in range(heads):
            m[h] = max(math.log(forget[h]) + m[h], log_input[h])
            C[h] = forget[h] * C[h] + math.exp(log_input[h]) * np.outer(k[h], v[h])
            n[h] = forget[h] * n[h] + math.exp(log_input[h]) * k[h]
            query = q[h] / math.sqrt(K)
            y = query @ C[h] / (max(abs(query @ n[h]), 1.0) + EPSILON * math.exp(m[h]))
            o += (layer_norm(y) * W["W_out_norm"][h] * sigmoid(o_raw[h])) @ W["W_out"][h]
        outputs.append(u + o)
    carried["C"][0], carried["n"][0] = C * np.exp(-m)[:, None, None], n * np.exp(-m)[:, None]
    return finish(outputs, inputs, carried)


def rg_lru(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2402.19427, section 2.4, equations 1 to 4, in the recurrent block of its figure 2."""
    _, blocks, I = W["W_x"].shape  # noqa: E741
    taps = W["W_conv"]
    carried = resume(state, xb=(len(taps) - 1, blocks, I), h=(1, blocks, I))
    hidden, outputs = carried["h"][0], []
    for u in inputs:
        x_raw, y_raw = project(rms(u) * W["W_norm"], W, "x", "y")
        window = np.concatenate([carried["xb"], (x_raw + W["b_x"])[None]])
        carried["xb"] = window[1:]
        x = W["b_conv"] + sum(tap * window[-1 - back] for back, tap in enumerate(taps))
        o = u + W["b_out"]
        for b in range(blocks):
            r = sigmoid(x[b] @ W["W_r"][b] + W["b_r"][b])
            i = sigmoid(x[b] @ W["W_i"][b] + W["b_i"][b])
            a = np.exp(W["A"][b]) ** r
            hidden[b] = a * hidden[b] + np.sqrt(1.0 - a**2) * (i * x[b])
            o = o + (hidden[b] * gelu(y_raw[b] + W["b_y"][b])) @ W["W_out"][b]
        outputs.append(o)
    return finish(outputs, inputs, carried)


def s4d(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2206.11893, section 3, as a recurrence of complex numbers; then GELU, a linear layer and a GLU."""
    D, N = W["A_re"].shape
    carried = resume(state, R=(1, D, N), I=(1, D, N))
    A, C = W["A_re"] + 1j * W["A_im"], (W["C_re"] - 1j * W["C_im"]) / 2.0
    hidden, outputs = carried["R"][0] + 1j * carried["I"][0], []
    for u in inputs:
        x = layer_norm(u, 1e-5) * W["W_norm"] + W["b_norm"]
        y = np.zeros(D)
        for d in range(D):
            hidden[d] = A[d] * hidden[d] + x[d]
            y[d] = 2.0 * float((C[d] @ hidden[d]).real) + W["D"][d] * x[d]
        value, gate = gelu(y) @ W["W_out"] + W["b_out"], gelu(y) @ W["W_gate"] + W["b_gate"]
        outputs.append(u + value * sigmoid(gate))
    carried["R"][0], carried["I"][0] = hidden.real, hidden.imag
    return finish(outputs, inputs, carried)
