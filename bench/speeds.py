"""Speeds of runs, found and possible, and what of a difference holds whatever the mappings."""

from __future__ import annotations

from typing import NamedTuple

from sim import Result
from sim.files.numbers import percent

NOTHING = 0.01  # a gain below this is none


class Speed(NamedTuple):
    """Tokens a second: ``found``, by the best mapping of a search, and ``most``, by any mapping."""

    found: float
    most: float

    @classmethod
    def of(cls, result: Result) -> Speed:
        """That of a run whose result has the bound over every mapping."""
        above = result.above_any_mapping
        assert above is not None
        return cls(result.tokens_per_second, result.tokens_per_second * (1 + above))


def change(before: Speed, after: Speed) -> str:
    """From *before* to *after*, and whether that is so whatever the mappings."""
    gain = after.found / before.found - 1
    numbers = f"{before.found:.3g} -> {after.found:.3g} tok/s ({percent(gain, '+')})"
    if after.found > before.most or after.most < before.found:
        return f"{numbers}, whatever the mappings"
    low, high = after.found / before.most - 1, after.most / before.found - 1
    if max(abs(low), abs(high)) < NOTHING:
        return f"{numbers}, nothing whatever the mappings"
    return f"{numbers}, open between {percent(low, '+')} and {percent(high, '+')}"
