"""A module's own results: what its equations have to compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.files.errors import InputError, Problem
from sim.importing.factors import BATCH, PLAIN, TIME
from sim.importing.primitives import Array
from sim.importing.torch_factory import in_float64

if TYPE_CHECKING:
    import torch


def roles_of(examples: Sequence[Any], where: str) -> list[str]:
    """What the axes of the input are."""
    from torch.utils._pytree import tree_leaves

    first, *states = tree_leaves(examples)
    shape = first.shape
    if not states and len(shape) in (2, 3):
        if shape[-2] < 2:
            raise InputError(Problem(f"the example has {shape[-2]} tokens, expected at least 2", where))
        return [BATCH, TIME, PLAIN][-len(shape) :]
    if len(shape) in (1, 2):
        return [BATCH, PLAIN][-len(shape) :]
    expected = "x [L, d] or [B, L, d] of a block, or x_t [d] or [B, d] of a cell and its states"
    raise InputError(Problem(f"the first input has shape {list(shape)}, expected {expected}", where))


def forward_of(module: torch.nn.Module, examples: Sequence[Any]) -> Callable[[Array], Array]:
    """The forward of *module* on inputs ``[tokens, ...]``, states zero at first, in the precision of the *examples*.

    The outputs are ``[tokens, ...]``, of the first sequence of a batch.
    """
    import torch

    shape, kind = examples[0].shape, examples[0].dtype
    compute = _whole if TIME in roles_of(examples, "") else _one_by_one

    def forward(inputs: Array) -> Array:
        tokens = torch.as_tensor(np.asarray(inputs), dtype=kind).reshape(len(inputs), shape[-1])
        with torch.no_grad(), in_float64() if kind == torch.float64 else nullcontext():
            outputs = compute(module, tokens, examples)
        return np.stack([each.double().numpy() for each in outputs])

    return forward


def _whole(module: torch.nn.Module, tokens: torch.Tensor, examples: Sequence[Any]) -> list[torch.Tensor]:
    """What a block gives for all *tokens* at once."""
    from torch.utils._pytree import tree_leaves

    shape = examples[0].shape
    found = tree_leaves(module(tokens.expand((*shape[:-2], *tokens.shape))))[0]
    return list(found[0] if len(shape) == 3 else found)


def _one_by_one(module: torch.nn.Module, tokens: torch.Tensor, examples: Sequence[Any]) -> list[torch.Tensor]:
    """What a cell gives for each token, with the state that the one before has left."""
    import torch
    from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

    shape, outputs = examples[0].shape, []
    states, form = tree_flatten(list(examples[1:]))
    states = [torch.zeros_like(each) for each in states]
    for token in tokens:
        output, *states = tree_leaves(module(token.expand(shape), *tree_unflatten(states, form)))
        outputs.append(output[0] if len(shape) == 2 else output)
    return outputs
