"""A step of decode of many sequences through all layers of a model, without its LM head.

A layer is a norm, a mixer and the residual, and an MLP where the model has one; weights are random, states empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.gpu.clock import Clock, kernels_of
from bench.gpu.recurrence import drawing
from sim.paper.gpu.measurements import Decode

WATTS_AT = (1, 64, 512)  # batches of which power is measured


class Mixer(Protocol):
    """What mixes tokens in a layer."""

    def empty_state(self, batch: int) -> Any:
        """What it carries from token to token, for so many sequences."""

    def step(self, u: Tensor, state: Any) -> Tensor:
        """Its result ``[B, d]`` for *u* ``[B, d]``; moves *state* on."""


class Layer(NamedTuple):
    """A layer: norm weights ``[d]``, the mixer, and the weights of a SwiGLU MLP ``[2 f, d]`` and ``[d, f]``."""

    norm: Tensor
    mixer: Mixer
    mlp: tuple[Tensor, Tensor, Tensor] | None

    def step(self, u: Tensor, state: Any) -> Tensor:
        """The residual stream after the layer, ``[B, d]``."""
        u = u + self.mixer.step(F.rms_norm(u, u.shape[-1:], self.norm), state)
        if self.mlp is None:
            return u
        norm, upwards, down = self.mlp
        gate, up = F.linear(F.rms_norm(u, u.shape[-1:], norm), upwards).chunk(2, -1)
        return u + F.linear(F.silu(gate) * up, down)


class Model(NamedTuple):
    """A model by the name of its workload; *code* says what its mixers are made of."""

    workload: str
    code: str
    d_model: int
    layers: Sequence[Layer]


def decode_rates(clock: Clock, model: Model, batches: Sequence[int]) -> Iterator[Decode]:
    """A step of *model* for each of *batches*, plain and as a graph."""
    for batch in batches:
        u = drawing(batch, clock.device, torch.bfloat16).normal(batch, model.d_model)
        states = [layer.mixer.empty_state(batch) for layer in model.layers]
        step = _step(model, u, states)
        launches = sum(runs for _, runs, _ in kernels_of(step)) if clock.device.type == "cuda" else 0

        def found(launch: Any, work: Callable[[], object], batch: int = batch, launches: int = launches) -> Decode:
            timed = clock.timed(work, watts=launch == "graph" and batch in WATTS_AT)
            return Decode(
                workload=model.workload, code=model.code, batch=batch, launch=launch, timed=timed,
                launches=launches or None,
            )  # fmt: skip

        yield found("plain", step)
        replay = clock.captured(step)
        if replay is not None:
            yield found("graph", replay)


def _step(model: Model, u: Tensor, states: Sequence[Any]) -> Callable[[], Tensor]:
    def step() -> Tensor:
        stream = u
        for layer, state in zip(model.layers, states, strict=True):
            stream = layer.step(stream, state)
        return stream

    return step
