"""Whoever listens to the units of a run; where nobody does, that costs nothing.

A unit's intervals come one after the other, without a gap. What a stream offers is shown as its ``view``, which the
runner of programs makes (sim/execution/offered.py): units only pass it on.
"""

from __future__ import annotations

from typing import Any


class Observer:
    """Hears what units do; a subclass listens to what it overrides."""

    __slots__ = ()

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        """*unit* works on the *offered* request in these cycles."""

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits in these cycles."""
