"""Where the cycles of a unit go while a run goes on: busy, or waiting for a reason, to the cycle.

A unit's ledger has a :class:`Tally` for every stream and layer, and one for what nobody caused. A wait for a DRAM
transfer is shared out over what the transfer's time was spent on.
"""

from __future__ import annotations

from array import array
from typing import Final

from hw.accounts import Accounts
from hw.observer import Observer
from hw.reasons import BANDWIDTH, COST_NAMES, NOTHING_LEFT

KINDS: Final = len(COST_NAMES)  # of DRAM time that a transfer's is spent on


class Landing:
    """A DRAM transfer: when it was issued, why not earlier, and what its time was spent on, in clocks.

    ``before`` is the transfer that it was late for, if it was one.
    """

    __slots__ = ("before", "data", "issued", "late_reason", "latency", "refresh", "row_miss", "turnaround")

    def __init__(self) -> None:
        self.issued = self.late_reason = 0
        self.before: Landing | None = None
        self.data = self.latency = self.row_miss = self.turnaround = self.refresh = 0

    @property
    def costs(self) -> tuple[int, ...]:
        """The clocks by :data:`~hw.reasons.COST_NAMES`."""
        return self.data, self.latency, self.row_miss, self.turnaround, self.refresh


class Tally:
    """Cycles busy, and cycles of waiting by the number of the reason."""

    __slots__ = ("busy", "stalls")

    def __init__(self, reasons: int) -> None:
        self.busy = 0
        self.stalls = array("q", [0]) * reasons


class Ledger:
    """The tallies of one unit. Whoever observes the unit hears of every interval of waiting."""

    __slots__ = ("_count", "_cycles", "_opened", "_reasons", "_shares", "name", "names", "observer")

    def __init__(self, name: str, names: tuple[str, ...]) -> None:
        self.name = name
        self.names = names  # of the reasons
        self.observer: Observer | None = None
        self._opened: list[Tally] = []
        self._count = 0  # parts of the wait that is being shared out, in order of time
        self._reasons = array("q", [0]) * len(names)  # of each part
        self._cycles = array("q", [0]) * len(names)  # of each part
        self._shares = array("q", [0]) * (3 * KINDS)  # weights, quotients, remainders

    def open(self) -> Tally:
        """A new tally, whose cycles are cycles of this unit."""
        tally = Tally(len(self.names))
        self._opened.append(tally)
        return tally

    def accounts(self, tally: Tally) -> Accounts:
        """What *tally* says, with the names of the reasons."""
        stalls = {name: cycles for name, cycles in zip(self.names, tally.stalls, strict=True) if cycles}
        return Accounts(tally.busy, stalls)

    def close(self, makespan: int) -> Accounts:
        """All cycles up to *makespan*; those that nobody accounted for are its end, when nothing was left to do."""
        total = Accounts.total(map(self.accounts, self._opened))
        accounted = total.busy + sum(total.stalls.values())
        self.stall(self.open(), NOTHING_LEFT, accounted, makespan)
        total.stall(self.names[NOTHING_LEFT], makespan - accounted)
        return total

    def stall(self, tally: Tally, reason: int, start: int, end: int) -> None:
        """Put the cycles from *start* to *end* down to *reason*."""
        if end > start:
            tally.stalls[reason] += end - start
            if self.observer is not None:
                self.observer.stalled(self.name, self.names[reason], start, end)

    def wait(self, tally: Tally, reason: int, landing: Landing | None, start: int, end: int) -> None:
        """The unit stood idle from *start* to *end*, when a request of *tally*'s stream starts.

        *reason* is why not earlier, *landing* the transfer that the request waited for, if it was one.
        """
        if landing is None:
            self.stall(tally, reason, start, end)
        else:
            self._count = 0
            self._split(reason, landing, start, end)
            for part in range(self._count):
                cycles = self._cycles[part]
                self.stall(tally, self._reasons[part], start, start + cycles)
                start += cycles

    def _split(self, reason: int, landing: Landing | None, start: int, end: int) -> None:
        """Cut the cycles from *start* to *end* into parts.

        A wait for DRAM counts from the issue of the transfer, shared over what the transfer's time was spent on; what
        lies before the issue goes to the reason that the transfer was issued late, which can be another transfer.
        """
        if landing is None:
            self._add(reason, end - start)
        else:
            issued = min(max(landing.issued, start), end)
            self._split(landing.late_reason, landing.before, start, issued)
            self._share(landing, end - issued)

    def _add(self, reason: int, cycles: int) -> None:
        """One more part, or more of the one that has this reason."""
        part = 0
        while part < self._count and self._reasons[part] != reason:
            part += 1
        if part < self._count:
            self._cycles[part] += cycles
        elif cycles:
            self._reasons[part] = reason
            self._cycles[part] = cycles
            self._count += 1

    def _share(self, landing: Landing, cycles: int) -> None:
        """Share *cycles* over what *landing*'s time was spent on, by largest remainders (ties: the earlier kind)."""
        shares = self._shares
        shares[0] = landing.data
        shares[1] = landing.latency
        shares[2] = landing.row_miss
        shares[3] = landing.turnaround
        shares[4] = landing.refresh
        scale = shares[0] + shares[1] + shares[2] + shares[3] + shares[4]
        if not scale:
            shares[0] = scale = 1  # a transfer that took no time: bandwidth
        left = cycles
        for kind in range(KINDS):
            whole = cycles * shares[kind] // scale
            shares[KINDS + kind] = whole
            shares[2 * KINDS + kind] = cycles * shares[kind] - whole * scale
            left -= whole
        while left > 0:
            most = 0
            for kind in range(1, KINDS):
                if shares[2 * KINDS + kind] > shares[2 * KINDS + most]:
                    most = kind
            shares[2 * KINDS + most] = -1
            shares[KINDS + most] += 1
            left -= 1
        for kind in range(KINDS):
            self._add(BANDWIDTH + kind, shares[KINDS + kind])
