"""The papers' recurrences as plain loops over tokens, heads and ranks: what a block must compute, in float64.

Each function takes parameters ``W`` (name -> array), inputs [tokens, d_model] and the state to continue from (None:
zeros), and returns outputs [tokens, d_model], residuals included, and the state after the last token. A state maps a
tensor to [reach, *indices]: its last *reach* tokens, oldest first; a tensor without reach (the window of a convolution
with one tap) is absent. If ``W_up`` is in ``W``, a SwiGLU MLP follows the mixer.

Nothing here is shared with the package, knows of chunks or rounding, or is fast.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Parameters = dict[str, Array]
State = dict[str, Array]

EPSILON = 1e-5  # of every RMSNorm
A_FLOOR = 1e-4  # Mamba-3's slowest decay


# ------------------------------------------------------------------------------------------------------------- pieces


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def softplus(x: Array) -> Array:
    return np.log(1.0 + np.exp(x))


def heavy_tail(x: Array) -> Array:
    return np.where(x >= 0, 1.0 + x, 1.0 / (1.0 + np.abs(x)))


def rms_norm(x: Array, weight: Array) -> Array:
    """RMSNorm over all of *x* (arXiv 1910.07467, equation 4)."""
    mean_square = float(np.mean(x**2))
    return x * weight / math.sqrt(mean_square + EPSILON)


def project(v: Array, W: Parameters, *names: str) -> list[Array]:
    """v @ W_in_name for each of *names*, over v's one index and whatever indices the weight has besides."""
    return [np.tensordot(v, W[f"W_in_{name}"], 1) for name in names]


def causal_convolution(past: Array, newest: Array, taps: Array, bias: Array) -> tuple[Array, Array]:
    """SiLU of the convolution at *newest*, and the past of the next token: *taps* begin with *newest*."""
    window = np.concatenate([past, newest[None]])
    total = bias.copy()
    for k, tap in enumerate(taps):
        total += tap * window[-1 - k]
    return silu(total), window[1:]


def rotate(pairs: Array, phi: Array, member_axis: int) -> Array:
    """Turn the pair m of *pairs* by phi[m], as a complex number; those beyond the last angle stay."""
    first, second = np.moveaxis(pairs, member_axis, 0)
    turned = first + 1j * second
    turned[: len(phi)] *= np.exp(1j * phi)
    return np.stack([turned.real, turned.imag], axis=member_axis)


def resume(state: State | None, **shapes: tuple[int, ...]) -> State:
    """A copy of *state* that the loop may change, zeros if there is none; what reaches back 0 tokens is empty."""
    fresh = {name: np.zeros(shape) for name, shape in shapes.items()}
    if state is not None:
        for name, values in fresh.items():
            if len(values):
                assert state[name].shape == values.shape, f"{name} is {state[name].shape}, not {values.shape}"
                values[:] = state[name]
    return fresh


def finish(outputs: list[Array], inputs: Array, carried: State) -> tuple[Array, State]:
    """What each recurrence returns: outputs shaped as the inputs, and the state without its empty tensors."""
    return np.array(outputs).reshape(inputs.shape), {name: values for name, values in carried.items() if len(values)}


def mlp(W: Parameters, u: Array) -> Array:
    """The SwiGLU block (arXiv 2002.05202, equation 6) and its residual, if the parameters have one."""
    if "W_up" not in W:
        return u
    v = rms_norm(u, W["W_mlp_v"])
    return u + (silu(v @ W["W_gate"]) * (v @ W["W_up"])) @ W["W_down"]


# -------------------------------------------------------------------------------------------------------- recurrences


