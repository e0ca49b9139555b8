"""Mamba-1's state update (arXiv 2312.00752) as torch operations; shapes ``L`` tokens, ``D`` channels, ``N`` states."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.gpu.recurrence import Draw, ScanInputs, gated, recur


def draw_mamba1(draw: Draw, tokens: int, channels: int, states: int) -> ScanInputs:
    """Random inputs: x, dt and z ``[L, D]``; B and C ``[L, N]``; A ``[D, N]``; dt_bias and D ``[D]``."""
    return ScanInputs(
        x=draw.normal(tokens, channels),
        dt=draw.normal(tokens, channels),
        z=draw.normal(tokens, channels),
        B=draw.normal(tokens, states),
        C=draw.normal(tokens, states, scale=states**-0.5),
        A=draw.uniform(-2.0, -0.1, channels, states),
        dt_bias=draw.uniform(-4.0, -2.0, channels),
        D=draw.uniform(0.5, 1.0, channels),
    )


def mamba1_sequential(inputs: ScanInputs) -> Tensor:
    """Token by token: the gated output ``[L, D]``."""
    decay, drive = _leaves(inputs)
    s = recur(decay, drive, lambda h, token: torch.mv(h, inputs.C[token]))
    return gated(s, inputs.x, inputs.D.to(s.dtype), inputs.z)


def mamba1_scan(inputs: ScanInputs) -> Tensor:
    """By Kogge and Stone's parallel scan over all tokens: the gated output ``[L, D]``."""
    decay, state = _leaves(inputs)
    back = 1
    while back < len(state):
        later = torch.addcmul(state[back:], decay[back:], state[:-back])
        state = torch.cat([state[:back], later])
        decay = torch.cat([decay[:back], decay[back:] * decay[:-back]])
        back *= 2
    s = torch.bmm(state, inputs.C[:, :, None])[:, :, 0]
    return gated(s, inputs.x, inputs.D.to(s.dtype), inputs.z)


def _leaves(inputs: ScanInputs) -> tuple[Tensor, Tensor]:
    """exp(dt A) and (dt x) B of every token ``[L, D, N]``, in the precision of x."""
    dt = F.softplus(inputs.dt + inputs.dt_bias)
    decay = torch.exp(dt[:, :, None] * inputs.A).to(inputs.x.dtype)
    drive = (dt * inputs.x).to(inputs.x.dtype)[:, :, None] * inputs.B[:, None, :]
    return decay, drive
