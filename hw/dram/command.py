"""LPDDR5 at command level: one controller a channel, and an event for every command that it issues.

The controller keeps bursts in a read and a write queue of bounded length and each clock may issue one command: for the
first burst, in order of arrival, whose next command (activate, precharge, read, write) no timing rule holds back
(FR-FCFS, open page). Bursts whose row was opened for them come first. Writes are drained from a high to a low
watermark, or while there is nothing to read. Refresh has precedence over everything but bursts whose row is open for
them. An activation takes two commands, of which the second is put off while there is something better to do; before a
read or write after a pause the data clock is synchronised by a CAS command. A read of what waits to be written is
answered from the queue, a second write to it joins the first.

Where nothing can be issued, time moves on to the first clock at which a rule, a refresh or an arrival changes that.
The policy is that of Ramulator 2.1's LPDDR5 controller (FR-FCFS, watermarks, priorities), written anew; the rules are
hw/dram/timing.py's table.

Not modelled: more than one rank, auto-precharge, power-down, the write data's way through the controller.
"""

from __future__ import annotations

from array import array
from typing import Final, Literal

import numpy as np

from hw.dram.replay import Ints, Replay
from hw.dram.timing import (
    BANK_GROUPS,
    BANKS,
    BURST_BYTES,
    BURST_CLOCKS,
    GROUP_BYTES,
    INTERLEAVE_BYTES,
    NEVER,
    REGION_BYTES,
    REGIONS,
    Command,
    Timing,
    rules,
)
from hw.typed_arrays import typed_array

Refresh = Literal["all-bank", "per-bank", "none"]
HIGH_WATERMARK, LOW_WATERMARK = 0.8, 0.2  # of a queue
COMMANDS: Final = len(Command)
ACT1: Final = int(Command.ACT1)
PRE: Final = int(Command.PRE)
PREA: Final = int(Command.PREA)
RD: Final = int(Command.RD)
WR: Final = int(Command.WR)
REFA: Final = int(Command.REFA)
REFB: Final = int(Command.REFB)
CHANNEL: Final = BANKS + BANK_GROUPS  # where rules hold: the banks, then the bank groups, then the channel
CLOSED: Final = -1
NO_DEADLINE: Final = -1
READ: Final = 0


