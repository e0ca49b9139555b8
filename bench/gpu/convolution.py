"""A step of a causal convolution over time in one Triton kernel: what the package causal-conv1d has for Mamba-2.

mamba-ssm falls back to four operations of torch without that package, which is not on PyPI as a wheel; with this
kernel decode has one launch there, as it has with the package.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 256


def causal_conv1d_update(
    x: Tensor, conv_state: Tensor, weight: Tensor, bias: Tensor | None = None, activation: str | None = None
) -> Tensor:
    """silu of the convolution of the last tokens ``[B, D]``; the signature is that of causal-conv1d.

    *conv_state* ``[B, D, taps]`` is moved on by *x* ``[B, D]``; *weight* is ``[D, taps]``, *bias* ``[D]``.
    """
    assert bias is not None and activation in ("silu", "swish")
    batch, channels = x.shape
    result = torch.empty_like(x, memory_format=torch.contiguous_format)
    _update[(triton.cdiv(channels, BLOCK), batch)](
        x, conv_state, weight, bias, result, channels, x.stride(0), *conv_state.stride(), *weight.stride(),
        TAPS=weight.shape[1], BLOCK=BLOCK,
    )  # fmt: skip
    return result


@triton.jit  # type: ignore[untyped-decorator]
def _update(  # type: ignore[no-untyped-def]
    x, state, weight, bias, result, channels, x_row, state_row, state_channel, state_tap, weight_channel, weight_tap,
    TAPS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    d = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside, row = d < channels, tl.program_id(1)
    state += row * state_row + d * state_channel
    weight += d * weight_channel
    total = tl.load(bias + d, inside).to(tl.float32)
    for tap in tl.static_range(TAPS - 1):
        value = tl.load(state + (tap + 1) * state_tap, inside)
        tl.store(state + tap * state_tap, value, inside)
        total += value.to(tl.float32) * tl.load(weight + tap * weight_tap, inside).to(tl.float32)
    value = tl.load(x + row * x_row + d, inside)
    tl.store(state + (TAPS - 1) * state_tap, value, inside)
    total += value.to(tl.float32) * tl.load(weight + (TAPS - 1) * weight_tap, inside).to(tl.float32)
    tl.store(result + row * channels + d, total * tl.sigmoid(total), inside)
