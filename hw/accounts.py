"""Where the cycles of a unit went: busy, or waiting for a named reason, to the cycle."""

from __future__ import annotations

from collections.abc import Iterable

from hw.dram import COST_NAMES, Costs
from sim.units import apportion


class Landing:
    """A DRAM transfer: when it was issued, why not earlier, and what its time was spent on (clocks by COST_NAMES).

    ``before`` is the transfer that it was late for, if it was one.
    """

    __slots__ = ("before", "costs", "issued", "late_reason")

    def __init__(self, issued: int, late_reason: str, costs: Costs, before: Landing | None = None) -> None:
        self.issued = issued
        self.late_reason = late_reason
        self.costs = costs
        self.before = before


class Accounts:
    """Where cycles went: ``busy`` + the sum of ``stalls`` = the time accounted for so far."""

    __slots__ = ("busy", "stalls")

    def __init__(self) -> None:
        self.busy = 0
        self.stalls: dict[str, int] = {}

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


def split_wait(reason: str, landing: Landing | None, start: int, end: int) -> dict[str, int]:
    """The cycles from *start* to *end* by reason.

    A wait for DRAM counts from the issue of the transfer, shared over what the transfer's time was spent on; what lies
    before the issue goes to the reason that the transfer was issued late, which can be another transfer.
    """
    if landing is None:
        return {reason: end - start}
    issued = min(max(landing.issued, start), end)
    parts = split_wait(landing.late_reason, landing.before, start, issued)
    costs = dict(zip(COST_NAMES, landing.costs, strict=True))
    for cause, cycles in apportion(end - issued, costs).items():
        parts[cause] = parts.get(cause, 0) + cycles
    return {cause: cycles for cause, cycles in parts.items() if cycles}
