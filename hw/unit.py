"""A unit that does one request at a time, and the accounting of its every cycle.

A unit is offered *streams*: sequences of requests of which it is known when the next one will be ready. When free it
starts, of those that are ready, the request of the oldest work (lowest ``priority``). The cycles between two requests
are put down to what the later one was last waiting for; a request lengthened by busy SRAM banks puts the difference
down to ``bank_conflict``.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from hw.lpddr5 import COST_NAMES, Costs
from hw.requests import Transfer, Work
from hw.sram import SramPorts
from sim.engine import Engine
from sim.units import apportion

RequestType = TypeVar("RequestType", Work, Transfer)
NEVER = 1 << 62


class Landing:
    """A DRAM transfer: when it was issued, why not earlier, and what its time was spent on (clocks by COST_NAMES)."""

    __slots__ = ("costs", "issued", "late_reason")

    def __init__(self, issued: int, late_reason: str, costs: Costs) -> None:
        self.issued = issued
        self.late_reason = late_reason
        self.costs = costs


class Stream(Protocol[RequestType]):
    """A sequence of requests to one unit; ``request`` is the next one, valid while the stream is offered.

    The request may start from cycle ``ready_at`` on, which may lie ahead. ``reason`` says what that request was last
    waiting for. ``origin`` is added to the address of a transfer.
    """

    name: str
    origin: int
    priority: int
    ready_at: int
    request: RequestType
    reason: str

    def landing(self) -> Landing | None:
        """The DRAM transfer that the request was last waiting for, if it was one."""

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        """The request has started: its operands are read by cycle *end*, its result is there at *completion*."""


class Recorder(Protocol):
    """Listens to a unit; without one, recording costs nothing."""

    def busy(self, unit: str, stream: Stream[Work] | Stream[Transfer], start: int, end: int) -> None:
        """*unit* works on *stream*'s current request in these cycles."""

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits in these cycles."""


class Accounts:
    """Where the cycles of one unit went: ``busy`` + the sum of ``stalls`` = the time accounted for so far."""

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

    def waited(self, reason: str, landing: Landing | None, start: int, end: int) -> None:
        """Account for idleness from *start* to *end*.

        A wait for DRAM counts from the issue of the transfer, shared over what the transfer's time was spent on; what
        lies before the issue goes to the reason that the transfer was issued late.
        """
        if landing is None:
            self.stall(reason, end - start)
            return
        issued = min(max(landing.issued, start), end)
        self.stall(landing.late_reason, issued - start)
        costs = dict(zip(COST_NAMES, landing.costs, strict=True))
        for cause, cycles in apportion(end - issued, costs).items():
            self.stall(cause, cycles)


class Unit:
    """One server: the MAC array or the SIMD unit."""

    __slots__ = ("_busy", "_free_at", "_next_start", "_offered", "_ports", "accounts", "engine", "name", "recorder")

    def __init__(self, name: str, engine: Engine, ports: SramPorts | None) -> None:
        self.name = name
        self.engine = engine
        self.accounts = Accounts()
        self.recorder: Recorder | None = None
        self._ports = ports
        self._offered: list[Stream[Work]] = []
        self._next_start = NEVER
        self._busy = self._free_at = 0

    def offer(self, stream: Stream[Work]) -> None:
        """*stream*'s next request will be ready at its ``ready_at``."""
        self._offered.append(stream)
        start = stream.ready_at
        if start < self._free_at:
            start = self._free_at
        if start < self._next_start:
            self._set_start(start)

    def _set_start(self, cycle: int) -> None:
        if cycle > self.engine.now:
            self._next_start = cycle
            self.engine.start_at(cycle, self._start)
        else:
            self._next_start = self.engine.now
            self.engine.start_now(self._start)

    def _start(self) -> None:
        start = self.engine.now
        if start != self._next_start:
            return  # an earlier start has been set meanwhile
        offered = self._offered
        stream, ready, later = None, 0, NEVER
        for other in offered:
            if other.ready_at > start:
                if other.ready_at < later:
                    later = other.ready_at
            else:
                ready += 1
                if stream is None or other.priority < stream.priority:
                    stream = other
        assert stream is not None, "a start is set only for a request that will be ready"
        offered.remove(stream)
        request, free_at = stream.request, self._free_at
        if start > free_at:
            self.accounts.waited(stream.reason, stream.landing(), free_at, start)
            if self.recorder is not None:
                self.recorder.stalled(self.name, stream.reason, free_at, start)
        cycles = request.cycles
        self._busy += cycles
        if self._ports is not None:
            taken = self._ports.occupy(self.name, start, cycles, request.demand)
            self.accounts.stall("bank_conflict", taken - cycles)
            cycles = taken
        end = self._free_at = start + cycles
        if self.recorder is not None:
            self.recorder.busy(self.name, stream, start, end)
        if ready > 1 or later < end:
            later = end
        self._next_start = later
        if later < NEVER:
            self.engine.start_at(later, self._start)
        stream.issued(end, end + request.tail_cycles, None)

    def finish(self, makespan: int) -> None:
        """Close the accounts: from the last request to the end there was nothing left to do."""
        self.accounts.busy = self._busy
        self.accounts.stall("nothing_left", makespan - self._free_at)
        if self.recorder is not None and makespan > self._free_at:
            self.recorder.stalled(self.name, "nothing_left", self._free_at, makespan)
