"""The state updates by the kernels of mamba-ssm, from the same inputs as the torch operations.

A function makes, of inputs with their tokens along the first axis, a call that does a layer once; laying tensors out as
a kernel wants them is done before. Importing this needs the package; ``selective_scan`` needs its CUDA extension too.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from mamba_ssm.modules.mamba3 import Mamba3
from mamba_ssm.ops.selective_scan_interface import selective_scan_cuda, selective_scan_fn
from mamba_ssm.ops.triton.mamba3.mamba3_siso_combined import mamba3_siso_combined
from mamba_ssm.ops.triton.selective_state_update import selective_state_update
from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined
from torch import Tensor

from bench.gpu.recurrence import Draw, ScanInputs

Layer = Callable[[], Tensor]
SSD_CHUNK = 256  # the default of the package's module
HAS_SCAN = selective_scan_cuda is not None


def mamba1_steps(inputs: ScanInputs) -> Layer:
    """Token by token with ``selective_state_update``: a launch a token; the gated output ``[L, D]``."""
    state = torch.zeros(1, *inputs.A.shape, device=inputs.x.device, dtype=inputs.x.dtype)

    def layer() -> Tensor:
        state.zero_()
        outputs = [
            selective_state_update(
                state, x[None], dt[None], inputs.A, B[None], C[None], inputs.D, z[None], inputs.dt_bias, True
            )
            for x, dt, z, B, C in zip(inputs.x, inputs.dt, inputs.z, inputs.B, inputs.C, strict=True)
        ]
        return torch.cat(outputs)

    return layer


def mamba2_steps(inputs: ScanInputs) -> Layer:
    """Token by token with ``selective_state_update``: a launch a token; the gated output ``[L, H, P]``."""
    _, heads, channels = inputs.x.shape
    states = inputs.B.shape[1]
    state = torch.zeros(1, heads, channels, states, device=inputs.x.device, dtype=inputs.x.dtype)
    A = inputs.A[:, None, None].expand(heads, channels, states)  # with strides of 0, by which the kernel knows it
    dt_bias, D = (each[:, None].expand(heads, channels) for each in (inputs.dt_bias, inputs.D))

    def layer() -> Tensor:
        state.zero_()
        outputs = [
            selective_state_update(
                state, x[None], dt[None, :, None].expand(1, heads, channels), A, B[None, None], C[None, None], D,
                z[None], dt_bias, True,
            )
            for x, dt, z, B, C in zip(inputs.x, inputs.dt, inputs.z, inputs.B, inputs.C, strict=True)
        ]  # fmt: skip
        return torch.cat(outputs)

    return layer


def mamba1_scan(inputs: ScanInputs) -> Layer:
    """All tokens with ``selective_scan``; the gated output ``[L, D]``."""
    x, dt, z, B, C = (each.T.contiguous()[None] for each in (inputs.x, inputs.dt, inputs.z, inputs.B, inputs.C))

    def layer() -> Tensor:
        out: Tensor = selective_scan_fn(x, dt, inputs.A, B, C, inputs.D, z, inputs.dt_bias, True)
        return out[0].T

    return layer


def mamba2_ssd(inputs: ScanInputs) -> Layer:
    """All tokens with ``mamba_chunk_scan_combined``; the gated output ``[L, H, P]``."""
    x, dt, z = (each[None] for each in (inputs.x, inputs.dt, inputs.z))
    B, C = (each[None, :, None] for each in (inputs.B, inputs.C))

    def layer() -> Tensor:
        out: Tensor = mamba_chunk_scan_combined(
            x, dt, inputs.A, B, C, SSD_CHUNK, D=inputs.D, z=z, dt_bias=inputs.dt_bias, dt_softplus=True
        )
        return out[0]

    return layer


def mamba3_chunks(mixer: Mamba3, draw: Draw, tokens: int) -> Layer:
    """All tokens of the official Mamba-3 with its chunk kernel, SISO or MIMO as *mixer* is; ``[1, L, H, P]``."""
    heads, channels, states, ranks = mixer.nheads, mixer.headdim, mixer.d_state, mixer.mimo_rank
    x, z = (draw.normal(1, tokens, heads, channels) for _ in range(2))
    B, C = (draw.normal(1, tokens, ranks, mixer.num_bc_heads, states) for _ in range(2))
    dt = draw.uniform(0.001, 0.1, 1, heads, tokens)
    decay = -draw.uniform(0.1, 2.0, 1, heads, tokens) * dt
    trap = draw.normal(1, heads, tokens)
    angles = draw.normal(1, tokens, heads, mixer.num_rope_angles).float()
    if not mixer.is_mimo:
        C, B = C.squeeze(2), B.squeeze(2)
        bias_C, bias_B = mixer.C_bias.squeeze(1), mixer.B_bias.squeeze(1)
        return lambda: mamba3_siso_combined(
            Q=C, K=B, V=x, ADT=decay, DT=dt, Trap=trap, Q_bias=bias_C, K_bias=bias_B, Angles=angles, D=mixer.D, Z=z,
            chunk_size=mixer.chunk_size,
        )  # fmt: skip
    from mamba_ssm.ops.tilelang.mamba3.mamba3_mimo import mamba3_mimo

    return lambda: mamba3_mimo(
        Q=C, K=B, V=x, ADT=decay, DT=dt, Trap=trap, Q_bias=mixer.C_bias, K_bias=mixer.B_bias, MIMO_V=mixer.mimo_x,
        MIMO_Z=mixer.mimo_z, MIMO_Out=mixer.mimo_o, Angles=angles, D=mixer.D, Z=z, chunk_size=mixer.chunk_size,
        rotary_dim_divisor=mixer.rotary_dim_divisor, dtype=x.dtype,
    )  # fmt: skip
