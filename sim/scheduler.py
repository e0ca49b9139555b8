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


class _Offers(Protocol):
    def offer(self, stream: StreamRun) -> None: ...  # type: ignore[type-arg]


class StreamRun(Generic[RequestType]):
    """One stream of a program as it runs: ``tile`` and ``item`` are the next to issue, ``done`` counts finished ones.

    When an item is issued its completion is known, so no event marks it: ``done`` is brought up to date when somebody
    asks, and an event is set only for somebody who has to wait.
    """

    __slots__ = (
        "_dependencies", "_engine", "_items", "_landings", "_missing", "_pending", "_program", "_tiles", "_unit",
        "_waiters", "done", "issued_count", "item", "landed", "landing", "last_completion", "listener", "name",
        "plan", "priority", "rank", "reason", "request", "requests", "tile",
    )  # fmt: skip

    def __init__(self, plan: StreamPlan, rank: int, program: Program, unit: _Offers, engine: Engine) -> None:
        self.plan = plan
        self.name = plan.name
        self.rank = rank
        self._program = program
        self._engine = engine
        self._items = plan.items
        self._tiles = program.tiles
        self._unit = unit
        self._dependencies: list[tuple[tuple[StreamRun[RequestType], int, int, str], ...]] = []  # by item
        self._missing = -1  # which dependency of the next item was missing last
        self._waiters: list[tuple[int, StreamRun[RequestType]]] = []  # for items not yet issued
        self._pending: deque[int] = deque()  # completion cycles of issued items that ``done`` does not count yet
        self._landings: deque[Landing] = deque()
        self.done = self.issued_count = self.tile = self.item = self.last_completion = 0
        self.priority = rank
        self.requests = plan.requests[program.variant(0)]
        self.request: RequestType
        self.reason = START
        self.landing: Landing | None = None
        self.landed: Landing | None = None
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

    def advance(self, _: object = None) -> None:
        """Offer the next item if nothing is missing, else wait for the first thing that is."""
        while self.tile < self._tiles:
            item = self.item
            request = self.requests[item]
            if request is None:
                self._pass(max(self.last_completion, self._engine.now))
                continue
            number = 0
            for producer, per_tile, offset, reason in self._dependencies[item]:
                need = self.tile * per_tile + offset
                if producer.done < need and not producer.has_done(need, self):
                    self._missing, self.reason, self.landing = number, reason, None
                    return
                if self._missing == number and self.reason == DRAM:
                    self.landing = producer.landed
                number += 1
            self.request = request  # type: ignore[assignment]
            self._unit.offer(self)
            return

    def has_done(self, need: int, waiter: StreamRun[RequestType]) -> bool:
        """Whether *need* items are done by now; if not, *waiter* is called again when they are."""
        pending, now = self._pending, self._engine.now
        while pending and pending[0] <= now:
            pending.popleft()
            self.done += 1
            if self._landings:
                self.landed = self._landings.popleft()
        if self.done >= need:
            return True
        if need <= self.issued_count:
            self._engine.at(pending[need - self.done - 1], waiter.advance)
        else:
            self._waiters.append((need, waiter))
        return False

    def issued(self, completion: int, landing: Landing | None) -> None:
        """The unit has started the offered item, whose result can be used from cycle *completion* on."""
        if landing is not None:
            self._landings.append(landing)
        self._pass(max(completion, self.last_completion))
        self.reason = START
        self.landing = None
        self.advance()

    def _pass(self, completion: int) -> None:
        """Count the next item as issued and go on to the one after it."""
        self.last_completion = completion
        self._pending.append(completion)
        self.issued_count += 1
        self._missing = -1
        self.item += 1
        if self.item == self._items:
            self.item = 0
            self.tile += 1
            self.priority = (self.tile << 8) + self.rank
            self.requests = self.plan.requests[self._program.variant(self.tile)]
            if self.listener is not None:
                self.listener()
        if self._waiters:
            self._promise(completion)

    def _promise(self, completion: int) -> None:
        """Set the wake-up of those who wait for the item just issued."""
        still = []
        for need, waiter in self._waiters:
            if need <= self.issued_count:
                self._engine.at(completion, waiter.advance)
            else:
                still.append((need, waiter))
        self._waiters = still

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
