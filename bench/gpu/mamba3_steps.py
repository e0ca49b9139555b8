"""The naive Mamba-3's state update token by token with the kernel of ours, from the inputs of the torch operations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench.gpu.mamba3 import Mamba3Inputs
from bench.gpu.mamba3_step import Parameters, Sizes, empty_state, mamba3_step


def mamba3_steps(inputs: Mamba3Inputs) -> Callable[[], Tensor]:
    """A launch a token; the gated output ``[L, H, R, P]``. B and C, which are normalised, stay so in the kernel."""
    tokens, heads, ranks, channels = inputs.x.shape
    pairs = inputs.theta.shape[-1]
    sizes = Sizes(heads, ranks, channels, pairs)
    parts = (inputs.x, inputs.z, inputs.B, inputs.C, inputs.theta, inputs.dt, inputs.trap)
    projected = torch.cat([each.flatten(1) for each in parts], 1)
    weights = (torch.full((2, pairs), scale, device=projected.device) for scale in (1.0, (2 * pairs) ** -0.5))
    biases = (each.float() for each in (inputs.bias_B, inputs.bias_C))
    parameters = Parameters(inputs.A, inputs.dt_bias, inputs.D, *weights, *biases)
    state = empty_state(1, sizes, like=projected)

    def layer() -> Tensor:
        for each in state:
            each.zero_()
        outputs = [mamba3_step(row[None], parameters, state, sizes) for row in projected]
        return torch.cat(outputs).view(tokens, heads, ranks, channels)

    return layer
