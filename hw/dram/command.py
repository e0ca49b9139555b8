"""DRAM at command level: one controller a channel, and an event for every command that it issues.

The controller keeps bursts in a read and a write queue of bounded length and each clock may issue one command: for the
first burst, in order of arrival, whose next command (activate, precharge, read, write) no timing rule holds back
(FR-FCFS, open page). Bursts whose row was opened for them come first. Writes are drained from a high to a low
watermark, or while there is nothing to read. Refresh has precedence over everything but bursts whose row is open for
them. Where an activation takes two commands (LPDDR5), the second is put off while there is something better to do;
where there is a data clock, it is synchronised by a CAS command before a read or write after a pause. A read of what
waits to be written is answered from the queue, a second write to it joins the first.

Where nothing can be issued, time moves on to the first clock at which a rule, a refresh or an arrival changes that.
The policy is that of Ramulator 2.1's LPDDR5 controller (FR-FCFS, watermarks, priorities), written anew, for all
standards; the rules are rules.py's table.

Not modelled: more than one rank, auto-precharge, power-down, the write data's way through the controller.
"""

from __future__ import annotations

from array import array
from typing import Final

from hw.dram.constraints import Constraints
from hw.dram.organisation import CLOSED, NEVER
from hw.dram.places import Places
from hw.dram.queues import Burst, Queues
from hw.dram.refresh import Refresh, Refreshes
from hw.dram.replay import READ, Ints, Replay
from hw.dram.rules import ACT1, PRE, PREA, RD, REFA, REFB, WR, command_clocks
from hw.dram.timing import Timing
from hw.dram.traffic import Traffic

NO_BANK: Final = -1

Issued = tuple[int, int, int, int, int]  # channel, clock, command, bank, row that is opened or else open


