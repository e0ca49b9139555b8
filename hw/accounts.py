"""Where the cycles of a unit went: busy, or waiting for a named reason, to the cycle."""

from __future__ import annotations

from collections.abc import Iterable


class Accounts:
    """Where cycles went: ``busy`` + the sum of ``stalls`` = the time accounted for so far."""

    __slots__ = ("busy", "stalls")

    def __init__(self, busy: int = 0, stalls: dict[str, int] | None = None) -> None:
        self.busy = busy
        self.stalls: dict[str, int] = {} if stalls is None else stalls

    def stall(self, reason: str, cycles: int) -> None:
        """Add *cycles* of waiting."""
        if cycles:
            self.stalls[reason] = self.stalls.get(reason, 0) + cycles

    def add(self, other: Accounts) -> None:
        """Add the cycles of *other*."""
        self.busy += other.busy
        for reason, cycles in other.stalls.items():
            self.stall(reason, cycles)

    @classmethod
    def total(cls, accounts: Iterable[Accounts]) -> Accounts:
        """The sum of *accounts*."""
        result = cls()
        for account in accounts:
            result.add(account)
        return result
