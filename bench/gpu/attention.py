"""Attention of a long prompt with causality told by a flag, or by a mask of every pair of tokens.

SSM-Scope (arXiv 2507.12442) finds a step in Qwen2.5's time at 32,768 tokens; the framework that it used gives the
kernel a mask from there on. Shapes are those of Qwen2.5-0.5B, keys and values repeated for every head as it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from bench.gpu.clock import Clock
from bench.gpu.recurrence import drawing
from sim.paper.gpu.measurements import AttentionRate

HEADS, KEY_HEADS, HEAD_DIM = 14, 2, 64  # Qwen2.5-0.5B's config.json
MASKS: tuple[Literal["is_causal", "explicit"], ...] = ("is_causal", "explicit")


def attention_rates(clock: Clock, lengths: Sequence[int]) -> list[AttentionRate]:
    """One layer's attention of prompts of *lengths* tokens, B = 1."""
    found = []
    for tokens in lengths:
        draw = drawing(tokens, clock.device, torch.bfloat16)
        operands = [draw.normal(1, HEADS, tokens, HEAD_DIM) for _ in range(3)]
        for mask in MASKS:
            pairs = _pairs(tokens, clock.device) if mask == "explicit" else None
            attend = partial(_attend, operands, pairs)
            rate = AttentionRate(
                tokens=tokens, heads=HEADS, key_heads=KEY_HEADS, head_dim=HEAD_DIM, mask=mask,
                timed=clock.timed(attend),
            )  # fmt: skip
            found.append(rate)
    return found


def _attend(operands: Sequence[Tensor], pairs: Tensor | None) -> None:
    query, key, value = operands
    scaled_dot_product_attention(query, key, value, attn_mask=pairs, is_causal=pairs is None)


def _pairs(tokens: int, device: torch.device) -> Tensor:
    """What is added to scores ``[tokens, tokens]``: nothing, or minus infinity for a token that is still to come."""
    return torch.full((tokens, tokens), float("-inf"), dtype=torch.bfloat16, device=device).triu(1)
