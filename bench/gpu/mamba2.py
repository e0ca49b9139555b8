"""Mamba-2's state update (arXiv 2405.21060) as torch operations.

Shapes: ``L`` tokens, ``H`` heads of ``P`` channels, ``N`` states; one group of heads.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.gpu.recurrence import Draw, ScanInputs, gated, recur


def draw_mamba2(draw: Draw, tokens: int, heads: int, channels: int, states: int) -> ScanInputs:
    """Random inputs: x and z ``[L, H, P]``; dt ``[L, H]``; B and C ``[L, N]``; A, dt_bias and D ``[H]``.

    *channels* are those of a head.
    """
    return ScanInputs(
        x=draw.normal(tokens, heads, channels),
        dt=draw.normal(tokens, heads),
        z=draw.normal(tokens, heads, channels),
        B=draw.normal(tokens, states),
        C=draw.normal(tokens, states, scale=states**-0.5),
        A=draw.uniform(-2.0, -0.1, heads),
        dt_bias=draw.uniform(-4.0, -2.0, heads),
        D=draw.uniform(0.5, 1.0, heads),
    )


def mamba2_sequential(inputs: ScanInputs) -> Tensor:
    """Token by token: the gated output ``[L, H, P]``."""
    dt = F.softplus(inputs.dt + inputs.dt_bias)
    decay = torch.exp(dt * inputs.A).to(inputs.x.dtype)[:, :, None, None]
    drive = (dt[:, :, None] * inputs.x).to(inputs.x.dtype)[..., None] * inputs.B[:, None, None, :]
    heads, channels, states = drive.shape[1:]
    s = recur(decay, drive, lambda h, token: torch.mv(h.view(-1, states), inputs.C[token]))
    return gated(s.view(-1, heads, channels), inputs.x, inputs.D.to(s.dtype)[:, None], inputs.z)


def mamba2_chunked(inputs: ScanInputs, chunk: int) -> Tensor:
    """In chunks (SSD, section 6 there), all of them at once but for the passing: the gated output ``[L, H, P]``."""
    x, dtype = inputs.x, inputs.x.dtype
    dt = F.softplus(inputs.dt + inputs.dt_bias).unflatten(0, (-1, chunk))
    B, C = (each.unflatten(0, (-1, chunk)) for each in (inputs.B, inputs.C))
    dx = (dt[..., None] * x.unflatten(0, (-1, chunk))).to(dtype)
    total = torch.cumsum(dt * inputs.A, 1)  # [chunks, Q, H]
    between = torch.exp((total[:, :, None] - total[:, None]).permute(0, 3, 1, 2)).tril().to(dtype)  # [chunks, H, Q, Q]
    scores = torch.bmm(C, B.transpose(1, 2))[:, None] * between
    inside = torch.einsum("chqs,cshp->cqhp", scores, dx)
    to_end = torch.exp(total[:, -1:] - total).to(dtype)
    left = torch.einsum("cqhp,cqn->chpn", to_end[..., None] * dx, B)
    entering = passed(torch.exp(total[:, -1]).to(dtype)[:, :, None, None], left)
    past = torch.einsum("cqn,chpn->cqhp", C, entering)
    s = torch.addcmul(inside, torch.exp(total).to(dtype)[..., None], past).flatten(0, 1)
    return gated(s, x, inputs.D.to(dtype)[:, None], inputs.z)


def passed(decay: Tensor, left: Tensor) -> Tensor:
    """The state that enters each chunk: that of the chunk before, decayed, and what it *left* ``[chunks, ...]``."""
    states = [torch.zeros_like(left[0])]
    for each, more in zip(decay[:-1], left[:-1], strict=True):
        states.append(torch.addcmul(more, each, states[-1]))
    return torch.stack(states)
