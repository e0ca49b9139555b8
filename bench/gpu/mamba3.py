"""Mamba-3's state update as "The Hyperscale Lottery" (arXiv 2604.07935) has it, as torch operations.

The equations are those of workloads/models/mamba3.py, whose naive form this is. Shapes: ``L`` tokens, ``H`` heads of
``P`` channels, ``R`` ranks, ``M`` pairs of states (a state is ``(c, m)``, c = 0, 1).
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.gpu.mamba2 import passed
from bench.gpu.recurrence import Draw, gated, recur


class Mamba3Inputs(NamedTuple):
    """What enters the update, B and C normalised.

    x and z ``[L, H, R, P]``; dt and trap (before softplus and sigmoid) ``[L, H]``; B and C ``[L, R, 2, M]``; theta
    ``[L, H, M]``; A, dt_bias, D ``[H]``; the biases of B and C ``[H, R, 2, M]``.
    """

    x: Tensor
    dt: Tensor
    trap: Tensor
    z: Tensor
    B: Tensor
    C: Tensor
    theta: Tensor
    A: Tensor
    dt_bias: Tensor
    D: Tensor
    bias_B: Tensor
    bias_C: Tensor


def draw_mamba3(draw: Draw, tokens: int, heads: int, ranks: int, channels: int, states: int) -> Mamba3Inputs:
    """Random inputs; *channels* are those of a head and a rank."""
    pairs = states // 2
    return Mamba3Inputs(
        x=draw.normal(tokens, heads, ranks, channels),
        dt=draw.normal(tokens, heads),
        trap=draw.normal(tokens, heads),
        z=draw.normal(tokens, heads, ranks, channels),
        B=normalised(draw.normal(tokens, ranks, 2, pairs)),
        C=normalised(draw.normal(tokens, ranks, 2, pairs)) * states**-0.5,
        theta=draw.normal(tokens, heads, pairs),
        A=draw.uniform(-2.0, -0.1, heads),
        dt_bias=draw.uniform(-4.0, -2.0, heads),
        D=draw.uniform(0.5, 1.0, heads),
        bias_B=draw.normal(heads, ranks, 2, pairs),
        bias_C=draw.normal(heads, ranks, 2, pairs, scale=states**-0.5),
    )


def normalised(pairs: Tensor) -> Tensor:
    """Each vector of states ``[..., 2, M]`` over its root mean square."""
    return F.rms_norm(pairs, pairs.shape[-2:])


class _Factors(NamedTuple):
    """Of every token: A dt, gamma and the rest of dt ``[L, H]``; B and C, rotated ``[L, H, R, N]``."""

    log_decay: Tensor
    gamma: Tensor
    rest: Tensor
    B: Tensor
    C: Tensor


def mamba3_sequential(inputs: Mamba3Inputs) -> Tensor:
    """Token by token: the gated output ``[L, H, R, P]``."""
    x, dtype, f = inputs.x, inputs.x.dtype, _factors(inputs)
    decay = torch.exp(f.log_decay)
    beta = f.rest * decay
    now = torch.einsum("lhrp,lhrn->lhpn", (f.gamma[..., None, None] * x).to(dtype), f.B)
    past = torch.einsum("lhrp,lhrn->lhpn", (beta[1:, :, None, None] * x[:-1]).to(dtype), f.B[:-1])
    now[1:] += past
    C = f.C.transpose(2, 3).contiguous()  # [L, H, N, R]
    s = recur(decay.to(dtype)[:, :, None, None], now, lambda h, token: torch.bmm(h, C[token]))
    return gated(s.transpose(2, 3), x, inputs.D.to(dtype)[:, None, None], inputs.z)


def mamba3_chunked(inputs: Mamba3Inputs, chunk: int) -> Tensor:
    """In chunks, all of them at once but for the passing: the gated output ``[L, H, R, P]``."""
    dtype, whole = inputs.x.dtype, _factors(inputs)
    log_decay, gamma, rest, B, C, x = (each.unflatten(0, (-1, chunk)) for each in (*whole, inputs.x))
    total = torch.cumsum(log_decay, 1)  # [chunks, Q, H]
    later = F.pad(rest[:, 1:], (0, 0, 0, 1))  # of the next token; none is known after the chunk's last
    scale = gamma + later
    between = (torch.exp(total[:, :, None] - total[:, None]) * scale[:, None]).permute(0, 3, 1, 2).tril(-1)
    between = (between + torch.diag_embed(gamma.transpose(1, 2))).to(dtype)  # [chunks, H, Q, Q]
    scores = torch.einsum("cqhrn,cshgn->chqrsg", C, B) * between[:, :, :, None, :, None]
    inside = torch.einsum("chqrsg,cshgp->cqhrp", scores, x)
    to_end = (torch.exp(total[:, -1:] - total) * scale).to(dtype)
    left = torch.einsum("cqhrp,cqhrn->chpn", to_end[..., None, None] * x, B)
    border = torch.einsum("chrp,chrn->chpn", (rest[1:, 0, :, None, None] * x[:-1, -1]).to(dtype), B[:-1, -1])
    left[:-1] += border  # of the next chunk's first token
    entering = passed(torch.exp(total[:, -1]).to(dtype)[:, :, None, None], left)
    past = torch.einsum("cqhrn,chpn->cqhrp", C, entering)
    s = torch.addcmul(inside, torch.exp(total).to(dtype)[..., None, None], past).flatten(0, 1)
    return gated(s, inputs.x, inputs.D.to(dtype)[:, None, None], inputs.z)


def _factors(inputs: Mamba3Inputs) -> _Factors:
    dt = F.softplus(inputs.dt + inputs.dt_bias)
    gamma = torch.sigmoid(inputs.trap) * dt
    angles = torch.cumsum(torch.tanh(inputs.theta) * (dt * pi)[..., None], 0)
    cos, sin = (each.to(inputs.x.dtype)[:, :, None] for each in (torch.cos(angles), torch.sin(angles)))
    B, C = (
        _rotated(each[:, None] + bias, cos, sin)
        for each, bias in ((inputs.B, inputs.bias_B), (inputs.C, inputs.bias_C))
    )
    return _Factors(dt * inputs.A, gamma, dt - gamma, B, C)


def _rotated(pairs: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """*pairs* ``[L, H, R, 2, M]``, each turned by its angle ``[L, H, 1, M]``, as states ``[L, H, R, N]``."""
    first, second = pairs.unbind(-2)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)
