"""LPDDR5 controllers stepped command by command where bursts compete, and past a whole stream where one is alone.

The policy is hw/dram/command.py's (FR-FCFS, bursts whose row was opened for them first, watermarks, refresh before
the rest), with its rules as what they come to: when each bank can be activated, closed and used, and when each bank
group can move data in either direction.

In a stream data takes BURST_CLOCKS a burst, rows open behind it, and each refresh that is due costs what it keeps the
bus waiting for; the controllers then go on as if they had streamed all of it.

Not modelled, unlike at command level: a rule over four activations (four of them are never closer than RRD allows), the
distance between refreshes of two banks, commands between a CAS and its read or write. In a stream, data that is read
again while it waits to be written.
"""

from __future__ import annotations

from array import array
from typing import Final

from hw.dram.command import HIGH_WATERMARK, LOW_WATERMARK, Burst, Refresh, durations, refresh_interval
from hw.dram.replay import Ints
from hw.dram.timing import (
    BANK_GROUPS,
    BANKS,
    BURST_BYTES,
    BURST_CLOCKS,
    INTERLEAVE_BYTES,
    NEVER,
    REGION_BYTES,
    REGIONS,
    Timing,
)
from hw.typed_arrays import typed_array

ARRIVALS: Final = 4  # bursts a channel and clock
CLOSED: Final = -1
READ: Final = 0
WRITE: Final = 1
TRANSFER: Final = 0
ACTIVATE: Final = 1
CLOSE: Final = 2


class Rules:
    """What a speed grade comes to, in clocks, for queues of *queue* bursts."""

    __slots__ = (
        "aad", "gap", "high", "interval", "low", "one_bank", "ppd", "queue", "ras", "rc", "rcd", "recovery",
        "refresh_to_activate", "rfc", "rl", "rp", "rrd", "synchronised",
    )  # fmt: skip

    def __init__(self, t: Timing, refresh: Refresh, queue: int) -> None:
        self.queue = queue
        self.high = HIGH_WATERMARK * queue
        self.low = LOW_WATERMARK * queue
        self.rcd, self.rp, self.ras, self.rc, self.rrd = t.rcd, t.rp_pb, t.ras, t.rc, t.rrd
        self.ppd, self.aad, self.rl = t.ppd, t.aad, t.rl
        self.one_bank = refresh == "per-bank"  # refreshed at once, instead of all
        self.interval = refresh_interval(t, refresh)
        self.rfc = t.rfc_pb if self.one_bank else t.rfc_ab
        self.refresh_to_activate = t.pbr2act  # of another bank
        read_to_write = t.rl + BURST_CLOCKS + 2 - t.wl
        after_write = t.wl + BURST_CLOCKS + t.wtr_s, t.wl + t.bl_max + t.wtr_l
        # [preceding, following, whether of one bank group] read or write
        self.gap = array("q", [t.ccd_s, t.ccd_l, read_to_write, read_to_write, *after_write, t.ccd_s, t.ccd_l])
        self.recovery = array("q", [t.rtp, t.wl + BURST_CLOCKS + t.wr])  # [direction] until the row may be closed
        # [direction] until the data clock stops
        self.synchronised = array("q", [latency + BURST_CLOCKS + t.wck_postamble for latency in (t.rl, t.wl)])


