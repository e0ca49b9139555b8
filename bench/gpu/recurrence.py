"""What the state updates share, as torch operations: the token-by-token loop, the gate, random inputs.

Written as the reference implementations are: what does not depend on the token before is one operation for all tokens;
the loop has a multiplication, an addition and a read-out, three launches a token. Shapes are without a batch, B = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class ScanInputs(NamedTuple):
    """What enters the scan of Mamba-1 or Mamba-2; mamba1.py and mamba2.py have the shapes. dt is before softplus."""

    x: Tensor
    dt: Tensor
    z: Tensor
    B: Tensor
    C: Tensor
    A: Tensor
    dt_bias: Tensor
    D: Tensor


class Draw(NamedTuple):
    """Draws random tensors on *device* in *dtype*, from the generator's seed."""

    generator: torch.Generator
    device: torch.device
    dtype: torch.dtype

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Normal, of standard deviation *scale*."""
        values = torch.randn(shape, generator=self.generator, dtype=torch.float32, device=self.device)
        return (values * scale).to(self.dtype)

    def uniform(self, least: float, most: float, *shape: int) -> Tensor:
        """Even between *least* and *most*, in 32 bit: rates and step sizes."""
        values = torch.rand(shape, generator=self.generator, dtype=torch.float32, device=self.device)
        return least + (most - least) * values


def drawing(seed: int, device: torch.device, dtype: torch.dtype) -> Draw:
    """Draws from *seed*."""
    return Draw(torch.Generator(device).manual_seed(seed), device, dtype)


def recur(decay: Tensor, drive: Tensor, read: Callable[[Tensor, int], Tensor]) -> Tensor:
    """``h = decay[t] h + drive[t]``; what *read* ``(h, t)`` makes of each h, one below the other ``[tokens, ...]``."""
    h, outputs = torch.zeros_like(drive[0]), []
    for token in range(len(drive)):
        h.mul_(decay[token]).add_(drive[token])
        outputs.append(read(h, token))
    return torch.stack(outputs)


def gated(s: Tensor, x: Tensor, skip: Tensor, z: Tensor) -> Tensor:
    """``(s + D x) silu(z)``."""
    return torch.addcmul(s, x, skip) * F.silu(z)


def in_double(inputs: NamedTuple) -> tuple[Tensor, ...]:
    """*inputs* in 64 bit, for a reference."""
    return tuple(each.double() for each in inputs)
