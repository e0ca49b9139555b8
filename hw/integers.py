"""Integer arithmetic that rounds the same way everywhere: up, or so that parts sum to the whole."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")


def ceil_div(numerator: int, denominator: int) -> int:
    """Quotient of two non-negative integers, rounded up."""
    return -(-numerator // denominator)


def apportion(total: int, weights: dict[Key, int]) -> dict[Key, int]:
    """Split the integer *total* in proportion to *weights* so that the parts sum to it exactly.

    Largest-remainder method; ties go to the earlier key. A zero sum of weights gives everything to the first key.
    """
    scale = sum(weights.values())
    if scale == 0:
        return {key: total if i == 0 else 0 for i, key in enumerate(weights)}
    parts = {key: total * weight // scale for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: -(total * weights[key] % scale))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
