"""Operators of PyTorch one by one: each against what torch computes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.support.imported import difference

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from sim.importing.torch_export import imported_module  # noqa: E402

Function = Callable[[Tensor, Tensor], Tensor]


class Made(nn.Module):
    """A function of a block's input and a parameter, as a module."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function, self.w = function, nn.Parameter(torch.rand(8, generator=torch.Generator().manual_seed(1)) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, self.w)


FUNCTIONS: dict[str, Function] = {
    "arithmetic": lambda x, w: (x + w) * 2 - x / w + (1 - x) + torch.rsub(x, w, alpha=2) + torch.add(x, w, alpha=3),
    "exponentials": lambda x, w: torch.exp(x) + torch.expm1(x) + torch.log(w) + torch.log1p(x * x) + 2.0**x,
    "periodic": lambda x, w: torch.sin(x * w) + torch.cos(x),
    "powers": lambda x, w: (
        x.pow(2) + x**3 + w**0.7 + torch.square(x) + (x * x + 1) ** 0.5 + (x * x + 1) ** -0.5 + w**-1
    ),
    "roots": lambda x, w: torch.sqrt(x * x + w) + torch.rsqrt(x * x + w) + torch.reciprocal(x * x + w),
    "gates": lambda x, w: torch.sigmoid(x) + F.silu(x) + F.softplus(x) + F.softplus(x, beta=2.0) + F.logsigmoid(x),
    "rectifiers": lambda x, w: F.relu(x) + F.leaky_relu(x) + F.elu(x) + F.relu6(x) + x.clamp(-0.5, 0.5) + x.abs(),
    "hard": lambda x, w: F.hardsigmoid(x) + F.hardswish(x) + F.mish(x) + F.gelu(x, approximate="tanh"),
    "extremes": lambda x, w: torch.maximum(x, w) + torch.minimum(x, w) + torch.logaddexp(x, w),
    "interpolation": lambda x, w: torch.lerp(x, w.expand_as(x), 0.3) + torch.addcmul(x, x, w.expand_as(x), value=0.5),
    "moments": lambda x, w: (
        x * x.mean(-1, keepdim=True) + x.var(-1, keepdim=True) + x.std(-1, keepdim=True) + x.sum(-1)[:, None]
    ),
    "norms": lambda x, w: F.normalize(x, dim=-1) + x / x.norm(dim=-1, keepdim=True) + F.layer_norm(x, (8,), w),
    "group norm": lambda x, w: F.group_norm(x, 2, w, eps=1e-3) + F.rms_norm(x, (8,), w, 1e-5),
    "softmax": lambda x, w: F.softmax(x.view(-1, 2, 4), -1).flatten(1) + F.glu(torch.cat([x, x * w], -1)),
    "products": lambda x, w: x @ torch.outer(w, w) + torch.einsum("td,d,e->te", x, w, w) + (x @ w)[:, None] * w,
    "batches of products": lambda x, w: torch.bmm(x.view(-1, 2, 4), torch.outer(w[:4], w[:4]).expand(7, 4, 4)).flatten(
        1
    ),
    "turned": lambda x, w: x.view(-1, 2, 4).permute(0, 2, 1).reshape(-1, 8) + x.unflatten(-1, (4, 2)).mT.flatten(1),
    "moved": lambda x, w: x.view(-1, 2, 4).movedim(1, 2).flatten(1) + torch.stack([x[:, :4], x[:, 4:]], -1).flatten(1),
    "repeated": lambda x, w: x[:, :2].repeat(1, 4) + x[:, :2].repeat_interleave(4, 1) + x[:, :1].expand(-1, 8),
    "parts": lambda x, w: (
        torch.cat([x.narrow(1, 4, 4), x[:, :4]], 1) + torch.cat(x.split(3, -1)[::-1], -1) + x.roll(3, -1)
    ),
    "every other": lambda x, w: torch.cat([x[:, 0::2], x[:, 1::2]], -1) + x.view(-1, 4, 2).flip(-1).flatten(1),
    "unbound": lambda x, w: torch.cat([*x.view(-1, 2, 4).unbind(1)][::-1], -1) + x.view(-1, 2, 4)[:, 1].repeat(1, 2),
    "written in place": lambda x, w: _written(x) * w,
    "masks": lambda x, w: torch.where(torch.arange(8) < 3, x, w) + x.masked_fill(torch.arange(8) == 5, 0.25),
    "triangles": lambda x, w: (
        x @ torch.tril(torch.outer(w, w)) + x @ torch.triu(torch.ones(8, 8), 1) + x @ torch.eye(8)
    ),
    "sums so far": lambda x, w: torch.cumsum(x, -1) + torch.cumsum(x * w, 0),
    "numbers": lambda x, w: (
        x + torch.full((8,), 0.5) + torch.ones_like(x) + torch.zeros(8) + torch.tensor([1.0, 2.0]).repeat(4)
    ),
    "windows": lambda x, w: sum(w[k] * F.pad(x, (0, 0, 3, 0))[k : k + 7] for k in range(4)),
    "convolution": lambda x, w: F.conv1d(F.pad(x.T, (2, 0)), torch.outer(w, w[:3])[:, None], w, groups=8).T,
    "shifts": lambda x, w: F.pad(x + 1, (0, 0, 2, -2)),
}


def _written(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, :3] += x[:, 5:]
    y[:, 7] = x[:, 0]
    return y


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_equations_compute_what_torch_does(name: str) -> None:
    module = Made(FUNCTIONS[name]).double()
    examples = (torch.zeros(7, 8, dtype=torch.float64),)
    found = imported_module(module, examples, name)
    assert difference(found, tokens=7) < 1e-10
    assert all(np.isfinite(each).all() for each in found.parameters.values())