def mamba1(W: Parameters, inputs: Array, state: State | None = None, *, bcdt_norm: bool = False) -> tuple[Array, State]:
    """arXiv 2312.00752, algorithm 2 and section 3.4: a decay per channel and state element.

    With *bcdt_norm* B, C and the low-rank dt are normalised (arXiv 2410.05355, section 2.2).
    """
    D, N = W["A"].shape
    carried = resume(state, x=(len(W["W_conv"]) - 1, D), h=(1, D, N))
    h, outputs = carried["h"][0], []
    for u in inputs:
        x_raw, z = project(rms_norm(u, W["W_v"]), W, "x", "z")
        x, carried["x"] = causal_convolution(carried["x"], x_raw, W["W_conv"], W["b_conv"])
        low, B, C = x @ W["W_low"], x @ W["W_B"], x @ W["W_C"]
        if bcdt_norm:
            low, B, C = (rms_norm(each, np.ones_like(each)) for each in (low, B, C))
        dt = softplus(low @ W["W_dt"] + W["b_dt"])
        y = np.zeros(D)
        for i in range(D):
            for n in range(N):
                h[i, n] = np.exp(dt[i] * W["A"][i, n]) * h[i, n] + dt[i] * B[n] * x[i]
            y[i] = C @ h[i] + W["D"][i] * x[i]
        outputs.append(mlp(W, u + (y * silu(z)) @ W["W_out"]))
    return finish(outputs, inputs, carried)


