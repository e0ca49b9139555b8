"""The banks of a channel, with the timing rules as what they come to.

That is when each bank can be activated, closed and used, and when each bank group can move data in either direction.

Not modelled, unlike in constraints.py: a rule over four activations (four of them are never closer than RRD allows),
the distance between refreshes of two banks.
"""

from __future__ import annotations

from array import array

from hw.dram.queues import Burst
from hw.dram.timing import BANK_GROUPS, BANKS, BURST_CLOCKS, CLOSED, NEVER, REGIONS, Timing


class Rules:
    """What the rules of a speed grade come to, in clocks."""

    __slots__ = (
        "aad", "gap", "ppd", "ras", "rc", "rcd", "recovery", "refresh_to_activate", "rfc", "rl", "rp", "rrd",
        "synchronised",
    )  # fmt: skip

    def __init__(self, t: Timing, one_bank: bool) -> None:
        """*one_bank*: refreshed at once, instead of all."""
        self.rcd, self.rp, self.ras, self.rc, self.rrd = t.rcd, t.rp_pb, t.ras, t.rc, t.rrd
        self.ppd, self.aad, self.rl = t.ppd, t.aad, t.rl
        self.rfc = t.rfc_pb if one_bank else t.rfc_ab
        self.refresh_to_activate = t.pbr2act  # of another bank
        read_to_write = t.rl + BURST_CLOCKS + 2 - t.wl
        after_write = t.wl + BURST_CLOCKS + t.wtr_s, t.wl + t.bl_max + t.wtr_l
        # a direction is READ or WRITE
        # [preceding direction, following direction, whether in one bank group] between two bursts
        self.gap = array("q", [t.ccd_s, t.ccd_l, read_to_write, read_to_write, *after_write, t.ccd_s, t.ccd_l])
        self.recovery = array("q", [t.rtp, t.wl + BURST_CLOCKS + t.wr])  # [direction] until the row may be closed
        # [direction] until the data clock stops
        self.synchronised = array("q", [latency + BURST_CLOCKS + t.wck_postamble for latency in (t.rl, t.wl)])


class Banks:
    """Which rows are open, and the first clock of what can come next, in each bank and each bank group.

    Of an activation's two commands the second is put off, up to ``second_by``, while there is something better to do;
    until it has gone, no other bank is activated.
    """

    __slots__ = (
        "_activate", "_close", "_column", "_group", "_held", "_next_activate", "_next_close", "_rules", "row",
        "second_by",
    )  # fmt: skip

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.row = array("q", [CLOSED]) * BANKS  # open, or CLOSED
        self._activate = array("q", [0]) * BANKS  # first clock of the next activation
        self._close = array("q", [0]) * BANKS  # first clock at which the open row may be closed
        self._column = array("q", [0]) * BANKS  # first clock of a read or write of the open row
        self._held = array("q", [0]) * BANKS  # 1 until the burst that the row was opened for has gone
        self._group = array("q", [0]) * (2 * BANK_GROUPS)  # [direction, group] first clock of its next read or write
        self._next_activate = self._next_close = 0  # in any bank
        self.second_by = NEVER

    def when(self, burst: Burst) -> int:
        """When a burst can have what it needs next: its data, its row opened, or another row closed."""
        bank = burst.bank
        row = self.row[bank]
        if row == burst.row:
            return max(self._column[bank], self._group[burst.kind * BANK_GROUPS + burst.group])
        if row == CLOSED:
            return NEVER if self.second_by != NEVER else max(self._activate[bank], self._next_activate)
        return NEVER if self._held[bank] else max(self._close[bank], self._next_close)

    def transfer(self, burst: Burst, clock: int) -> None:
        """A burst is read or written."""
        rules = self._rules
        bank = burst.bank
        kind = burst.kind
        for following in range(2):
            for group in range(BANK_GROUPS):
                place = following * BANK_GROUPS + group
                gap = rules.gap[4 * kind + 2 * following + (1 if group == burst.group else 0)]
                self._group[place] = max(self._group[place], clock + gap)
        self._close[bank] = max(self._close[bank], clock + rules.recovery[kind])

    def open_row(self, burst: Burst, clock: int) -> None:
        """Open the row of a burst, which is then held for it."""
        rules = self._rules
        bank = burst.bank
        self.row[bank] = burst.row
        self._held[bank] = 1
        self._column[bank] = clock + rules.rcd
        self._close[bank] = clock + rules.ras
        self._activate[bank] = clock + rules.rc
        self._next_activate = max(self._next_activate, clock + rules.rrd)
        self.second_by = clock + rules.aad

    def release(self, bank: int) -> None:
        """The burst has gone that a row was opened for."""
        self._held[bank] = 0

    def close_rows(self, first: int, behind: int, clock: int) -> None:
        """Close what is open in the banks from *first* to the one before *behind*."""
        for bank in range(first, behind):
            self.row[bank] = CLOSED
            self._activate[bank] = max(self._activate[bank], clock + self._rules.rp)
        self._next_close = clock + self._rules.ppd

    def refresh(self, first: int, behind: int, clock: int) -> None:
        """Refresh the banks from *first* to the one before *behind*, whose rows are closed."""
        for bank in range(first, behind):
            self._activate[bank] = max(self._activate[bank], clock + self._rules.rfc)
        self._next_activate = max(self._next_activate, clock + self._rules.refresh_to_activate)

    def any_open(self, first: int, behind: int) -> bool:
        """Whether a row is open in one of these banks."""
        for bank in range(first, behind):
            if self.row[bank] != CLOSED:
                return True
        return False

    def all_closable(self, first: int, behind: int) -> int:
        """When all of these banks can be closed; NEVER while a row is held for a burst."""
        when = self._next_close
        for bank in range(first, behind):
            if self._held[bank]:
                return NEVER
            when = max(when, self._close[bank])
        return when

    def all_activatable(self, first: int, behind: int) -> int:
        """When all of these banks, which are closed, could be activated, and so be refreshed."""
        when = 0
        for bank in range(first, behind):
            when = max(when, self._activate[bank])
        return when

    def leap(self, first: int, last: int, closable: int, clocks: int) -> None:
        """A stream has gone on for so many *clocks*, through the regions *first* to *last*, and leaves these open.

        *closable* is the first clock at which the rows of the last one may be closed.
        """
        for place in range(2 * BANK_GROUPS):
            self._group[place] += clocks
        for region in range(max(last - REGIONS + 1, first), last + 1):
            for group in range(BANK_GROUPS):
                bank = group + BANK_GROUPS * (region % REGIONS)
                self.row[bank] = region // REGIONS
                if region == last:
                    self._close[bank] = closable
