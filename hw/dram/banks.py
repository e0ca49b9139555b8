"""The banks of a channel, with the timing rules as what they come to.

That is when each bank can be activated, closed and used, and when each bank group can move data in either direction.

Not modelled, unlike in constraints.py: the distance between refreshes of two banks.
"""

from __future__ import annotations

from array import array

from hw.dram.organisation import CLOSED, NEVER
from hw.dram.places import Places
from hw.dram.queues import Burst
from hw.dram.rules import Command, Scope, command_clocks, rules
from hw.dram.timing import Timing


class Rules:
    """What the rules of a speed grade come to, in clocks from the first clock of a command to that of the next."""

    __slots__ = (
        "aad", "activate_clocks", "column_clocks", "faw", "gap", "other_clocks", "pace", "places", "ppd", "ras", "rc",
        "rcd", "read_clocks", "recovery", "refresh_to_activate", "rfc", "rp", "rp_all", "rrd", "rrd_l", "synchronised",
    )  # fmt: skip

    def __init__(self, t: Timing, one_bank: bool) -> None:
        """*one_bank*: refreshed at once, instead of all."""
        least = {(r.scope, r.preceding, r.following): r.clocks for r in rules(t) if r.window == 1}

        def apart(preceding: Command, following: Command, within: Scope = Scope.CHANNEL) -> int:
            """Clocks between two commands to one bank, group or channel, by the rules of that and of what it is in."""
            return max(least.get((scope, preceding, following), 0) for scope in Scope if scope >= within)

        bank, group, column = Scope.BANK, Scope.GROUP, (Command.RD, Command.WR)
        act, pre, prea = Command.ACT1, Command.PRE, Command.PREA
        refresh = Command.REFB if one_bank else Command.REFA
        taken = command_clocks(t)
        self.places = Places(t.organisation)
        self.activate_clocks, self.column_clocks, self.other_clocks = taken[act], taken[Command.RD], taken[pre]
        self.rp, self.rp_all = apart(pre, act, bank), apart(prea, Command.REFA)
        self.ras, self.rc, self.rrd, self.rrd_l = apart(act, pre, bank), apart(act, act, bank), t.rrd_s, t.rrd_l
        self.faw, self.ppd, self.aad, self.read_clocks = t.faw, apart(pre, pre), t.aad, t.read_clocks
        self.rfc = apart(refresh, act, bank)
        self.refresh_to_activate = apart(Command.REFB, act)  # of another bank
        # a direction is READ or WRITE
        self.rcd = array("q", [apart(act, each, bank) for each in column])  # [direction]
        # [preceding direction, following direction, whether in one bank group] between two bursts
        self.gap = array("q", [apart(a, b, scope) for a in column for b in column for scope in (Scope.CHANNEL, group)])
        self.recovery = array("q", [apart(each, pre, bank) for each in column])  # [direction] until it may be closed
        self.pace = array("q", t.pace)  # [direction] clocks a burst of a stream
        # [direction] until the data clock stops
        runs_on = t.organisation.burst_clocks + t.wck_postamble
        self.synchronised = array("q", [latency + runs_on for latency in (t.rl, t.wl)])


class Banks:
    """Which rows are open, and the first clock of what can come next, in each bank and each bank group.

    Of an activation's two commands the second is put off, up to ``second_by``, while there is something better to do;
    until it has gone, no other bank is activated.
    """

    __slots__ = (
        "_activate", "_activations", "_banks", "_close", "_column", "_group", "_groups", "_held", "_next_activate",
        "_next_close", "_recent", "_regions", "_rules", "row", "second_by",
    )  # fmt: skip

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._banks = banks = self._rules.places.banks
        self._groups = self._rules.places.bank_groups
        self._regions = self._rules.places.regions
        self.row = array("q", [CLOSED]) * banks  # open, or CLOSED
        self._activate = array("q", [0]) * banks  # first clock of the next activation
        self._close = array("q", [0]) * banks  # first clock at which the open row may be closed
        self._column = array("q", [0]) * (2 * banks)  # [direction, bank] first clock of a read or write of the open row
        self._held = array("q", [0]) * banks  # 1 until the burst that the row was opened for has gone
        self._group = array("q", [0]) * (2 * self._groups)  # [direction, group] first clock of its next read or write
        self._recent = array("q", [0]) * 4  # clocks of the last four activations, in turn
        self._activations = 0
        self._next_activate = self._next_close = 0  # in any bank
        self.second_by = NEVER

    def when(self, burst: Burst) -> int:
        """When a burst can have what it needs next: its data, its row opened, or another row closed."""
        bank = burst.bank
        row = self.row[bank]
        if row == burst.row:
            kind = burst.kind
            return max(self._column[kind * self._banks + bank], self._group[kind * self._groups + burst.group])
        if row == CLOSED:
            return NEVER if self.second_by != NEVER else max(self._activate[bank], self._next_activate)
        return NEVER if self._held[bank] else max(self._close[bank], self._next_close)

    def transfer(self, burst: Burst, clock: int) -> None:
        """A burst is read or written."""
        rules = self._rules
        bank = burst.bank
        kind = burst.kind
        for following in range(2):
            for group in range(self._groups):
                place = following * self._groups + group
                gap = rules.gap[4 * kind + 2 * following + (1 if group == burst.group else 0)]
                self._group[place] = max(self._group[place], clock + gap)
        self._close[bank] = max(self._close[bank], clock + rules.recovery[kind])

    def open_row(self, burst: Burst, clock: int) -> None:
        """Open the row of a burst, which is then held for it."""
        rules = self._rules
        bank = burst.bank
        self.row[bank] = burst.row
        self._held[bank] = 1
        self._column[bank] = clock + rules.rcd[0]
        self._column[self._banks + bank] = clock + rules.rcd[1]
        self._close[bank] = clock + rules.ras
        self._activate[bank] = clock + rules.rc
        self._next_activate = max(self._next_activate, clock + rules.rrd)
        self._recent[self._activations % 4] = clock
        self._activations += 1
        if self._activations >= 4:
            self._next_activate = max(self._next_activate, self._recent[self._activations % 4] + rules.faw)
        if rules.rrd_l > rules.rrd:
            for region in range(self._regions):
                other = burst.group + self._groups * region
                self._activate[other] = max(self._activate[other], clock + rules.rrd_l)
        if rules.aad:
            self.second_by = clock + rules.aad

    def release(self, bank: int) -> None:
        """The burst has gone that a row was opened for."""
        self._held[bank] = 0

    def close_rows(self, first: int, behind: int, clock: int) -> None:
        """Close what is open in the banks from *first* to the one before *behind*."""
        rp = self._rules.rp if behind == first + 1 else self._rules.rp_all
        for bank in range(first, behind):
            self.row[bank] = CLOSED
            self._activate[bank] = max(self._activate[bank], clock + rp)
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
        groups = self._groups
        regions = self._regions
        for place in range(2 * groups):
            self._group[place] += clocks
        for region in range(max(last - regions + 1, first), last + 1):
            for group in range(groups):
                bank = group + groups * (region % regions)
                self.row[bank] = region // regions
                if region == last:
                    self._close[bank] = closable
