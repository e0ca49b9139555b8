"""When refreshes are due, and whose turn it is: of all banks at once, or of one bank after the other."""

from __future__ import annotations

from typing import Literal

from hw.dram.organisation import NEVER
from hw.dram.timing import Timing

Refresh = Literal["all-bank", "per-bank", "none"]


class Refreshes:
    """The refreshes of one channel: ``due`` are put off until the controller can do them, ``at`` is the next one."""

    __slots__ = ("_banks", "_groups", "_regions", "_turn", "at", "due", "interval", "one_bank")

    def __init__(self, timing: Timing, refresh: Refresh) -> None:
        """Per bank only where the standard has such a refresh."""
        organisation = timing.organisation
        self._banks = organisation.banks
        self._groups = organisation.bank_groups
        self._regions = organisation.regions
        self.one_bank = refresh == "per-bank"
        self.interval = {"all-bank": timing.refi, "per-bank": timing.refi_pb, "none": NEVER}[refresh]
        self.at = self.interval
        self.due = 0
        self._turn = 0  # how many have been done

    def fall_due(self, clock: int) -> None:
        """Note that it is *clock* now; the time must not move on by more than an interval between two calls."""
        if clock >= self.at:
            self.at += self.interval
            self.due += 1

    def first_bank(self) -> int:
        """The bank whose turn it is, the first one if all are refreshed."""
        return self.bank_of(0) if self.one_bank else 0

    def behind_bank(self) -> int:
        """The first bank behind those whose turn it is."""
        return self.bank_of(0) + 1 if self.one_bank else self._banks

    def bank_of(self, later: int) -> int:
        """The bank that is refreshed alone, so many turns *later*: all of a bank group, then those of the next."""
        turn = self._turn + later
        return turn % self._banks // self._regions + self._groups * (turn % self._regions)

    def done(self) -> None:
        """One that was due has been done."""
        self.due -= 1
        self._turn += 1

    def leap(self, count: int) -> None:
        """So many fell due and have been done."""
        self.at += count * self.interval
        self._turn += count
