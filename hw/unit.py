"""A unit that does one request at a time, and the accounting of its every cycle.

A unit is offered *streams*: sequences of requests whose next one is ready. When free it starts the request of the
oldest work first (lowest ``priority``). The cycles between two requests are put down to what the later one was last
waiting for; a request lengthened by busy SRAM banks puts the difference down to ``bank_conflict``.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from hw.lpddr5 import COST_NAMES, Costs
from hw.requests import Transfer, Work
from hw.sram import SramPorts
from sim.engine import Engine
from sim.units import apportion

RequestType = TypeVar("RequestType", Work, Transfer)


class Landing:
    """A DRAM transfer: when it was issued, why not earlier, and what its time was spent on (clocks by COST_NAMES)."""

    __slots__ = ("costs", "issued", "late_reason")

    def __init__(self, issued: int, late_reason: str, costs: Costs) -> None:
        self.issued = issued
        self.late_reason = late_reason
        self.costs = costs


class Stream(Protocol[RequestType]):
    """A sequence of requests to one unit; ``request`` is the next one, valid while the stream is offered.

    ``reason`` says what that request was last waiting for, and ``landing`` which transfer, if it was one.
    """

    name: str
    priority: int
    request: RequestType
    reason: str
    landing: Landing | None

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

    __slots__ = ("_free_at", "_ports", "_ready", "_watching", "accounts", "engine", "name", "recorder")

    def __init__(self, name: str, engine: Engine, ports: SramPorts | None) -> None:
        self.name = name
        self.engine = engine
        self.accounts = Accounts()
        self.recorder: Recorder | None = None
        self._ports = ports
        self._ready: list[Stream[Work]] = []
        self._watching = False  # whether a start is due, now or when the running request ends
        self._free_at = 0

    def offer(self, stream: Stream[Work]) -> None:
        """*stream*'s next request is ready."""
        self._ready.append(stream)
        if not self._watching:
            self._watching = True
            if self.engine.now >= self._free_at:
                self.engine.start_now(self._start)
            else:
                self.engine.start_at(self._free_at, self._start)

    def _start(self) -> None:
        ready = self._ready
        stream = ready[0]
        if len(ready) > 1:
            for other in ready:
                if other.priority < stream.priority:
                    stream = other
            ready.remove(stream)
        else:
            ready.clear()
        request, start, free_at = stream.request, self.engine.now, self._free_at
        if start > free_at:
            self.accounts.waited(stream.reason, stream.landing, free_at, start)
            if self.recorder is not None:
                self.recorder.stalled(self.name, stream.reason, free_at, start)
        cycles = request.cycles
        self.accounts.busy += cycles
        if self._ports is not None:
            taken = self._ports.occupy(self.name, start, cycles, request.demand)
            self.accounts.stall("bank_conflict", taken - cycles)
            cycles = taken
        end = self._free_at = start + cycles
        if self.recorder is not None:
            self.recorder.busy(self.name, stream, start, end)
        stream.issued(end, end + request.tail_cycles, None)
        if ready:
            self.engine.start_at(end, self._start)
        else:
            self._watching = False

    def finish(self, makespan: int) -> None:
        """Close the accounts: from the last request to the end there was nothing left to do."""
        self.accounts.stall("nothing_left", makespan - self._free_at)
        if self.recorder is not None and makespan > self._free_at:
            self.recorder.stalled(self.name, "nothing_left", self._free_at, makespan)
