"""A step of the naive Mamba-3 (bench/gpu/mamba3.py) for many sequences in one Triton kernel of ours.

There is no public kernel of this form. One program does a head of a sequence: it normalises, biases and rotates B and
C, forms the update of all ranks, and reads and writes the state once, as mamba-ssm's step of Mamba-2 does.
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

EPSILON = 1e-5


class Sizes(NamedTuple):
    """Heads, ranks, channels of a head and rank, pairs of states."""

    heads: int
    ranks: int
    channels: int
    pairs: int

    @property
    def parts(self) -> dict[str, int]:
        """The widths of what in_proj makes, in their order."""
        heads, ranks, channels, pairs = self
        wide, states = heads * ranks * channels, ranks * 2 * pairs
        return {"x": wide, "z": wide, "B": states, "C": states, "theta": heads * pairs, "dt": heads, "trap": heads}


class Parameters(NamedTuple):
    """A, dt_bias and D ``[H]``; the norms' weights of B and C ``[2, M]`` and their biases ``[H, R, 2, M]``."""

    A: Tensor
    dt_bias: Tensor
    D: Tensor
    norm_B: Tensor
    norm_C: Tensor
    bias_B: Tensor
    bias_C: Tensor


class State(NamedTuple):
    """Of every sequence: S ``[B, H, P, 2, M]``, angles ``[B, H, M]``, B and x of the last token."""

    S: Tensor
    angles: Tensor
    B: Tensor
    x: Tensor


def empty_state(batch: int, sizes: Sizes, like: Tensor) -> State:
    """Before the first token, on the device and in the precision of *like*; angles are sums, in 32 bit."""
    heads, ranks, channels, pairs = sizes

    def zeros(*shape: int) -> Tensor:
        return torch.zeros(batch, heads, *shape, device=like.device, dtype=like.dtype)

    return State(
        zeros(channels, 2, pairs), zeros(pairs).float(), zeros(ranks, 2, pairs), zeros(ranks, channels)
    )  # fmt: skip


def mamba3_step(projected: Tensor, parameters: Parameters, state: State, sizes: Sizes) -> Tensor:
    """The gated output ``[B, H R P]`` for *projected* ``[B, sum of sizes.parts]``; *state* is that after the step."""
    heads, ranks, channels, pairs = sizes
    places, at = {}, 0
    for name, width in sizes.parts.items():
        places[name], at = at, at + width
    batch = len(projected)
    gated = torch.empty(batch, heads * ranks * channels, device=projected.device, dtype=projected.dtype)
    _step[(heads, batch)](
        projected, *parameters, *state, gated, projected.stride(0),
        *(places[name] for name in ("x", "z", "B", "C", "theta", "dt", "trap")),
        heads, R=ranks, P=channels, M=pairs, EPS=EPSILON, PI=pi, num_warps=1 if channels * pairs <= 1024 else 4,
    )  # fmt: skip
    return gated


@triton.jit  # type: ignore[untyped-decorator]
def _step(  # type: ignore[no-untyped-def]
    projected, A, dt_bias, D, norm_B, norm_C, bias_B, bias_C, S, angles, last_B, last_x, gated, row,
    at_x, at_z, at_B, at_C, at_theta, at_dt, at_trap, heads,
    R: tl.constexpr, P: tl.constexpr, M: tl.constexpr, EPS: tl.constexpr, PI: tl.constexpr,
):  # fmt: skip
    head, place = tl.program_id(0), tl.program_id(1) * heads + tl.program_id(0)
    projected += tl.program_id(1) * row
    p, m = tl.arange(0, P), tl.arange(0, M)

    raw = tl.load(projected + at_dt + head).to(tl.float32) + tl.load(dt_bias + head)
    dt = tl.where(raw > 20.0, raw, tl.log(1.0 + tl.exp(raw)))
    gamma = tl.sigmoid(tl.load(projected + at_trap + head).to(tl.float32)) * dt
    alpha = tl.exp(dt * tl.load(A + head))
    beta = (dt - gamma) * alpha

    theta = tl.load(projected + at_theta + head * M + m).to(tl.float32)
    angle = tl.load(angles + place * M + m) + (2.0 * tl.sigmoid(2.0 * theta) - 1.0) * (dt * PI)
    tl.store(angles + place * M + m, angle)
    cos, sin = tl.cos(angle), tl.sin(angle)

    tile = S + place * P * 2 * M + p[:, None] * 2 * M + m[None, :]
    S0 = alpha * tl.load(tile).to(tl.float32)
    S1 = alpha * tl.load(tile + M).to(tl.float32)
    for r in tl.static_range(R):
        own = (place * R + r) * 2 * M + m
        B0 = tl.load(last_B + own).to(tl.float32)
        B1 = tl.load(last_B + own + M).to(tl.float32)
        past = beta * tl.load(last_x + (place * R + r) * P + p).to(tl.float32)
        S0 += past[:, None] * B0[None, :]
        S1 += past[:, None] * B1[None, :]
        B0, B1 = _turned(projected + at_B + r * 2 * M, norm_B, bias_B + (head * R + r) * 2 * M, m, cos, sin, M, EPS)
        x = tl.load(projected + at_x + (head * R + r) * P + p).to(tl.float32)
        S0 += (gamma * x)[:, None] * B0[None, :]
        S1 += (gamma * x)[:, None] * B1[None, :]
        tl.store(last_B + own, B0)
        tl.store(last_B + own + M, B1)
        tl.store(last_x + (place * R + r) * P + p, x)
    tl.store(tile, S0)
    tl.store(tile + M, S1)

    skip = tl.load(D + head)
    for r in tl.static_range(R):
        C0, C1 = _turned(projected + at_C + r * 2 * M, norm_C, bias_C + (head * R + r) * 2 * M, m, cos, sin, M, EPS)
        s = tl.sum(S0 * C0[None, :] + S1 * C1[None, :], axis=1)
        x = tl.load(projected + at_x + (head * R + r) * P + p).to(tl.float32)
        z = tl.load(projected + at_z + (head * R + r) * P + p).to(tl.float32)
        tl.store(gated + (place * R + r) * P + p, (s + skip * x) * z * tl.sigmoid(z))


@triton.jit  # type: ignore[untyped-decorator]
def _turned(vector, weight, bias, m, cos, sin, M: tl.constexpr, EPS: tl.constexpr):  # type: ignore[no-untyped-def]
    """A vector of 2 M states, normalised, biased, and each pair turned by its angle."""
    first = tl.load(vector + m).to(tl.float32)
    second = tl.load(vector + M + m).to(tl.float32)
    scale = tl.rsqrt((tl.sum(first * first) + tl.sum(second * second)) / (2 * M) + EPS)
    first = first * scale * tl.load(weight + m) + tl.load(bias + m)
    second = second * scale * tl.load(weight + M + m) + tl.load(bias + M + m)
    return first * cos - second * sin, second * cos + first * sin
