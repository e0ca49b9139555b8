"""The rows of Table 1: the state update of all layers for a prompt, B = 1, by several codes, plain and as a graph.

Beside them stand the chunk kernels of official models, whose sizes are those of the workloads of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from bench.gpu.clock import Clock, kernels_of
from bench.gpu.mamba1 import draw_mamba1, mamba1_scan, mamba1_sequential
from bench.gpu.mamba2 import draw_mamba2, mamba2_chunked, mamba2_sequential
from bench.gpu.mamba3 import draw_mamba3, mamba3_chunked, mamba3_sequential
from bench.gpu.recurrence import Draw, drawing, in_double
from sim.paper.gpu.measurements import Check, Kernel, StateUpdate

TORCH, OFFICIAL, OURS = "torch operations", "mamba-ssm", "fused kernel of ours"
MOST_NODES: Final = 20_000  # of one graph: beyond, it is of one layer and replayed for each
KERNELS_TOLD: Final = 8
MOST_ERROR: Final = (
    0.1  # of the largest value, in 16 bit over a whole prompt; what is off by more computes something else
)
Layer = Callable[[], Tensor]
Code = Callable[[Any], Layer]
Update = Callable[[Any], Tensor]


class Sizes(NamedTuple):
    """Of the models of Table 1: workloads/mamba1.yaml, mamba2.yaml and mamba3_mimo.yaml."""

    layers: int = 48
    tokens: int = 1024
    chunk: int = 64
    channels: int = 3072  # of Mamba-1 and 2
    states: int = 64
    head_dim: int = 64
    mamba3_heads: int = 48
    mamba3_ranks: int = 4
    mamba3_head_dim: int = 32


class Row(NamedTuple):
    """A workload's state update: how a layer's inputs are drawn, the codes that do it, and one to check them by."""

    name: str
    layers: int
    tokens: int
    draw: Callable[[Draw], Any]
    codes: Mapping[str, Code]
    reference: Update | None = None


def table_rows(s: Sizes, kernels: Mapping[str, Mapping[str, Code]]) -> list[Row]:
    """The rows of Table 1 by torch operations, and by the codes in *kernels*, of each row's name."""
    heads = s.channels // s.head_dim
    mamba1: Callable[[Draw], Any] = lambda draw: draw_mamba1(draw, s.tokens, s.channels, s.states)  # noqa: E731
    mamba2: Callable[[Draw], Any] = lambda draw: draw_mamba2(draw, s.tokens, heads, s.head_dim, s.states)  # noqa: E731
    mamba3: Callable[[Draw], Any] = lambda draw: draw_mamba3(  # noqa: E731
        draw, s.tokens, s.mamba3_heads, s.mamba3_ranks, s.mamba3_head_dim, s.states
    )
    updates: dict[str, tuple[Callable[[Draw], Any], Update, Update]] = {
        "mamba1": (mamba1, mamba1_sequential, mamba1_sequential),
        "mamba1_pscan": (mamba1, mamba1_scan, mamba1_sequential),
        "mamba2": (mamba2, mamba2_sequential, mamba2_sequential),
        "mamba2_ssd": (mamba2, lambda inputs: mamba2_chunked(inputs, s.chunk), mamba2_sequential),
        "mamba3_mimo": (mamba3, mamba3_sequential, mamba3_sequential),
        "mamba3_mimo_ssd": (mamba3, lambda inputs: mamba3_chunked(inputs, s.chunk), mamba3_sequential),
    }
    return [
        Row(name, s.layers, s.tokens, draw, {TORCH: _bound(update), **kernels.get(name, {})}, reference)
        for name, (draw, update, reference) in updates.items()
    ]


def _bound(update: Update) -> Code:
    return lambda inputs: lambda: update(inputs)


def measure(clock: Clock, row: Row) -> Iterator[StateUpdate | Check]:
    """*row* by each of its codes: its error, and its time plain and as a graph."""
    inputs = [row.draw(drawing(layer, clock.device, torch.bfloat16)) for layer in range(row.layers)]
    for code, make in row.codes.items():
        layers = [make(each) for each in inputs]
        if row.reference is not None:
            error = _error(layers[0](), row.reference, inputs[0])
            if not error <= MOST_ERROR:
                raise ArithmeticError(f"{code} is off by {error:.2g} of the largest value: it is not timed")
            yield Check(code=f"{code}, {row.name}", error=error)
        yield from _timed(clock, row, code, layers)


def _error(found: Tensor, reference: Update, inputs: Any) -> float:
    """The largest difference of *found* and *reference* in 64 bit, over the largest value."""
    true = reference(type(inputs)(*in_double(inputs)))
    return float((found.double() - true).abs().max() / true.abs().max())


def _timed(clock: Clock, row: Row, code: str, layers: list[Layer]) -> Iterator[StateUpdate]:
    kernels = kernels_of(layers[0]) if clock.device.type == "cuda" else []
    launches = sum(count for _, count, _ in kernels)
    told = [Kernel(name=name[:120], runs=count, microseconds=us) for name, count, us in kernels[:KERNELS_TOLD]]

    def plain() -> None:
        for layer in layers:
            layer()

    def update(launch: Any, work: Callable[[], object]) -> StateUpdate:
        return StateUpdate(
            row=row.name, code=code, layers=row.layers, tokens=row.tokens, launch=launch, launches=launches or None,
            kernels=told if launch == "plain" else [], timed=clock.timed(work, watts=True),
        )  # fmt: skip

    yield update("plain", plain)
    whole = launches * row.layers <= MOST_NODES
    replay = clock.captured(plain if whole else layers[0])
    if replay is not None:
        yield update("graph", replay if whole else lambda: [replay() for _ in layers])
