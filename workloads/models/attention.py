"""Attention as a recurrence over blocks of keys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attention:
    """Scaled dot-product attention: *groups* groups of *queries* query heads that share a key and a value head.

    A key has ``key_size`` channels, a value ``value_size``; scores are multiplied by ``scale``. A query sees the
    ``window`` latest tokens, itself among them, all if None, and the first ``sinks`` of a sequence whatever the window.
    Without an ``own_cache`` the keys and values are those that an earlier layer has left.
    """

    groups: int
    queries: int
    key_size: int
    value_size: int
    scale: float
    window: int | None = None
    sinks: int = 0
    own_cache: bool = True