def replay(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32, inject: int = 0,
    log: list[Issued] | None = None,
) -> Replay:  # fmt: skip
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes), in order and as fast as the queues take them.

    A request is cut into bursts, which go to *channels* (interleaved by 256 bytes) with *queue* places each for reads
    and for writes; at most *inject* bursts arrive a clock (0: four a channel). Cycles are counted to the last data read
    or write command issued, latencies from a request's first arrival to its last data. Every command, but for ACT-2 and
    CAS, is appended to *log*.
    """
    traffic = Traffic(requests, channels, timing.organisation.burst_bytes)
    controllers = [Controller(timing, refresh, queue, traffic, number, log) for number in range(channels)]
    bursts = _run(traffic, controllers, inject or 4 * channels)
    return Replay.of(controllers, bursts, traffic.read_latencies())


def _run(traffic: Traffic, controllers: list[Controller], most: int) -> int:
    """The whole replay, in which *most* bursts arrive a clock; returns the number of bursts."""
    clock = bursts = 0
    while True:
        arrived = _arrive(traffic, controllers, most, clock)
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


def _arrive(traffic: Traffic, controllers: list[Controller], most: int, clock: int) -> int:
    """Let *most* bursts arrive in order, or fewer if a queue is full; returns how many did."""
    for arrived in range(most):
        if traffic.arrived():
            return arrived
        number = traffic.number
        kind = traffic.kinds[number]
        controller = controllers[traffic.channel]
        queues = controller.queues
        if queues.waits_to_be_written(traffic.local):
            traffic.ends(number, clock + 1)
        elif queues.has_room(kind):
            queues.join(kind, traffic.local, clock, number)
        else:
            return arrived
        traffic.arrive(clock)
    return most


class Controller:
    """One channel: its queues, what its banks hold, and which commands are half done.

    An activation is half done between its two commands, a read or write between its CAS and itself; there is at most
    one of each. ``hits``, ``misses`` and ``conflicts`` count bursts by what their bank held when their first command
    was issued, ``cycles`` is the clock of the last data read or write command.
    """

    __slots__ = (
        "_aad", "_activate_by", "_activating", "_channel", "_constraints", "_free", "_held", "_log", "_read_clocks",
        "_refreshes", "_row", "_runs_on", "_synced", "_synced_slot", "_synchronised", "_taken", "_traffic", "_wake",
        "conflicts", "cycles", "hits", "misses", "queues",
    )  # fmt: skip

    def __init__(
        self, timing: Timing, refresh: Refresh, queue: int, traffic: Traffic, channel: int, log: list[Issued] | None
    ) -> None:
        organisation = timing.organisation
        self._channel = channel  # its number
        self._log = log
        self._traffic = traffic
        self.queues = Queues(queue, Places(organisation))
        self._constraints = Constraints(timing)
        self._refreshes = Refreshes(timing, refresh)
        self._read_clocks = timing.read_clocks
        self._aad = timing.aad
        self._taken = array("q", command_clocks(timing).values())  # [command] clocks on the command bus
        self._free = 0  # when the command bus is
        # [READ or WRITE] from the command until the data clock stops
        runs_on = organisation.burst_clocks + timing.wck_postamble
        self._runs_on = array("q", [latency + runs_on for latency in (timing.rl, timing.wl)])
        self._synchronised = 0 if organisation.data_clock else NEVER  # until when the data clock runs
        self._row = array("q", [CLOSED]) * organisation.banks  # [bank] the open row, or CLOSED
        self._held = array("q", [0]) * organisation.banks  # [bank] 1 while a burst waits whose row was opened for it
        self._activating: Burst | None = None  # whose row the second command will open
        self._activate_by = NEVER  # when that must go
        self._synced: list[Burst] | None = None  # where the burst waits that a CAS was issued for, and its slot there
        self._synced_slot = 0
        self._wake = 0  # if nothing can be issued now: when something may be
        self.hits = self.misses = self.conflicts = self.cycles = 0

    def busy(self) -> bool:
        """Whether any burst is left."""
        return self._activating is not None or not self.queues.empty()

    def tick(self, clock: int) -> int:
        """Issue at most one command, the first of these that can go; returns the next clock at which one may."""
        self._refreshes.fall_due(clock)
        if clock < self._free:
            return self._free
        self._wake = self._refreshes.at
        if (
            self._finish_activation(clock)  # by its second command, if that cannot wait any longer
            or self._finish_transfer(clock)  # by the read or write for which a CAS was issued
            or self._serve_opened(clock)
            or (self._refresh(clock) if self._refreshes.due else self._serve_queue(clock))
            or self._finish_activation(NEVER)  # there is nothing better to do
        ):
            return max(clock + 1, self._free)
        return self._wake

    # ----------------------------------------------------------------------------------------- what may be issued

    def _finish_activation(self, by: int) -> bool:
        """The second command of an activation, if it must go by that clock: the row is open for its burst."""
        burst = self._activating
        if burst is None or self._activate_by > by:
            return False
        self._activating = None
        self._activate_by = NEVER
        self._open(burst)
        return True

    def _finish_transfer(self, clock: int) -> bool:
        """The read or write that a CAS went before."""
        entries = self._synced
        if entries is None:
            return False
        self._synced = None
        self._transfer(entries, self._synced_slot, clock)
        return True

    def _serve_opened(self, clock: int) -> bool:
        """The read or write of the oldest burst whose row was opened for it."""
        opened = self.queues.opened
        oldest = -1
        arrival = NEVER
        for slot in range(len(opened)):
            burst = opened[slot]
            when = self._constraints.earliest(RD if burst.kind == READ else WR, burst.bank)
            if when > clock:
                self._wake = min(self._wake, when)
            elif burst.arrival < arrival:
                oldest = slot
                arrival = burst.arrival
        if oldest < 0:
            return False
        self._start_transfer(opened, oldest, clock)
        return True

    def _refresh(self, clock: int) -> bool:
        """What a due refresh needs next: to close what is open, or to refresh."""
        first = self._refreshes.first_bank()
        behind = self._refreshes.behind_bank()
        closed = True
        half_open = self._half_open()
        for bank in range(first, behind):
            if self._held[bank] or bank == half_open:
                return False
            closed = closed and self._row[bank] == CLOSED
        command = REFB if self._refreshes.one_bank else REFA
        if not closed:
            command = PRE if self._refreshes.one_bank else PREA
        when = self._constraints.earliest(command, first)
        if when > clock:
            self._wake = min(self._wake, when)
            return False
        self._send(command, first, clock)
        if closed:
            self._refreshes.done()
        for bank in range(first, behind):
            self._row[bank] = CLOSED
        return True

    def _serve_queue(self, clock: int) -> bool:
        """What the first burst needs, in order of arrival, whose next command nothing holds back."""
        half_open = self._half_open()
        entries = self.queues.turn()
        for slot in range(len(entries)):
            burst = entries[slot]
            bank = burst.bank
            if bank == half_open:
                continue
            command = self._next_command(burst)
            if (command == ACT1 and half_open != NO_BANK) or (command == PRE and self._held[bank]):
                continue
            when = self._constraints.earliest(command, bank)
            if when <= clock:
                self._issue(command, entries, slot, clock)
                return True
            self._wake = min(self._wake, when)
        return False

    def _half_open(self) -> int:
        """The bank of which an activation is half done, or NO_BANK."""
        return NO_BANK if self._activating is None else self._activating.bank

    def _next_command(self, burst: Burst) -> int:
        """What *burst* needs next, by what its bank holds."""
        row = self._row[burst.bank]
        if row == burst.row:
            return RD if burst.kind == READ else WR
        return ACT1 if row == CLOSED else PRE

    # ------------------------------------------------------------------------------ issuing, taking note, retiring

    def _issue(self, command: int, entries: list[Burst], slot: int, clock: int) -> None:
        """Issue *command* for the burst in *slot*."""
        burst = entries[slot]
        if command == ACT1:
            self._count(burst)
            del entries[slot]
            if self._aad:
                self._activating = burst
                self._activate_by = clock + self._aad
            else:
                self._open(burst)
            self._send(ACT1, burst.bank, clock)
        elif command == PRE:
            self._count(burst)
            self._send(PRE, burst.bank, clock)
            self._row[burst.bank] = CLOSED
        else:
            self._start_transfer(entries, slot, clock)

    def _send(self, command: int, bank: int, clock: int) -> None:
        """*command* goes to *bank*: what that holds back, and until when the command bus is taken."""
        self._constraints.issued(command, bank, clock)
        self._free = clock + self._taken[command]
        if self._log is not None:
            row = self._row[bank] if self._activating is None or command != ACT1 else self._activating.row
            self._log.append((self._channel, clock, command, bank, row))

    def _open(self, burst: Burst) -> None:
        """The row of *burst* is open, and held for it."""
        self._row[burst.bank] = burst.row
        self._held[burst.bank] = 1
        self.queues.opened.append(burst)

    def _start_transfer(self, entries: list[Burst], slot: int, clock: int) -> None:
        """Read or write the burst in *slot*; where the data clock has stopped, a CAS goes first.

        The CAS takes this clock and keeps the next for the read or write, so that the second command of an activation
        may have to go before it.
        """
        if clock < self._synchronised:
            self._transfer(entries, slot, clock)
        elif not self._finish_activation(clock + 1):
            self._synced = entries
            self._synced_slot = slot

    def _transfer(self, entries: list[Burst], slot: int, clock: int) -> None:
        """Issue the read or write command of a burst and let it go."""
        burst = entries[slot]
        if entries is self.queues.opened:
            self._held[burst.bank] = 0
        else:
            self._count(burst)
        self._synchronised = max(self._synchronised, clock + self._runs_on[burst.kind])
        done = clock
        if burst.kind == READ:
            self._send(RD, burst.bank, clock)
            done += self._read_clocks
        else:
            self._send(WR, burst.bank, clock)
        self._traffic.ends(burst.request, done)
        self.cycles = max(self.cycles, done)
        del entries[slot]

    def _count(self, burst: Burst) -> None:
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
