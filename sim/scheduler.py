"""Runs a lowered program: streams advance item by item as what they wait for gets done.

A stream has at most one item offered to its unit. Its next item is looked at as soon as the last one is issued; if
something is missing, the stream waits at that producer's counter. What was missing last is the item's ``reason``.
No object is created for an item, so memory does not grow with the number of tokens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from hw.machine import Machine
from hw.requests import Transfer, Work
from hw.unit import Landing
from sim.engine import Engine
from sim.errors import DeadlockError
from sim.program import DRAM, Program, StreamPlan

RequestType = TypeVar("RequestType", Work, Transfer)
START = "start"  # nothing was missing
LANDINGS = 256  # records kept of a stream of transfers; no ring of weights is deeper in use


class _Offers(Protocol):
    def offer(self, stream: StreamRun) -> None: ...  # type: ignore[type-arg]


class StreamRun(Generic[RequestType]):
    """One stream of a program as it runs: ``tile`` and ``item`` are the next to issue, ``done`` counts finished ones.

    When an item is issued its completion is known, so no event marks it: ``done`` is brought up to date when somebody
    asks, and an event is set only for somebody who has to wait.
    """

    __slots__ = (
        "_dependencies", "_engine", "_items", "_landings", "_missing", "_offer", "_pending", "_program", "_tiles",
        "_waiters", "done", "issued_count", "item", "landing", "last_completion", "listener", "name", "plan",
        "priority", "rank", "reason", "request", "requests", "tile",
    )  # fmt: skip

    def __init__(self, plan: StreamPlan, rank: int, program: Program, unit: _Offers, engine: Engine) -> None:
        self.plan = plan
        self.name = plan.name
        self.rank = rank
        self._program = program
        self._engine = engine
        self._items = plan.items
        self._tiles = program.tiles
        self._offer = unit.offer
        self._dependencies: list[tuple[tuple[StreamRun[RequestType], int, int, str], ...]] = []  # by item
        self._missing = 0  # the first dependency of the next item that is not known to be fulfilled
        self._waiters: list[tuple[int, StreamRun[RequestType]]] = []  # for items not yet issued
        self._pending: deque[int] = deque()  # completion cycles of issued items that ``done`` does not count yet
        self._landings: deque[tuple[int, Landing]] = deque(maxlen=LANDINGS)  # (issued count, record)
        self.done = self.issued_count = self.tile = self.item = self.last_completion = 0
        self.priority = rank
        self.requests = plan.requests[program.variant(0)]
        self.request: RequestType
        self.reason = START
        self.landing: Landing | None = None
        self.listener: Callable[[], None] | None = None

    def connect(self, runs: list[StreamRun[RequestType]]) -> None:
        """Resolve the plan's dependencies to running streams: for each item, those that no item before it implies."""
        by_item: list[list[tuple[StreamRun[RequestType], int, int, str]]] = [[] for _ in range(self._items)]
        for dependency in self.plan.dependencies:
            producer, implied = runs[dependency.producer], -self._tiles * runs[dependency.producer]._items
            for item, need in enumerate(dependency.table):
                if need > implied:
                    by_item[item].append((producer, producer._items, need, dependency.reason))
                    implied = need
        self._dependencies = [tuple(dependencies) for dependencies in by_item]

    def advance(self) -> None:
        """Offer the next item if nothing is missing, else wait for the first thing that is."""
        tile, tiles, now = self.tile, self._tiles, self._engine.now
        while tile < tiles:
            request = self.requests[self.item]
            if request is None:
                self._pass(max(self.last_completion, now))
                tile = self.tile
                continue
            dependencies = self._dependencies[self.item]
            for number in range(self._missing, len(dependencies)):
                producer, per_tile, offset, reason = dependencies[number]
                need = tile * per_tile + offset
                done = producer.done
                if done >= need:
                    continue
                pending = producer._pending
                while pending and pending[0] <= now:
                    pending.popleft()
                    done += 1
                producer.done = done
                if done < need:
                    self._missing, self.reason, self.landing = number, reason, None
                    if need <= producer.issued_count:
                        self._engine.at(pending[need - done - 1], self.advance)
                    else:
                        producer._waiters.append((need, self))
                    return
            if self.reason == DRAM:
                producer, per_tile, offset, _ = dependencies[self._missing]
                self.landing = producer._landing(tile * per_tile + offset)
            self.request = request  # type: ignore[assignment]
            self._offer(self)
            return

    def _landing(self, count: int) -> Landing | None:
        """The record of the transfer that completed the first *count* items of this stream."""
        return next((landing for issued, landing in reversed(self._landings) if issued <= count), None)

    def issued(self, completion: int, landing: Landing | None) -> None:
        """The unit has started the offered item, whose result can be used from cycle *completion* on."""
        if landing is not None:
            self._landings.append((self.issued_count + 1, landing))
        self._pass(completion if completion > self.last_completion else self.last_completion)
        self.advance()

    def _pass(self, completion: int) -> None:
        """Count the next item as issued, wake who waits for it when it completes, and go on to the one after it."""
        self.last_completion = completion
        self._pending.append(completion)
        self.issued_count = issued = self.issued_count + 1
        self._missing = 0
        self.reason = START
        self.landing = None
        self.item += 1
        if self.item == self._items:
            self._next_tile()
        waiters = self._waiters
        if waiters:
            if len(waiters) == 1 and waiters[0][0] <= issued:
                self._engine.at(completion, waiters.pop()[1].advance)
                return
            for waiter in [waiter for waiter in waiters if waiter[0] <= issued]:
                waiters.remove(waiter)
                self._engine.at(completion, waiter[1].advance)

    def _next_tile(self) -> None:
        self.item = 0
        self.tile += 1
        self.priority = (self.tile << 8) + self.rank
        self.requests = self.plan.requests[self._program.variant(self.tile)]
        if self.listener is not None:
            self.listener()

    def waiting_for(self) -> str | None:
        """What keeps the stream from ending, for a deadlock report; None if it has ended."""
        if self.tile >= self._tiles:
            return None
        for producer, per_tile, offset, reason in self._dependencies[self.item]:
            need = self.tile * per_tile + offset
            if producer.issued_count < need:
                have = f"{producer.name} {producer.issued_count}/{need}"
                return f"{self.name} tile {self.tile} item {self.item}: {reason}: {have}"
        return f"{self.name} tile {self.tile} item {self.item}: never started"


def run_program(program: Program, machine: Machine, engine: Engine, on_tile: Callable[[], None] | None = None) -> int:
    """Execute *program* on *machine*; returns the makespan in cycles.

    ``on_tile`` is called whenever the last stream has gone through a tile. Raises DeadlockError, naming who waits for
    what, if time ends before the work does.
    """
    runs: list[StreamRun[Work]] = []
    for rank, plan in enumerate(program.streams):
        unit = machine.dma if plan.unit == "dma" else machine.units[plan.unit]
        runs.append(StreamRun(plan, rank, program, unit, engine))  # type: ignore[arg-type]
    for run in runs:
        run.connect(runs)
    runs[-1].listener = on_tile
    for run in runs:
        engine.at(0, run.advance)
    engine.run()
    stuck = [waiting for run in runs if (waiting := run.waiting_for())]
    if stuck:
        raise DeadlockError("the schedule cannot go on:\n" + "\n".join(stuck))
    return max(run.last_completion for run in runs)
