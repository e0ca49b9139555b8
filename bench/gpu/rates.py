"""What the card does with the simplest work: empty kernels, copies, products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import linear

from bench.gpu.clock import Clock
from bench.gpu.recurrence import drawing
from sim.paper.gpu.measurements import CopyRate, LaunchRate, ProductRate

EMPTY_KERNELS = 1000


def launch_rates(clock: Clock) -> list[LaunchRate]:
    """Seconds of a kernel that does next to nothing, in a row of them."""
    one = torch.zeros(1, device=clock.device)

    def empty() -> None:
        for _ in range(EMPTY_KERNELS):
            one.add_(1)

    found = [LaunchRate(launch="plain", seconds=clock.timed(empty, repeats=EMPTY_KERNELS).seconds)]
    if replay := clock.captured(empty):
        found.append(LaunchRate(launch="graph", seconds=clock.timed(replay, repeats=EMPTY_KERNELS).seconds))
    return found


def copy_rates(clock: Clock, sizes: Sequence[int]) -> list[CopyRate]:
    """Copies on the device of so many bytes."""
    found = []
    for size in sizes:
        source = drawing(size, clock.device, torch.bfloat16).normal(size // 2)
        target = torch.empty_like(source)
        timed = clock.timed(partial(target.copy_, source), watts=size == max(sizes))
        found.append(CopyRate(bytes=size, timed=timed))
    return found


def product_rates(clock: Clock, shapes: Sequence[tuple[int, int, int]], cold_bytes: int) -> list[ProductRate]:
    """Products ``[m, k] x [k, n]``; so many matrices in turn that *cold_bytes* lie between two uses of one."""
    draw, found = drawing(0, clock.device, torch.bfloat16), []
    for m, n, k in shapes:
        copies = max(1, -(-cold_bytes // (2 * n * k)))
        left = draw.normal(m, k)
        rights = [draw.normal(n, k) for _ in range(copies)]

        products = partial(_products, left, rights)
        timed = clock.timed(clock.captured(products) or products, repeats=copies, watts=m == max(shapes)[0])
        found.append(ProductRate(m=m, n=n, k=k, copies=copies, timed=timed))
    return found


def _products(left: Tensor, rights: Sequence[Tensor]) -> None:
    for right in rights:
        linear(left, right)