def mamba2(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2405.21060, section 7: a decay per head, B and C of a group of heads, the gate before a norm per group."""
    G, heads, P = W["W_in_x"].shape[1:]
    N, reach = W["W_in_B"].shape[2], len(W["W_conv_x"]) - 1
    carried = resume(
        state, x=(reach, G, heads, P), B_raw=(reach, G, N), C_raw=(reach, G, N), S=(1, G, heads, P, N)
    )  # fmt: skip
    S, outputs = carried["S"][0], []
    for u in inputs:
        x_raw, B_raw, C_raw, z, dt_raw = project(rms_norm(u, W["W_v"]), W, "x", "B", "C", "z", "dt")
        x, carried["x"] = causal_convolution(carried["x"], x_raw, W["W_conv_x"], W["b_conv_x"])
        B, carried["B_raw"] = causal_convolution(carried["B_raw"], B_raw, W["W_conv_B"], W["b_conv_B"])
        C, carried["C_raw"] = causal_convolution(carried["C_raw"], C_raw, W["W_conv_C"], W["b_conv_C"])
        dt = softplus(dt_raw + W["b_dt"])
        o = np.zeros_like(u)
        for g in range(G):
            y = np.zeros((heads, P))
            for h in range(heads):
                alpha = np.exp(dt[g, h] * W["A"][g, h])
                S[g, h] = alpha * S[g, h] + np.outer(dt[g, h] * x[g, h], B[g])
                y[h] = S[g, h] @ C[g] + W["D"][g, h] * x[g, h]
            normed = rms_norm(y * silu(z[g]), W["W_gn"][g])
            for h in range(heads):
                o += normed[h] @ W["W_out"][g, h]
        outputs.append(mlp(W, u + o))
    return finish(outputs, inputs, carried)


def mamba3_naive(W: Parameters, inputs: Array, state: State | None = None) -> tuple[Array, State]:
    """arXiv 2603.15569 with the MIMO of arXiv 2604.07935: x and z per rank, angles per head, A a parameter."""
    heads, R, P = W["W_in_x"].shape[1:]
    n = W["W_in_B"].shape[2:]  # (2, N/2): the members of a pair, and the pairs
    carried = resume(
        state, phi=(1, heads, n[1]), x=(1, heads, R, P), B=(1, heads, R, *n), S=(1, heads, P, *n)
    )  # fmt: skip
    (phi,), (x_past,), (B_past,), (S,) = (carried[name] for name in ("phi", "x", "B", "S"))
    outputs = []
    for u in inputs:
        x, z, B_raw, C_raw, theta, dt_raw, trap = project(
            rms_norm(u, W["W_v"]), W, "x", "z", "B", "C", "theta", "dt", "trap"
        )
        dt, share = softplus(dt_raw + W["b_dt"]), sigmoid(trap)
        o = np.zeros_like(u)
        for h in range(heads):
            alpha = np.exp(W["A"][h] * dt[h])
            beta, gamma = (1.0 - share[h]) * dt[h] * alpha, share[h] * dt[h]
            phi[h] += math.pi * np.tanh(theta[h]) * dt[h]
            S[h] *= alpha
            for r in range(R):
                B = rotate(rms_norm(B_raw[r], W["W_B_n"]) + W["bias_B"][h, r], phi[h], member_axis=0)
                S[h] += beta * np.multiply.outer(x_past[h, r], B_past[h, r]) + gamma * np.multiply.outer(x[h, r], B)
                x_past[h, r], B_past[h, r] = x[h, r], B
            for r in range(R):
                C = rotate(rms_norm(C_raw[r], W["W_C_n"]) + W["bias_C"][h, r], phi[h], member_axis=0)
                y = np.tensordot(S[h], C, 2) + W["D"][h] * x[h, r]
                o += (y * silu(z[h, r])) @ W["W_out"][h, r]
        outputs.append(mlp(W, u + o))
    return finish(outputs, inputs, carried)


def mamba3(W: Parameters, inputs: Array, state: State | None = None, *, mimo: bool) -> tuple[Array, State]:
    """arXiv 2603.15569 as published: A depends on the token; ranks scale one x, z and y by a vector each if *mimo*."""
    G, heads, P = W["W_in_x"].shape[1:]
    R, *n = W["W_in_B"].shape[2:]  # n is (2, N/2) if mimo, else (N/2, 2)
    assert mimo or R == 1, f"SISO has one rank, not {R}"
    member_axis = 0 if mimo else 1
    ones = np.ones((G, heads, R, P))
    mimo_x, mimo_z, mimo_o = (W[f"mimo_{name}"] if mimo else ones for name in ("x", "z", "o"))
    carried = resume(
        state, phi=(1, G, heads, W["W_in_theta"].shape[1]), x=(1, G, heads, P), B=(1, G, heads, R, *n),
        S=(1, G, heads, P, *n),
    )  # fmt: skip
    (phi,), (x_past,), (B_past,), (S,) = (carried[name] for name in ("phi", "x", "B", "S"))
    outputs = []
    for u in inputs:
        x, z, B_raw, C_raw, theta, dt_raw, A_raw, trap = project(
            rms_norm(u, W["W_v"]), W, "x", "z", "B", "C", "theta", "dt", "A", "trap"
        )
        dt, share = softplus(dt_raw + W["b_dt"]), sigmoid(trap)
        A = np.minimum(-heavy_tail(A_raw), -A_FLOOR)
        o = np.zeros_like(u)
        for head in np.ndindex(G, heads):
            g = head[0]
            alpha = np.exp(A[head] * dt[head])
            beta, gamma = (1.0 - share[head]) * dt[head] * alpha, share[head] * dt[head]
            phi[head] += math.pi * np.tanh(theta) * dt[head]
            S[head] *= alpha
            for r in range(R):
                B = rotate(rms_norm(B_raw[g, r], W["W_B_n"]) + W["bias_B"][head][r], phi[head], member_axis)
                S[head] += beta * np.multiply.outer(mimo_x[head][r] * x_past[head], B_past[head][r])
                S[head] += gamma * np.multiply.outer(mimo_x[head][r] * x[head], B)
                B_past[head][r] = B
            x_past[head] = x[head]
            y = np.zeros(P)
            for r in range(R):
                C = rotate(rms_norm(C_raw[g, r], W["W_C_n"]) + W["bias_C"][head][r], phi[head], member_axis)
                y_r = np.tensordot(S[head], C, 2) + W["D"][head] * mimo_x[head][r] * x[head]
                if "W_gn" in W:
                    y_r = rms_norm(y_r, W["W_gn"][head])
                y += mimo_o[head][r] * y_r * silu(mimo_z[head][r] * z[head])
            o += y @ W["W_out"][head]
        outputs.append(mlp(W, u + o))
    return finish(outputs, inputs, carried)