class Traffic:
    """The requests: what arrives next and in which channel that lies, and when each began and ended.

    ``run_ends`` are, for each request, the last one of its run: consecutive bytes in one direction.
    """

    __slots__ = (
        "_address", "_begins", "_channel", "_controllers", "_first", "_kinds", "_last", "_local", "_number",
        "_rules", "_run_ends", "_sizes", "_total",
    )  # fmt: skip

    def __init__(self, requests: Ints, run_ends: Ints, rules: Rules, controllers: list[Controller]) -> None:
        self._rules = rules
        self._kinds, self._begins, self._sizes = (typed_array(requests[:, column]) for column in range(3))
        self._run_ends = typed_array(run_ends)
        self._controllers = controllers
        self._total = len(requests)
        self._first = array("q", [NEVER]) * self._total
        self._last = array("q", [0]) * self._total
        self._address = self._channel = self._local = 0
        self._next(0)

    def read_latencies(self) -> Ints:
        """Clocks from the first arrival to the last data, of read requests."""
        return durations(self._first, self._last, self._kinds)

    def run(self) -> int:
        """The whole replay; returns the number of bursts."""
        clock = bursts = 0
        while True:
            arrived = self._arrive(clock)
            bursts += arrived
            clock += 1
            soonest = NEVER
            for controller in self._controllers:
                if controller.wake <= clock:
                    controller.wake = controller.step(clock, self._last)
                soonest = min(soonest, controller.wake)
            if self._number < self._total:
                size = self._streamed()
                if size:
                    clocks = self._leap(size, clock)
                    bursts += size * len(self._controllers) // BURST_BYTES
                    soonest += clocks
                    clock += clocks
            elif self._idle():
                return bursts
            if arrived == 0 and not self._fits():
                clock = max(clock, soonest - 1)

    def _idle(self) -> bool:
        """Whether nothing is left to be served."""
        for controller in self._controllers:
            if controller.busy():
                return False
        return True

    def _next(self, number: int) -> None:
        """Go on to the first burst of request *number*."""
        self._number = number
        if number < self._total:
            self._seek(self._begins[number] // BURST_BYTES * BURST_BYTES)

    def _seek(self, address: int) -> None:
        """Go on to the burst at *address*."""
        channels = len(self._controllers)
        turn = address // INTERLEAVE_BYTES
        self._address = address
        self._channel = turn % channels
        self._local = turn // channels * INTERLEAVE_BYTES + address % INTERLEAVE_BYTES

    def _fits(self) -> bool:
        """Whether a burst is yet to arrive and finds room."""
        if self._number == self._total:
            return False
        controller = self._controllers[self._channel]
        return controller.has_room(self._kinds[self._number])

    def _arrive(self, clock: int) -> int:
        """Let bursts arrive in order until a queue is full; returns how many did."""
        most = ARRIVALS * len(self._controllers)
        for arrived in range(most):
            if not self._fits():
                return arrived
            number = self._number
            controller = self._controllers[self._channel]
            self._first[number] = min(self._first[number], clock)
            if controller.waits_to_be_written(self._local):
                self._last[number] = max(self._last[number], clock + 1)
            else:
                controller.accept(self._kinds[number], self._local, clock, number)
            after = self._address + BURST_BYTES
            if after >= self._begins[number] + self._sizes[number]:
                self._next(number + 1)
            elif after % INTERLEAVE_BYTES == 0:
                self._seek(after)
            else:
                self._address = after
                self._local += BURST_BYTES
        return most

    def _streamed(self) -> int:
        """Bytes that every channel can stream at once: the rest of the run that arrives, if all serve only that.

        Fewer than a region are not worth it: what a controller has before it at either end is not quite what a stream
        leaves. A queue must see the next rows soon enough to open them behind data; with several channels, the burst
        that has to wait for room in one keeps others from a full queue, by up to what is interleaved.
        """
        end = self._run_ends[self._number]
        channels = len(self._controllers)
        rules = self._rules
        seen = rules.queue - (INTERLEAVE_BYTES // BURST_BYTES if channels > 1 else 0)
        size = (self._begins[end] + self._sizes[end] - self._address) // (INTERLEAVE_BYTES * channels)
        size *= INTERLEAVE_BYTES
        if size < REGION_BYTES or seen * BURST_CLOCKS < rules.rp + rules.rcd:
            return 0
        for controller in self._controllers:
            if not controller.streams(self._kinds[end]):
                return 0
            if self._run_ends[controller.oldest_request(self._kinds[end])] != end:
                return 0
        return size

    def _leap(self, size: int, clock: int) -> int:
        """Let every channel stream *size* bytes of the run that arrives at once; returns the clocks that takes."""
        end = self._run_ends[self._number]
        kind = self._kinds[end]
        channels = len(self._controllers)
        begin = self._address
        jump = size * channels
        first = self._controllers[0]
        refreshes, clocks = first.duration(kind, size, clock)
        pace = clocks / jump  # clocks a byte; a product of whole numbers could be too large
        rules = self._rules
        # behind a full queue
        waits = int(pace * rules.queue * BURST_BYTES * channels) + rules.rl + BURST_CLOCKS
        oldest = self._number
        for controller in self._controllers:
            oldest = min(oldest, controller.oldest_request(kind))
        number = oldest
        while number <= end and self._begins[number] < begin + jump:
            arrives = self._begins[number] - begin
            leaves = arrives + self._sizes[number]
            if arrives >= 0:
                self._first[number] = clock + int(pace * arrives)
            if leaves > jump:
                break
            self._last[number] = max(self._last[number], clock + int(pace * leaves) + waits)
            number += 1
        self._next(number)
        if number <= end:
            self._seek(begin + jump)
        for channel in range(channels):
            controller = self._controllers[channel]
            controller.leap(kind, size, clocks, clock + clocks, refreshes)
            self._hold(controller.queue(kind), channel, oldest, end)
        return clocks

    def _hold(self, entries: list[Burst], channel: int, oldest: int, end: int) -> None:
        """Say which requests, of those from *oldest* to *end*, the bursts that have moved on belong to."""
        for burst in entries:
            turn = burst.address // INTERLEAVE_BYTES * len(self._controllers) + channel
            oldest = self._holding(turn * INTERLEAVE_BYTES + burst.address % INTERLEAVE_BYTES, oldest, end)
            burst.request = oldest

    def _holding(self, address: int, low: int, end: int) -> int:
        """Which of the requests from *low* to *end*, consecutive bytes, holds *address*."""
        high = end + 1
        while high - low > 1:
            middle = (low + high) // 2
            if self._begins[middle] <= address:
                low = middle
            else:
                high = middle
        return low


class Controller:
    """One channel: its queues, oldest first, and when its banks and bank groups can be used next."""

    __slots__ = (
        "_activate",
        "_all_open",
        "_close",
        "_column",
        "_due",
        "_group",
        "_held",
        "_next_activate",
        "_next_close",
        "_opened",
        "_reads",
        "_ready",
        "_refresh_at",
        "_row",
        "_second_by",
        "_synchronised",
        "_turn",
        "_writes",
        "_writing",
        "conflicts",
        "cycles",
        "hits",
        "misses",
        "rules",
        "wake",
    )  # fmt: skip

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._row = array("q", [CLOSED]) * BANKS  # open, or CLOSED
        self._activate = array("q", [0]) * BANKS  # first clock of the next activation
        self._close = array("q", [0]) * BANKS  # first clock at which the open row may be closed
        self._column = array("q", [0]) * BANKS  # first clock of a read or write of the open row
        self._held = array("q", [0]) * BANKS  # 1 until the burst that the row was opened for has gone
        self._group = array("q", [0]) * (2 * BANK_GROUPS)  # [direction, group] first clock of its next read or write
        self._next_activate = self._next_close = 0  # in any bank
        self._reads: list[Burst] = []
        self._writes: list[Burst] = []
        self._opened: list[Burst] = []  # bursts whose row was opened for them
        self._synchronised = 0  # until when the data clock runs
        self._second_by = NEVER  # when the second command of an activation must come
        self._refresh_at = self.rules.interval
        self._due = self._turn = 0  # refreshes put off, and whose turn it is
        self._writing = 0  # the direction that is served
        self._all_open = False  # whether the bursts looked at last need no other rows
        self._ready = NEVER  # when a burst that was looked at can go
        self.wake = 0
        self.hits = self.misses = self.conflicts = self.cycles = 0

    def queue(self, kind: int) -> list[Burst]:
        """The reads or the writes."""
        return self._writes if kind == WRITE else self._reads

    def busy(self) -> bool:
        """Whether any burst is left."""
        return len(self._reads) > 0 or len(self._writes) > 0 or len(self._opened) > 0

    def has_room(self, kind: int) -> bool:
        """Whether one more burst can join its queue."""
        return len(self.queue(kind)) < self.rules.queue

    def oldest_request(self, kind: int) -> int:
        """The request of the oldest burst to read or to write."""
        burst = self.queue(kind)[0]
        return burst.request

    def waits_to_be_written(self, address: int) -> bool:
        """Whether a write of *address* is in its queue."""
        for burst in self._writes:
            if burst.address == address:
                return True
        return False

    def accept(self, kind: int, address: int, clock: int, request: int) -> None:
        """Let a burst join its queue, and wake up when a command can come for it."""
        burst = Burst()
        burst.arrive(kind, address, clock, request)
        self.queue(kind).append(burst)
        self.wake = min(self.wake, self._when(burst, self._next_command(burst))) if kind == self._writing else clock

    def step(self, clock: int, last: array[int]) -> int:
        """Issue at most one command; returns the next clock at which another may be possible.

        *last* takes the clock of each request's last data.
        """
        self._all_open = False
        if clock >= self._refresh_at:
            self._refresh_at += self.rules.interval
            self._due += 1
        if clock >= self._second_by:  # the second command of an activation cannot wait any longer
            self._second_by = NEVER
            return clock + 1
        self._ready = NEVER
        rank = self._oldest_opened(clock)
        if rank >= 0:
            return self._transfer(self._opened, rank, clock, last)
        wake = min(self._ready, self._refresh_at)
        if self._due:
            when = self._refresh(clock)
            if when == clock:
                return clock + 1
            wake = min(wake, when)
        else:
            entries = self._direction()
            rank = self._first_ready(entries, clock)
            if rank >= 0:
                return self._issue(entries, rank, clock, last)
            wake = min(wake, self._ready)
        if self._second_by != NEVER:
            self._second_by = NEVER
            return clock + 1
        return wake

    def _oldest_opened(self, clock: int) -> int:
        """The rank of the oldest opened burst that can go, or -1 (and ``_ready`` is when one can)."""
        best = -1
        arrival = NEVER
        for rank in range(len(self._opened)):
            burst = self._opened[rank]
            when = self._when(burst, TRANSFER)
            if when > clock:
                self._ready = min(self._ready, when)
            elif burst.arrival < arrival:
                best = rank
                arrival = burst.arrival
        return best

    def _direction(self) -> list[Burst]:
        """The queue that is served: writes from the high to the low watermark, or while there is nothing to read."""
        reads = len(self._reads)
        writes = len(self._writes)
        if self._writing == READ:
            if writes > self.rules.high or reads == 0:
                self._writing = WRITE
        elif writes < self.rules.low and reads != 0:
            self._writing = READ
        return self.queue(self._writing)

    def _first_ready(self, entries: list[Burst], clock: int) -> int:
        """The rank of the oldest burst that a command can be issued for, or -1 (and ``_ready`` is when there is one).

        Rows are opened and closed before data moves. Bursts of one bank that all want its open row, or all another, can
        go at the same time: one of each is looked at.
        """
        first = -1
        hits = misses = 0  # banks that were looked at, as bits
        for rank in range(len(entries)):
            burst = entries[rank]
            command = self._next_command(burst)
            bit = 1 << burst.bank
            if (hits if command == TRANSFER else misses) & bit:
                continue
            if command == TRANSFER:
                hits |= bit
            else:
                misses |= bit
            when = self._when(burst, command)
            if when > clock:
                self._ready = min(self._ready, when)
            elif first < 0:
                if command != TRANSFER:
                    return rank
                first = rank
        self._all_open = misses == 0
        return first

    def _next_command(self, burst: Burst) -> int:
        """What a burst needs next, by what its bank holds."""
        row = self._row[burst.bank]
        if row == burst.row:
            return TRANSFER
        return ACTIVATE if row == CLOSED else CLOSE

    def _when(self, burst: Burst, command: int) -> int:
        """When *command* may be issued for a burst."""
        bank = burst.bank
        if command == TRANSFER:
            return max(self._column[bank], self._group[burst.kind * BANK_GROUPS + burst.group])
        if command == CLOSE:
            return NEVER if self._held[bank] else max(self._close[bank], self._next_close)
        return NEVER if self._second_by != NEVER else max(self._activate[bank], self._next_activate)

    def _issue(self, entries: list[Burst], rank: int, clock: int, last: array[int]) -> int:
        """Issue what the burst of that *rank* needs next; returns when another command may be possible."""
        command = self._next_command(entries[rank])
        if command == TRANSFER:
            after = self._transfer(entries, rank, clock, last)
            return after + 1 if self._all_open and self._second_by == NEVER else after
        if command == ACTIVATE:
            self._open_row(entries, rank, clock)
        else:
            self._close_row(entries[rank], clock)
        return clock + 1

    def _transfer(self, entries: list[Burst], rank: int, clock: int, last: array[int]) -> int:
        """Read or write a burst, after a CAS if the data clock has stopped; returns the clock after."""
        rules = self.rules
        burst = entries[rank]
        kind = burst.kind
        bank = burst.bank
        if clock >= self._synchronised:
            clock += 1
        self._synchronised = max(self._synchronised, clock + rules.synchronised[kind])
        for following in range(2):
            for group in range(BANK_GROUPS):
                place = following * BANK_GROUPS + group
                gap = rules.gap[4 * kind + 2 * following + (1 if group == burst.group else 0)]
                self._group[place] = max(self._group[place], clock + gap)
        self._close[bank] = max(self._close[bank], clock + rules.recovery[kind])
        if entries is self._opened:
            self._held[bank] = 0
        elif not burst.seen:
            self.hits += 1
        done = clock
        if kind == READ:
            done += rules.rl + BURST_CLOCKS
        last[burst.request] = max(last[burst.request], done)
        self.cycles = max(self.cycles, done)
        del entries[rank]
        return clock + 1

    def _open_row(self, entries: list[Burst], rank: int, clock: int) -> None:
        """Open the row of a burst, which is then held for it; the second command follows when nothing is better."""
        rules = self.rules
        burst = entries[rank]
        bank = burst.bank
        if not burst.seen:
            self.misses += 1
        self._row[bank] = burst.row
        self._held[bank] = 1
        self._column[bank] = clock + rules.rcd
        self._close[bank] = clock + rules.ras
        self._activate[bank] = clock + rules.rc
        self._next_activate = max(self._next_activate, clock + rules.rrd)
        self._second_by = clock + rules.aad
        del entries[rank]
        self._opened.append(burst)

    def _close_row(self, burst: Burst, clock: int) -> None:
        """Close the row that is in a burst's way, wanted by others or not."""
        bank = burst.bank
        if not burst.seen:
            self.conflicts += 1
            burst.seen = True
        self._row[bank] = CLOSED
        self._activate[bank] = max(self._activate[bank], clock + self.rules.rp)
        self._next_close = clock + self.rules.ppd

    def _refreshed(self, turn: int) -> int:
        """The bank that is refreshed alone in that turn: group by group."""
        return turn % BANKS // BANK_GROUPS + BANK_GROUPS * (turn % BANK_GROUPS)

    def _refresh(self, clock: int) -> int:
        """Close or refresh all banks, or the one whose turn it is; returns when that can be, *clock* if it was done."""
        rules = self.rules
        first = self._refreshed(self._turn) if rules.one_bank else 0
        behind = first + 1 if rules.one_bank else BANKS
        opened = False
        for bank in range(first, behind):
            if self._held[bank]:
                return NEVER
            opened = opened or self._row[bank] != CLOSED
        when = self._next_close if opened else clock
        for bank in range(first, behind):
            when = max(when, self._close[bank] if opened else self._activate[bank])
        if when > clock:
            return when
        for bank in range(first, behind):
            self._row[bank] = CLOSED
            self._activate[bank] = max(self._activate[bank], clock + (rules.rp if opened else rules.rfc))
        if opened:
            self._next_close = clock + rules.ppd
        else:
            self._next_activate = max(self._next_activate, clock + rules.refresh_to_activate)
            self._due -= 1
            self._turn += 1
        return clock

    def streams(self, kind: int) -> bool:
        """Whether nothing but one direction is served, and all rows that this needs are open."""
        if self._writing != kind or len(self._opened) or self._due or not self._all_open:
            return False
        return len(self.queue(kind)) > 0

    def duration(self, kind: int, size: int, clock: int) -> tuple[int, int]:
        """Refreshes and clocks of *size* bytes that stream from *clock* on.

        A refresh of all banks waits for the last data, closes, refreshes and opens the rows. One of a single bank waits
        for its row to be closed, and for the last data if that is in the row which streams.
        """
        rules = self.rules
        begin = self._first_address(kind)
        end = clock + size // BURST_BYTES * BURST_CLOCKS
        refreshes = 0
        moving = clock  # data has moved since, but for what refreshes took
        due = self._refresh_at
        while due < end:
            lost = rules.rp
            if not rules.one_bank:
                lost += rules.recovery[kind] + rules.rfc + rules.rcd - BURST_CLOCKS
            else:
                region = (begin + (due - moving) // BURST_CLOCKS * BURST_BYTES) // REGION_BYTES % REGIONS
                if region == self._refreshed(self._turn + refreshes) // BANK_GROUPS:
                    lost += rules.recovery[kind]
            refreshes += 1
            moving += lost
            end += lost
            due += rules.interval
        return refreshes, end - clock

    def leap(self, kind: int, size: int, clocks: int, clock: int, refreshes: int) -> None:
        """Be at *clock*, so many *clocks* later, when *size* bytes have streamed and refreshes were done."""
        for place in range(2 * BANK_GROUPS):
            self._group[place] += clocks
        self._synchronised += clocks
        self.wake += clocks
        self._refresh_at += refreshes * self.rules.interval
        self._turn += refreshes
        opened = BANK_GROUPS * self._move(kind, size, clock)
        missed = min(opened, refreshes * (1 if self.rules.one_bank else BANKS))
        self.misses += missed
        self.conflicts += opened - missed
        self.hits += size // BURST_BYTES - opened

    def _move(self, kind: int, size: int, clock: int) -> int:
        """Put what is queued at *clock* *size* bytes further on, with rows open; returns rows opened in each group."""
        entries = self.queue(kind)
        count = len(entries)
        begin = self._first_address(kind)
        before = self._last_address(kind) // REGION_BYTES
        for rank in range(count):
            burst = entries[rank]
            burst.lie_at(burst.address + size)
            burst.arrival = clock - (count - rank) * BURST_CLOCKS
        newest = self._last_address(kind) // REGION_BYTES
        for region in range(max(newest - REGIONS + 1, begin // REGION_BYTES), newest + 1):
            for group in range(BANK_GROUPS):
                bank = group + BANK_GROUPS * (region % REGIONS)
                self._row[bank] = region // REGIONS
                if region == newest:
                    self._close[bank] = clock + self.rules.recovery[kind]
        return newest - before

    def _first_address(self, kind: int) -> int:
        """Where the oldest burst to read or to write lies."""
        burst = self.queue(kind)[0]
        return burst.address

    def _last_address(self, kind: int) -> int:
        """Where the newest burst to read or to write lies."""
        entries = self.queue(kind)
        burst = entries[len(entries) - 1]
        return burst.address
