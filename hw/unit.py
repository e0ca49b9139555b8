"""A unit that does one request at a time, and the accounting of its every cycle.

A unit is offered *streams*: sequences of requests of which it is known when the next one will be ready. When free it
starts, of those that are ready, the request of the oldest work (lowest ``priority``). The cycles between two requests
are put down to what the later one was last waiting for; a request lengthened by busy SRAM banks puts the difference
down to ``bank_conflict``.
"""

from __future__ import annotations

from typing import Final, Generic, Protocol, TypeVar

from hw.accounts import Accounts, Landing, split_wait
from hw.ports import SramPorts
from hw.requests import Transfer, Work
from sim.engine import Engine

RequestType = TypeVar("RequestType", Work, Transfer)
NEVER: Final = 1 << 62


class Stream(Generic[RequestType]):
    """A sequence of requests to one unit; ``request`` is the next one, valid while the stream is offered.

    The request may start from cycle ``ready_at`` on, which may lie ahead. ``reason`` says what that request was last
    waiting for. ``origin`` is added to the address of a transfer. ``accounts`` get the cycles that its requests take
    the unit, and those for which the unit stood idle before them.
    """

    __slots__ = ("accounts", "name", "origin", "priority", "ready_at", "reason", "request")

    def __init__(self, name: str, priority: int, accounts: Accounts, reason: str) -> None:
        self.name = name
        self.priority = priority
        self.accounts = accounts
        self.reason = reason
        self.origin = 0
        self.ready_at = 0
        self.request: RequestType

    def landing(self) -> Landing | None:
        """The DRAM transfer that the request was last waiting for, if it was one."""
        raise NotImplementedError

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        """The request has started: its operands are read by cycle *end*, its result is there at *completion*."""
        raise NotImplementedError


class Recorder(Protocol):
    """Listens to a unit; without one, recording costs nothing. A unit's intervals come one after the other."""

    def busy(self, unit: str, stream: Stream[Work] | Stream[Transfer], start: int, end: int) -> None:
        """*unit* works on *stream*'s current request in these cycles."""

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits in these cycles."""


class Ledger:
    """The accounts of one unit: one for each stream (or part of it) that has asked for one, and what nobody caused."""

    __slots__ = ("_opened", "name", "recorder", "rest")

    def __init__(self, name: str) -> None:
        self.name = name
        self.recorder: Recorder | None = None
        self.rest = Accounts()
        self._opened: list[Accounts] = []

    def open_account(self) -> Accounts:
        """A new account, whose cycles are cycles of this unit."""
        account = Accounts()
        self._opened.append(account)
        return account

    @property
    def accounts(self) -> Accounts:
        """All cycles accounted for so far."""
        return Accounts.total([*self._opened, self.rest])

    def wait(
        self, stream: Stream[Work] | Stream[Transfer], reason: str, landing: Landing | None, start: int, end: int
    ) -> None:
        """The unit was idle from *start* to *end*, when *stream*'s request starts.

        *reason* is why not earlier, *landing* the transfer that it waited for, if it was one.
        """
        if landing is None and self.recorder is None:
            stream.accounts.stall(reason, end - start)
            return
        for cause, cycles in split_wait(reason, landing, start, end).items():
            self.stall(stream.accounts, cause, start, start + cycles)
            start += cycles

    def finish(self, makespan: int) -> None:
        """What is not accounted for yet of *makespan* is its end, when nothing was left to do."""
        accounted = self.accounts
        self.stall(self.rest, "nothing_left", accounted.busy + sum(accounted.stalls.values()), makespan)

    def stall(self, accounts: Accounts, reason: str, start: int, end: int) -> None:
        """Put the cycles from *start* to *end* down to *reason*."""
        accounts.stall(reason, end - start)
        if self.recorder is not None and end > start:
            self.recorder.stalled(self.name, reason, start, end)


class Server(Generic[RequestType]):
    """What streams are offered to; its cycles are accounted for until ``free_at``."""

    __slots__ = ("_next_start", "_offered", "engine", "free_at", "ledger", "name")

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self.engine = engine
        self.ledger = Ledger(name)
        self._offered: list[Stream[RequestType]] = []
        self._next_start = NEVER
        self.free_at = 0

    def offer(self, stream: Stream[RequestType]) -> None:
        """*stream*'s next request will be ready at its ``ready_at``."""
        raise NotImplementedError

    def finish(self, makespan: int) -> None:
        """Close the accounts: from the last request to the end there was nothing left to do."""
        self.ledger.finish(makespan)


class Unit(Server[Work]):
    """One server: the MAC array or the SIMD unit."""

    __slots__ = ("_ports",)

    def __init__(self, name: str, engine: Engine, ports: SramPorts | None) -> None:
        super().__init__(name, engine)
        self._ports = ports

    def offer(self, stream: Stream[Work]) -> None:
        self._offered.append(stream)
        start = stream.ready_at
        if start < self.free_at:
            start = self.free_at
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
        request, free_at = stream.request, self.free_at
        ledger, cycles = self.ledger, request.cycles
        if start > free_at:
            ledger.wait(stream, stream.reason, stream.landing(), free_at, start)
        stream.accounts.busy += cycles
        end = start + cycles
        if ledger.recorder is not None:
            ledger.recorder.busy(self.name, stream, start, end)
        if self._ports is not None:
            end = start + self._ports.occupy(self.name, start, cycles, request.demand)
            ledger.stall(stream.accounts, "bank_conflict", start + cycles, end)
        self.free_at = end
        if ready > 1 or later < end:
            later = end
        self._next_start = later
        if later < NEVER:
            self.engine.start_at(later, self._start)
        stream.issued(end, end + request.tail_cycles, None)
