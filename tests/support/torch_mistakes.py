"""Modules that have no equations, each for one reason."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

Made = tuple[nn.Module, tuple[Tensor, ...]]


class Projected(nn.Module):
    """What all have."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.full = nn.Linear(8, 8), nn.Conv1d(8, 8, 3, padding=2)


class ArgSort(Projected):
    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.w(x) * torch.argsort(x), h  # here


class SoftmaxOverTime(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return self.w(x).softmax(0)  # here


class Loop(Projected):
    def forward(self, x: Tensor) -> Tensor:
        h, ys = torch.zeros(8), []
        for t in range(x.shape[0]):
            h = 0.5 * h + self.w(x[t])  # here
            ys.append(h)
        return torch.stack(ys)


class MeanOverTime(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return self.w(x) - x.mean(0)  # here


class MeanOverBatch(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return self.w(x) - x.mean(0)  # here


class Attention(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return (x @ x.T) @ self.w(x)  # here


class Later(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[1:], (0, 0, 0, 1)) + self.w(x)  # here


class Mixing(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return self.full(x.T)[:, :7].T  # here


class Position(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return self.w(x) + torch.arange(7)[:, None]  # here


class Chunks(Projected):
    def forward(self, x: Tensor) -> Tensor:
        y = self.w(x).reshape(3, 2, 8)  # here
        return y.cumsum(1).reshape(6, 8)


class Turned(Projected):
    def forward(self, x: Tensor) -> Tensor:
        return self.w(x).T  # here


class Interleaved(Projected):
    def forward(self, x: Tensor) -> Tensor:
        y = self.w(x).flatten() + x.T.flatten()  # here
        return y.view(7, 8)


class Nested(Projected):
    def forward(self, x: Tensor) -> Tensor:
        def step(h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
            _, y = scan(lambda a, b: (a + b, (a + b).clone()), torch.zeros(()), v)
            return h + y, h - y

        _, y = scan(step, torch.zeros(8), x)  # here
        return y


class Last(Projected):
    def forward(self, x: Tensor) -> Tensor:
        h, ys = scan(lambda h, x: (0.5 * h + x, h + x), torch.zeros(8, dtype=x.dtype), x)  # here
        return ys + h


class Beginning(Projected):
    def forward(self, x: Tensor) -> Tensor:
        _, ys = scan(lambda h, x: (0.5 * h + x, h + x), torch.ones(8, dtype=x.dtype), x)  # here
        return ys


class Wider(Projected):
    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        return torch.cat([self.w(x), x]), h  # here


class Mask(Projected):
    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        return torch.where(x > 0, self.w(x), h), x  # here


class Branch(Projected):
    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        if x.sum() > 0:  # here
            return x, h
        return self.w(x), h


class Forgotten(Projected):
    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.w(x) + h


CELL, BLOCK, BATCH = ((8,), (8,)), ((7, 8),), ((3, 7, 8),)
SHAPES = {Chunks: ((6, 8),), MeanOverBatch: BATCH} | dict.fromkeys([ArgSort, Wider, Mask, Branch, Forgotten], CELL)


def made(module: type[Projected]) -> Made:
    """The module and examples."""
    return module(), tuple(torch.randn(shape) for shape in SHAPES.get(module, BLOCK))


def __getattr__(name: str) -> object:
    """A factory for each module, called as it is."""
    found = globals().get(name.removeprefix("make_"))
    if not name.startswith("make_") or found is None:
        raise AttributeError(name)
    return lambda: made(found)
