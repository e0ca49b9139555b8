"""The models whose decode is measured, with the sizes of the workloads of the same name.

Importing this needs mamba-ssm. Official mixers are its modules, as shipped; the naive Mamba-3 has the kernel of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from mamba_ssm.modules import mamba2
from mamba_ssm.modules.mamba2 import Mamba2
from mamba_ssm.modules.mamba3 import Mamba3
from torch import Tensor

from bench.gpu.convolution import causal_conv1d_update
from bench.gpu.decode import Layer, Mixer, Model
from bench.gpu.mamba3_step import Parameters, Sizes, State, empty_state, mamba3_step
from bench.gpu.recurrence import Draw, drawing
from bench.gpu.state_updates import OFFICIAL, OURS
from sim.files.resolve import resolve_workload
from workloads.models.registry import described
from workloads.workload_spec import WorkloadSpec

NAMES = ("mamba2", "mamba3_mimo", "mamba2-780m", "mamba3-siso-893m", "mamba3-mimo-894m")

if mamba2.causal_conv1d_update is None:  # without the package, a kernel of ours that does the same
    mamba2.causal_conv1d_update = causal_conv1d_update


class OfficialMamba2:
    """mamba-ssm's Mamba-2."""

    def __init__(self, module: Mamba2) -> None:
        self.module = module

    def empty_state(self, batch: int) -> tuple[Tensor, Tensor]:
        """The convolution's last tokens and the state."""
        state: tuple[Tensor, Tensor] = self.module.allocate_inference_cache(batch, 1)
        return state

    def step(self, u: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
        """One token of every sequence."""
        out: Tensor = self.module.step(u[:, None], *state)[0][:, 0]
        return out


class OfficialMamba3:
    """mamba-ssm's Mamba-3, SISO or MIMO."""

    def __init__(self, module: Mamba3) -> None:
        self.module = module

    def empty_state(self, batch: int) -> tuple[Tensor, ...]:
        """Angles, the state, B and x of the last token."""
        state: tuple[Tensor, ...] = self.module.allocate_inference_cache(batch, 1)
        return state

    def step(self, u: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        """One token of every sequence."""
        out: Tensor = self.module.step(u, *state)[0]
        return out


class NaiveMamba3:
    """The seed paper's Mamba-3."""

    def __init__(self, draw: Draw, d_model: int, sizes: Sizes) -> None:
        heads, ranks, channels, pairs = self.sizes = sizes
        width = sum(sizes.parts.values())
        self.inward = draw.normal(width, d_model, scale=d_model**-0.5)
        self.outward = draw.normal(d_model, heads * ranks * channels, scale=(heads * ranks * channels) ** -0.5)
        rate, bias = draw.uniform(-2.0, -0.1, heads), draw.uniform(-4.0, -2.0, heads)
        one, biases = draw.uniform(1.0, 1.0, 2, pairs), draw.uniform(-0.5, 0.5, heads, ranks, 2, pairs)
        self.parameters = Parameters(rate, bias, draw.uniform(0.5, 1.0, heads), one, one, biases, biases)

    def empty_state(self, batch: int) -> State:
        """The state, angles, B and x of the last token."""
        return empty_state(batch, self.sizes, like=self.inward)

    def step(self, u: Tensor, state: State) -> Tensor:
        """One token of every sequence."""
        return F.linear(mamba3_step(F.linear(u, self.inward), self.parameters, state, self.sizes), self.outward)


def sizes_of(name: str) -> tuple[WorkloadSpec, Any]:
    """The description of a shipped workload and the dimensions of its model."""
    spec = resolve_workload(name).spec
    return spec, described()[spec.model].model_validate(spec.dimensions)


def official_mamba3(sizes: Any, device: torch.device) -> Mamba3:
    """The module of a workload's dimensions *sizes*."""
    rank = {"mimo_rank": sizes.mimo_rank, "chunk_size": 64 // sizes.mimo_rank} if sizes.mimo else {}
    return Mamba3(
        sizes.d_model, d_state=sizes.d_state, headdim=sizes.head_dim, is_mimo=sizes.mimo, **rank,
        device=device, dtype=torch.bfloat16,
    )  # fmt: skip


def models(device: torch.device) -> dict[str, Callable[[], Model]]:
    """Workload -> what makes its model; nothing is made before, so that one alone is in memory."""
    return {name: partial(_model, name, device) for name in NAMES}


def _model(name: str, device: torch.device) -> Model:
    (spec, sizes), draw = sizes_of(name), drawing(0, device, torch.bfloat16)
    make = {"mamba2": _mamba2, "mamba3": _mamba3, "mamba3_naive": _naive}[spec.model]
    layers = [Layer(_ones(sizes.d_model, device), make(sizes, draw), _mlp(sizes, draw)) for _ in range(spec.layers)]
    return Model(name, OURS if make is _naive else OFFICIAL, sizes.d_model, layers)


def _mamba2(sizes: Any, draw: Draw) -> Mixer:
    return OfficialMamba2(
        Mamba2(sizes.d_model, d_state=sizes.d_state, headdim=sizes.head_dim, device=draw.device, dtype=draw.dtype)
    )


def _mamba3(sizes: Any, draw: Draw) -> Mixer:
    return OfficialMamba3(official_mamba3(sizes, draw.device))


def _naive(sizes: Any, draw: Draw) -> Mixer:
    heads = sizes.expand * sizes.d_model // sizes.head_dim
    return NaiveMamba3(draw, sizes.d_model, Sizes(heads, sizes.mimo_rank, sizes.head_dim, sizes.d_state // 2))


def _mlp(sizes: Any, draw: Draw) -> tuple[Tensor, Tensor, Tensor] | None:
    wide, d_model = getattr(sizes, "d_intermediate", 0), sizes.d_model
    if not wide:
        return None
    return (
        _ones(d_model, draw.device),
        draw.normal(2 * wide, d_model, scale=d_model**-0.5),
        draw.normal(d_model, wide, scale=wide**-0.5),
    )


def _ones(width: int, device: torch.device) -> Tensor:
    return torch.ones(width, device=device, dtype=torch.bfloat16)