def replay(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32, inject: int = 0
) -> Replay:
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes), in order and as fast as the queues take them.

    A request is cut into bursts of 32 bytes, which go to *channels* (interleaved by 256 bytes) with *queue* places
    each for reads and for writes; at most *inject* bursts arrive a clock (0: four a channel). Cycles are counted to the
    last data read or write command issued, latencies from a request's first arrival to its last data.
    """
    traffic = Traffic(requests, inject or 4 * channels)
    controllers = [Controller(timing, refresh, queue, traffic) for _ in range(channels)]
    bursts = _run(traffic, controllers)
    return Replay.of(controllers, bursts, traffic.read_latencies())


def durations(first: array[int], last: array[int], kinds: array[int]) -> Ints:
    """From *first* to *last*, of read requests."""
    begin, end, kind = (np.array(values, dtype=np.int64) for values in (first, last, kinds))
    found: Ints = (end - begin)[kind == READ]
    return found


def refresh_interval(timing: Timing, refresh: Refresh) -> int:
    """Clocks from one refresh to the next."""
    return {"all-bank": timing.refi, "per-bank": timing.refi_pb, "none": NEVER}[refresh]


class Burst:
    """What one read or write command moves, and where in its channel that lies: the bank, its group, the row."""

    __slots__ = ("address", "arrival", "bank", "group", "kind", "request", "row", "seen")

    def arrive(self, kind: int, address: int, clock: int, request: int) -> None:
        """Join a queue at *clock*: READ or WRITE the bytes at *address* for *request*."""
        self.kind = kind
        self.arrival = clock
        self.request = request
        self.seen = False  # whether a command has been issued for it
        self.lie_at(address)

    def lie_at(self, address: int) -> None:
        """Rows of the four bank groups lie side by side, by GROUP_BYTES in turn."""
        self.address = address
        self.group = address // GROUP_BYTES % BANK_GROUPS
        self.bank = self.group + BANK_GROUPS * (address // REGION_BYTES % REGIONS)
        self.row = address // (REGIONS * REGION_BYTES)


class Traffic:
    """The requests, of which at most *inject* bursts arrive a clock, and when each began and ended."""

    __slots__ = ("_begins", "_burst", "_first", "_inject", "_kinds", "_number", "_sizes", "last", "total")

    def __init__(self, requests: Ints, inject: int) -> None:
        self._kinds = typed_array(requests[:, 0])
        self._begins = typed_array(requests[:, 1])
        self._sizes = typed_array(np.maximum(requests[:, 2], 1))
        self._inject = inject
        self.total = len(requests)
        self._first = array("q", [0]) * self.total
        self.last = array("q", [0]) * self.total  # data of each request
        self._number = self._burst = 0  # what arrives next: the request, and which of its bursts

    def inject(self, controllers: list[Controller], clock: int) -> int:
        """Let bursts arrive in order until a queue is full; returns how many did."""
        channels = len(controllers)
        arrived = 0
        while arrived < self._inject and self._number < self.total:
            number = self._number
            begin = self._begins[number] // BURST_BYTES
            address = BURST_BYTES * (begin + self._burst)
            turn = address // INTERLEAVE_BYTES
            controller = controllers[turn % channels]
            local = turn // channels * INTERLEAVE_BYTES + address % INTERLEAVE_BYTES
            if self._burst == 0:
                self._first[number] = clock
            if controller.waits_to_be_written(local):
                self.ends(number, clock + 1)
            elif not controller.accept(self._kinds[number], local, clock, number):
                return arrived
            arrived += 1
            self._burst += 1
            if begin + self._burst > (self._begins[number] + self._sizes[number] - 1) // BURST_BYTES:
                self._number += 1
                self._burst = 0
        return arrived

    def ends(self, number: int, clock: int) -> None:
        """The last data of that request so far is done at *clock*."""
        self.last[number] = max(self.last[number], clock)

    def arrived(self) -> bool:
        """Whether nothing is left to arrive."""
        return self._number == self.total

    def read_latencies(self) -> Ints:
        """Clocks from the first arrival to the last data, of read requests."""
        return durations(self._first, self.last, self._kinds)


def _run(traffic: Traffic, controllers: list[Controller]) -> int:
    """The whole replay; returns the number of bursts."""
    clock = bursts = 0
    while True:
        arrived = traffic.inject(controllers, clock)
        bursts += arrived
        clock += 1
        wake = NEVER
        busy = False
        for controller in controllers:
            wake = min(wake, controller.tick(clock))
            busy = busy or controller.busy()
        if not busy and traffic.arrived():
            return bursts
        if arrived == 0 and wake > clock + 1:
            clock = wake - 1


class Controller:
    """One channel: its queues, what its banks hold, and the first clock of every command in every place.

    ``hits``, ``misses`` and ``conflicts`` count bursts by what their bank held when their first command was issued,
    ``cycles`` is the clock of the last data read or write command.
    """

    __slots__ = (
        "_aad", "_activations", "_at", "_clocks", "_deadlines", "_due", "_faw", "_following", "_held", "_high",
        "_history", "_interval", "_low", "_opened", "_opening", "_pending", "_per_bank", "_postamble", "_queue",
        "_reads", "_refresh_at", "_rl", "_row", "_scopes", "_starts", "_synced", "_synced_slot", "_synchronised",
        "_traffic", "_turn", "_wake", "_wl", "_writes", "_writing", "conflicts", "cycles", "hits", "misses",
    )  # fmt: skip

    def __init__(self, timing: Timing, refresh: Refresh, queue: int, traffic: Traffic) -> None:
        self._traffic = traffic
        self._queue = queue
        self._high = HIGH_WATERMARK * queue
        self._low = LOW_WATERMARK * queue
        self._rl = timing.rl
        self._wl = timing.wl
        self._aad = timing.aad
        self._faw = timing.faw
        self._postamble = timing.wck_postamble
        self._interval = refresh_interval(timing, refresh)
        self._per_bank = refresh == "per-bank"
        # the rules of window one by preceding command, and where those of each command begin
        listed = sorted((r.preceding, r.scope, r.following, r.clocks) for r in rules(timing) if r.window == 1)
        self._starts = array("q", [sum(row[0] < command for row in listed) for command in range(COMMANDS + 1)])
        self._scopes, self._following, self._clocks = (array("q", [row[i] for row in listed]) for i in (1, 2, 3))
        self._at = array("q", [0]) * ((CHANNEL + 1) * COMMANDS)  # [place, command] first clock
        self._row = array("q", [CLOSED]) * BANKS
        self._deadlines = array("q", [NO_DEADLINE]) * BANKS  # of an activation's second command
        self._pending = 0  # how many of those there are
        self._held = array("q", [0]) * BANKS  # bursts of each bank in _opened
        self._opening: list[Burst | None] = [None] * BANKS  # the burst that a bank is activated for
        self._opened: list[Burst] = []  # bursts whose row was opened for them
        self._reads: list[Burst] = []
        self._writes: list[Burst] = []
        self._writing = False
        self._synced: list[Burst] | None = None  # where the burst waits that a CAS was issued for
        self._synced_slot = 0
        self._synchronised = 0  # until when the data clock runs
        self._history = array("q", [0]) * 4  # the last activations
        self._activations = 0
        self._refresh_at = self._interval
        self._due = self._turn = 0  # refreshes put off, and the bank whose turn it is
        self._wake = 0
        self.hits = self.misses = self.conflicts = self.cycles = 0

    def waits_to_be_written(self, address: int) -> bool:
        """Whether a write of *address* is in its queue."""
        for burst in self._writes:
            if burst.address == address:
                return True
        return False

    def accept(self, kind: int, address: int, clock: int, request: int) -> bool:
        """Queue a burst if there is room for it."""
        entries = self._reads if kind == READ else self._writes
        if len(entries) == self._queue:
            return False
        burst = Burst()
        burst.arrive(kind, address, clock, request)
        entries.append(burst)
        return True

    def busy(self) -> bool:
        """Whether any burst is left."""
        return self._pending > 0 or len(self._opened) > 0 or len(self._reads) > 0 or len(self._writes) > 0

    def tick(self, clock: int) -> int:
        """Issue at most one command; returns the next clock at which another may be possible."""
        if clock >= self._refresh_at:
            self._refresh_at += self._interval
            self._due += 1
        if self._issue(clock):
            return clock + 1
        return self._wake

    def _issue(self, clock: int) -> bool:
        """Whether a command was issued; if none was, ``_wake`` is when one may be."""
        if self._activates_by(clock):
            self._second_activation()
            return True
        if self._synced is not None:
            self._transfer(self._synced, self._synced_slot, clock)
            self._synced = None
            return True
        self._wake = self._refresh_at
        slot = self._oldest_opened(clock)
        if slot >= 0:
            self._move(self._opened, slot, clock)
            return True
        if self._due:
            if self._refresh(clock):
                return True
        else:
            entries = self._direction()
            slot = self._first_ready(entries, clock)
            if slot >= 0:
                self._advance(entries, slot, clock)
                return True
        if self._pending:
            self._second_activation()
            return True
        return False

    def _earliest(self, command: int, bank: int) -> int:
        """The first clock at which *command* may go to *bank*: the latest that its bank, group and channel allow."""
        first = self._at[bank * COMMANDS + command]
        group = self._at[(BANKS + bank % BANK_GROUPS) * COMMANDS + command]
        whole = self._at[CHANNEL * COMMANDS + command]
        return max(first, group, whole)

    def _hold_back(self, command: int, bank: int, clock: int) -> None:
        """*command* goes to *bank*: let every rule with it in front hold back what it is about."""
        for number in range(self._starts[command], self._starts[command + 1]):
            scope = self._scopes[number]
            place = bank if scope == 0 else BANKS + bank % BANK_GROUPS if scope == 1 else CHANNEL
            key = place * COMMANDS + self._following[number]
            self._at[key] = max(self._at[key], clock + self._clocks[number])
        if command == ACT1:  # the rule over four activations
            self._history[self._activations % 4] = clock
            self._activations += 1
            if self._activations >= 4:
                key = CHANNEL * COMMANDS + ACT1
                self._at[key] = max(self._at[key], self._history[self._activations % 4] + self._faw)

    def _activates_by(self, clock: int) -> bool:
        """Whether the second command of some activation cannot wait beyond *clock*."""
        if self._pending:
            for bank in range(BANKS):
                if self._deadlines[bank] != NO_DEADLINE and self._deadlines[bank] <= clock:
                    return True
        return False

    def _second_activation(self) -> None:
        """Issue the second command of the activation whose deadline is first: its burst's row is open."""
        best = -1
        for bank in range(BANKS):
            deadline = self._deadlines[bank]
            if deadline != NO_DEADLINE and (best < 0 or deadline < self._deadlines[best]):
                best = bank
        burst = self._opening[best]
        assert burst is not None
        self._opening[best] = None
        self._row[best] = burst.row
        self._deadlines[best] = NO_DEADLINE
        self._pending -= 1
        self._held[best] += 1
        self._opened.append(burst)

    def _oldest_opened(self, clock: int) -> int:
        """The slot of the oldest burst that its row was opened for and that can go, or -1."""
        best = -1
        arrival = NEVER
        for slot in range(len(self._opened)):
            burst = self._opened[slot]
            when = self._earliest(RD if burst.kind == READ else WR, burst.bank)
            if when > clock:
                self._wake = min(self._wake, when)
            elif burst.arrival < arrival:
                best = slot
                arrival = burst.arrival
        return best

    def _direction(self) -> list[Burst]:
        """The queue that is served: writes from the high to the low watermark, or while there is nothing to read."""
        reads = len(self._reads)
        writes = len(self._writes)
        if not self._writing:
            self._writing = writes > self._high or reads == 0
        elif writes < self._low and reads != 0:
            self._writing = False
        return self._writes if self._writing else self._reads

    def _first_ready(self, entries: list[Burst], clock: int) -> int:
        """The slot of the first burst that a command can be issued for, or -1."""
        for slot in range(len(entries)):
            burst = entries[slot]
            bank = burst.bank
            if self._deadlines[bank] != NO_DEADLINE:
                continue
            command = self._next_command(burst)
            if (command == ACT1 and self._pending) or (command == PRE and self._held[bank]):
                continue
            when = self._earliest(command, bank)
            if when <= clock:
                return slot
            self._wake = min(self._wake, when)
        return -1

    def _next_command(self, burst: Burst) -> int:
        """What *burst* needs next, by what its bank holds."""
        row = self._row[burst.bank]
        if row == burst.row:
            return RD if burst.kind == READ else WR
        return ACT1 if row == CLOSED else PRE

    def _advance(self, entries: list[Burst], slot: int, clock: int) -> None:
        """Issue what the burst in *slot* needs next."""
        burst = entries[slot]
        command = self._next_command(burst)
        if command in (RD, WR):
            self._move(entries, slot, clock)
        else:
            self._note(burst)
            self._hold_back(command, burst.bank, clock)
            if command == PRE:
                self._row[burst.bank] = CLOSED
            else:
                self._deadlines[burst.bank] = clock + self._aad
                self._pending += 1
                self._opening[burst.bank] = burst
                del entries[slot]

    def _move(self, entries: list[Burst], slot: int, clock: int) -> None:
        """Read or write the burst in *slot*; where the data clock has stopped, a CAS goes first.

        The CAS takes this clock and the next, so that the second command of an activation may have to go before it.
        """
        if clock < self._synchronised:
            self._transfer(entries, slot, clock)
        elif self._activates_by(clock + 1):
            self._second_activation()
        else:
            self._synced = entries
            self._synced_slot = slot

    def _transfer(self, entries: list[Burst], slot: int, clock: int) -> None:
        """Issue the read or write command of a burst and let it go."""
        burst = entries[slot]
        if entries is self._opened:
            self._held[burst.bank] -= 1
        else:
            self._note(burst)
        read = burst.kind == READ
        expiry = clock + (self._rl if read else self._wl) + BURST_CLOCKS + self._postamble
        self._synchronised = max(self._synchronised, expiry)
        self._hold_back(RD if read else WR, burst.bank, clock)
        done = clock + self._rl + BURST_CLOCKS if read else clock
        self._traffic.ends(burst.request, done)
        self.cycles = max(self.cycles, done)
        del entries[slot]

    def _note(self, burst: Burst) -> None:
        """Count a burst by what its bank holds when its first command is issued."""
        if not burst.seen:
            burst.seen = True
            row = self._row[burst.bank]
            if row == burst.row:
                self.hits += 1
            elif row == CLOSED:
                self.misses += 1
            else:
                self.conflicts += 1

    def _refresh(self, clock: int) -> bool:
        """Issue the next command that a due refresh needs, if it can be: close what is open, or refresh."""
        first = self._turn // BANK_GROUPS + BANK_GROUPS * (self._turn % BANK_GROUPS) if self._per_bank else 0
        behind = first + 1 if self._per_bank else BANKS
        closed = True
        for bank in range(first, behind):
            if self._deadlines[bank] != NO_DEADLINE or self._held[bank]:
                return False
            closed = closed and self._row[bank] == CLOSED
        refresh, close = (REFB, PRE) if self._per_bank else (REFA, PREA)
        command = refresh if closed else close
        when = self._earliest(command, first)
        if when > clock:
            self._wake = min(self._wake, when)
            return False
        self._hold_back(command, first, clock)
        if closed:
            self._due -= 1
            self._turn = (self._turn + 1) % BANKS
        for bank in range(first, behind):
            self._row[bank] = CLOSED
        return True
