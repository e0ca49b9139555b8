"""A channel's controller that is stepped burst by burst: what competes is served as hw/dram/command.py does.

The policy is the same (FR-FCFS, bursts whose row was opened for them first, watermarks, refresh before the rest), with
the rules of banks.py.

Not modelled, unlike at command level: that a CAS takes a clock of the command bus beside its read or write.
"""

from __future__ import annotations

from hw.dram.banks import Banks, Rules
from hw.dram.organisation import CLOSED, NEVER
from hw.dram.queues import Burst, Queues
from hw.dram.refresh import Refresh, Refreshes
from hw.dram.replay import READ
from hw.dram.timing import Timing
from hw.dram.traffic import Traffic


class Controller:
    """One channel: its queues, its banks, and when it has to be stepped next.

    ``hits``, ``misses`` and ``conflicts`` count bursts by what their bank held when their first command was issued,
    ``cycles`` is the clock of the last data read or write command.
    """

    __slots__ = (
        "_all_open", "_free", "_ready", "_synchronised", "_traffic", "banks", "conflicts", "cycles", "hits", "misses",
        "queues", "refreshes", "rules", "wake",
    )  # fmt: skip

    def __init__(self, timing: Timing, refresh: Refresh, queue: int, traffic: Traffic) -> None:
        self._traffic = traffic
        self.refreshes = Refreshes(timing, refresh)
        self.rules = Rules(timing, self.refreshes.one_bank)
        self.queues = Queues(queue, self.rules.places)
        self.banks = Banks(self.rules)
        self._synchronised = 0 if timing.organisation.data_clock else NEVER  # until when the data clock runs
        self._free = 0  # when the command bus is
        self._all_open = False  # whether the bursts looked at last need no other rows
        self._ready = NEVER  # when a burst that was looked at can go
        self.wake = 0
        self.hits = self.misses = self.conflicts = self.cycles = 0

    def accept(self, kind: int, address: int, clock: int, request: int) -> None:
        """Let a burst join its queue, and wake up when a command can come for it."""
        queues = self.queues
        burst = queues.join(kind, address, clock, request)
        if kind == queues.served:
            self.wake = min(self.wake, self.banks.when(burst))
        else:
            self.wake = clock

    def step(self, clock: int) -> int:
        """Issue at most one command; returns the next clock at which another may be possible."""
        banks = self.banks
        self._all_open = False
        self.refreshes.fall_due(clock)
        if clock < self._free:
            return self._free
        if clock >= banks.second_by:  # the second command of an activation cannot wait any longer
            banks.second_by = NEVER
            return clock + 1
        self._ready = NEVER
        rank = self._oldest_opened(clock)
        if rank >= 0:
            return self._transfer(self.queues.opened, rank, clock)
        wake = min(self._ready, self.refreshes.at)
        if self.refreshes.due:
            when = self._refresh(clock)
            if when == clock:
                return self._taken(clock, self.rules.other_clocks)
            wake = min(wake, when)
        else:
            entries = self.queues.turn()
            rank = self._first_ready(entries, clock)
            if rank >= 0:
                return self._issue(entries, rank, clock)
            wake = min(wake, self._ready)
        if banks.second_by != NEVER:  # nothing is better than the second command of the activation
            banks.second_by = NEVER
            return clock + 1
        return wake

    def _oldest_opened(self, clock: int) -> int:
        """The rank of the oldest opened burst that can go, or -1 (and ``_ready`` is when one can)."""
        opened = self.queues.opened
        best = -1
        arrival = NEVER
        for rank in range(len(opened)):
            burst = opened[rank]
            when = self.banks.when(burst)
            if when > clock:
                self._ready = min(self._ready, when)
            elif burst.arrival < arrival:
                best = rank
                arrival = burst.arrival
        return best

    def _first_ready(self, entries: list[Burst], clock: int) -> int:
        """The rank of the oldest burst that a command can be issued for, or -1 (and ``_ready`` is when there is one).

        Of the bursts of one bank, those that want its open row can all go at the same time, and so can those that want
        another: one of each is looked at.
        """
        banks = self.banks
        first = -1
        hits = misses = 0  # banks that were looked at, as bits
        for rank in range(len(entries)):
            burst = entries[rank]
            other_row = banks.row[burst.bank] != burst.row
            bit = 1 << burst.bank
            if (misses if other_row else hits) & bit:
                continue
            if other_row:
                misses |= bit
            else:
                hits |= bit
            when = banks.when(burst)
            if when > clock:
                self._ready = min(self._ready, when)
            elif first < 0:
                if other_row:
                    return rank
                first = rank
        self._all_open = misses == 0
        return first

    def _refresh(self, clock: int) -> int:
        """Close or refresh the banks whose turn it is; returns when that can be, *clock* if it was done."""
        banks = self.banks
        first = self.refreshes.first_bank()
        behind = self.refreshes.behind_bank()
        if banks.any_open(first, behind):
            when = max(clock, banks.all_closable(first, behind))
            if when == clock:
                banks.close_rows(first, behind, clock)
        else:
            when = max(clock, banks.all_activatable(first, behind))
            if when == clock:
                banks.refresh(first, behind, clock)
                self.refreshes.done()
        return when

    def _issue(self, entries: list[Burst], rank: int, clock: int) -> int:
        """Issue what the burst of that *rank* needs next; returns when another command may be possible."""
        burst = entries[rank]
        row = self.banks.row[burst.bank]
        if row == burst.row:
            after = self._transfer(entries, rank, clock)
            return after + 1 if self._all_open and self.banks.second_by == NEVER else after
        if row == CLOSED:
            if not burst.seen:
                self.misses += 1
            self.banks.open_row(burst, clock)
            del entries[rank]
            self.queues.opened.append(burst)
        else:
            if not burst.seen:
                self.conflicts += 1
                burst.seen = True
            self.banks.close_rows(burst.bank, burst.bank + 1, clock)
            return self._taken(clock, self.rules.other_clocks)
        return self._taken(clock, self.rules.activate_clocks)

    def _taken(self, clock: int, clocks: int) -> int:
        """A command takes the command bus for so many *clocks*; returns when it is free again."""
        self._free = clock + clocks
        return self._free

    def _transfer(self, entries: list[Burst], rank: int, clock: int) -> int:
        """Read or write a burst, after a CAS if the data clock has stopped; returns the clock after."""
        burst = entries[rank]
        self._free = clock + self.rules.column_clocks
        if clock >= self._synchronised:
            clock += 1
        self._synchronised = max(self._synchronised, clock + self.rules.synchronised[burst.kind])
        self.banks.transfer(burst, clock)
        if entries is self.queues.opened:
            self.banks.release(burst.bank)
        elif not burst.seen:
            self.hits += 1
        done = clock
        if burst.kind == READ:
            done += self.rules.read_clocks
        self._traffic.ends(burst.request, done)
        self.cycles = max(self.cycles, done)
        del entries[rank]
        return clock + self.rules.column_clocks

    def streams(self, kind: int) -> bool:
        """Whether nothing but one direction is served, and all rows that this needs are open."""
        queues = self.queues
        if queues.served != kind or len(queues.opened) or self.refreshes.due or not self._all_open:
            return False
        return len(queues.of(kind)) > 0

    def leap(self, kind: int, size: int, clocks: int, clock: int, refreshes: int) -> None:
        """Be at *clock*, so many *clocks* later, when *size* bytes have streamed and refreshes were done.

        What waits is as many bursts as before, further on; rows were opened for the regions that were entered.
        """
        queues = self.queues
        places = self.rules.places
        begin = queues.oldest(kind).address // places.region_bytes
        before = queues.newest(kind).address // places.region_bytes
        queues.leap(kind, size, clock)
        newest = queues.newest(kind).address // places.region_bytes
        self.banks.leap(begin, newest, clock + self.rules.recovery[kind], clocks)
        self._synchronised += clocks
        self.wake += clocks
        self.refreshes.leap(refreshes)
        self._free += clocks
        opened = places.bank_groups * (newest - before)
        missed = min(opened, refreshes * (1 if self.refreshes.one_bank else places.banks))
        self.misses += missed
        self.conflicts += opened - missed
        self.hits += size // places.burst_bytes - opened
