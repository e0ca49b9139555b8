"""Streams of a program as they run: items are offered to units as what they wait for gets done.

A stream has at most one item offered to its unit. Its next item is looked at as soon as the last one is issued. When
everything that it needs is issued, it is known when it will be ready, and it is offered; what it gets last is its
``reason``. Until then the stream waits at the counter of what is missing.
Data is there when a request's result has left the pipeline; buffer space is free as soon as a request has read it.
No object is kept for an item, so memory does not grow with the number of tokens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from hw.accounts import Landing
from hw.requests import Cost, Transfer, Work
from hw.unit import Server, Stream
from sim.program import DRAM, NO_BUFFER, Program, StreamPlan

RequestType = TypeVar("RequestType", Work, Transfer)
START: Final = "start"  # nothing was missing
KEPT_FREE: Final = 2  # slots of the weight pool that loading ahead leaves: one to use, one to fill
LANDINGS: Final = 256  # records kept of a stream of transfers; no ring of weights is deeper in use


class Tracker(Protocol):
    """Follows every request of a run, to tell later what it was waiting for; without one, that costs nothing."""

    def offered(self, stream: StreamRun[Any]) -> None:
        """*stream*'s next item is offered now."""

    def issued(self, stream: StreamRun[Any], end: int, completion: int, landing: Landing | None) -> None:
        """The offered item of *stream* starts now."""

    def follow_slots(self, users: dict[int, int]) -> None:
        """Which stream uses what a loading stream loads, by rank."""

    def released(self, rank: int) -> None:
        """The oldest weight tile that the loading stream *rank* holds has been used now."""


class Progress:
    """A counter of finished items that others wait for: results that can be used, or operands that are done with.

    When an item is issued it is known when it will finish, so no event marks it: ``done`` is brought up to date when
    somebody asks, and who needs an item that is not issued yet is called when it is.
    """

    __slots__ = ("done", "issued", "pending", "waiters")

    def __init__(self) -> None:
        self.done = 0
        self.issued = 0
        self.pending: deque[int] = deque()  # when the issued items that ``done`` does not count yet finish
        self.waiters: list[tuple[int, StreamRun[Any]]] = []  # who needs how many items

    def issue(self, cycle: int) -> None:
        """The next item is issued, and will finish at *cycle*."""
        self.issued += 1
        self.pending.append(cycle)
        waiters = self.waiters
        if len(waiters) > 1:
            self.call_waiters()
        elif waiters and waiters[0][0] <= self.issued:
            waiters.pop()[1].advance()

    def call_waiters(self) -> None:
        """Tell those who wait for the item just issued."""
        for waiter in [waiter for waiter in self.waiters if waiter[0] <= self.issued]:
            self.waiters.remove(waiter)
            waiter[1].advance()


class SlotPool:
    """Slots for weight tiles, shared by the streams that load them.

    A stream whose user waits for nothing but weights takes slots first, the oldest work before the rest, and a second
    one only if no other such stream is without any. What cannot be used yet must not fill the pool: a stream whose user
    waits for something else as well loads ahead only while more than :data:`KEPT_FREE` slots are free.
    """

    def __init__(self, slots: int, users: dict[int, StreamRun[Work]], tracker: Tracker | None) -> None:
        self._tracker = tracker
        self._free = slots
        self._users = users  # by rank of the loading stream
        self._held = dict.fromkeys(users, 0)
        self._waiting: list[StreamRun[Work]] = []
        self._granted: StreamRun[Work] | None = None  # the stream that is just being told to take a slot

    def take(self, load: StreamRun[Work]) -> bool:
        """Take a slot for *load*'s next tile; if it may not have one, it is called again when it has got one."""
        if load is self._granted or (self._free and self._may_take(load)):
            self._granted = None
            self._held[load.rank] += 1
            self._free -= 1
            return True
        self._waiting.append(load)
        return False

    def _may_take(self, load: StreamRun[Work]) -> bool:
        user = self._users[load.rank]
        reason = user.reason
        if reason != START and not (reason == DRAM and user.lacks(load)):
            return self._free > KEPT_FREE
        if not self._held[load.rank]:
            return True
        left = self._free
        for other in self._waiting:
            if other is not load and not self._held[other.rank] and self._users[other.rank].reason == DRAM:
                left -= 1
        return left > 0

    def release(self, rank: int) -> None:
        """The oldest tile of the loading stream *rank* has been used."""
        if self._tracker is not None:
            self._tracker.released(rank)
        self._held[rank] -= 1
        self._free += 1
        self.offer_slots()

    def offer_slots(self) -> None:
        """Let those who wait take what is free, the oldest work first."""
        while self._free:
            first = None
            for load in self._waiting:
                if (first is None or load.priority < first.priority) and self._may_take(load):
                    first = load
            if first is None:
                return
            self._waiting.remove(first)
            self._granted = first
            first.advance()


class StreamRun(Stream[RequestType]):
    """One stream of a program as it runs: ``tile`` and ``item`` are the next to issue."""

    __slots__ = (
        "_dependencies", "_engine", "_idle", "_items", "_landings", "_last", "_layer_origin", "_missing", "_program",
        "_tiles", "_unit", "item", "last_completion", "layers", "listener", "operands", "plan", "pool", "rank",
        "release", "requests", "results", "supply", "tile", "tracker",
    )  # fmt: skip

    def __init__(self, plan: StreamPlan, rank: int, program: Program, unit: Server[Any]) -> None:
        super().__init__(plan.name, rank, unit.ledger.open_account(), START)
        self.plan = plan
        self.rank = rank
        self._program = program
        self._unit: Server[Any] = unit
        self._engine = unit.engine
        self._items = plan.items
        self._tiles = program.tiles
        self.layers = [self.accounts]  # one for each layer begun
        self._dependencies: list[tuple[tuple[Progress, int, int, StreamRun[RequestType], str], ...]] = []  # by item
        self._missing = 0  # the first dependency of the next item that has not been looked at, or is not issued yet
        self._idle = not any(plan.requests[0])  # has something to do in the first or last tile of a layer only
        self._last = -1  # the dependency that is fulfilled last, as far as known
        self._landings: deque[tuple[int, Landing]] = deque(maxlen=LANDINGS)  # (items issued, record)
        self.results = Progress()
        self.operands: Progress | None = None  # kept only if somebody waits for buffers that this stream reads
        self.tile = self.item = self.last_completion = 0
        self._layer_origin = 0  # where in DRAM what this layer's transfers move lies
        self.requests: list[Work | None] | list[Transfer | None] | None = plan.requests[program.variant(0)]
        self.listener: Callable[[], None] | None = None
        self.pool: SlotPool | None = None  # where this stream's transfers get their slots from
        self.supply: SlotPool | None = None  # where the transfers that this stream waits for get their slots from
        self.release: Callable[[], None] | None = None  # to be called when an item has used its slot
        self.tracker: Tracker | None = None

    def connect(self, runs: list[StreamRun[RequestType]]) -> None:
        """Resolve the plan's dependencies to running streams: for each item, those that no item before it implies.

        An item without a request, be it in some tiles only, waits for nothing and so implies nothing.
        """
        by_item: list[list[tuple[Progress, int, int, StreamRun[RequestType], str]]] = [[] for _ in range(self._items)]
        always = {item for item in range(self._items) if all(requests[item] for requests in self.plan.requests)}
        pool = self._program.pool
        weights = {load for load, _ in pool.members} if pool is not None else set()
        for dependency in sorted(self.plan.dependencies, key=lambda d: d.producer in weights):  # what else is missing?
            producer = runs[dependency.producer]
            implied = -self._tiles * producer._items
            for item, need in enumerate(dependency.table):
                if need > implied:
                    progress = producer._operand_progress() if dependency.reason == NO_BUFFER else producer.results
                    by_item[item].append((progress, producer._items, need, producer, dependency.reason))
                    if item in always:
                        implied = need
        self._dependencies = [tuple(dependencies) for dependencies in by_item]

    def lacks(self, load: StreamRun[RequestType]) -> bool:
        """Whether what the next item was last found to wait for is a transfer of *load*."""
        return self._dependencies[self.item][self._missing][3] is load

    def _operand_progress(self) -> Progress:
        if self.operands is None:
            self.operands = Progress()
        return self.operands

    def advance(self) -> None:
        """Offer the next item as soon as it is known when it will be ready, else wait until all it needs is issued."""
        while True:
            requests = self.requests
            if requests is None:
                return
            item = self.item
            request = requests[item]
            if request is None:
                now = self._engine.now
                reading = self.operands.pending if self.operands is not None else None
                end, completion = max(now, reading[-1]) if reading else now, max(now, self.last_completion)
                if item or not self._idle or not (tiles := self._tiles_before_last()):
                    self._pass(end, completion)
                elif end > now or completion > now:
                    self._engine.at(max(end, completion), self.advance)
                    return
                else:
                    self._pass_tiles(tiles)
                continue
            dependencies = self._dependencies[item]
            number = self._missing
            for progress, per_tile, offset, _, reason in dependencies[number:] if number else dependencies:
                need = self.tile * per_tile + offset
                done = progress.done
                if done < need:
                    if progress.issued < need:
                        self._missing, self.reason = number, reason
                        progress.waiters.append((need, self))
                        if self.supply is not None and reason == DRAM:
                            self.supply.offer_slots()
                        return
                    pending, now = progress.pending, self._engine.now
                    while pending and pending[0] <= now:
                        pending.popleft()
                        done += 1
                    progress.done = done
                    if done < need:
                        cycle = pending[need - done - 1]
                        if cycle > self.ready_at:
                            self.ready_at, self._last = cycle, number
                number += 1
            if self.pool is not None and not self.pool.take(self):  # type: ignore[arg-type]
                self._missing, self.reason = number, NO_BUFFER
                return
            if self._last >= 0:
                self.reason = dependencies[self._last][4]
            elif self.reason != START:
                self.ready_at = self._engine.now
            self.request = request  # type: ignore[assignment]
            if self.tracker is not None:
                self.tracker.offered(self)
            self._unit.offer(self)
            return

    @property
    def variant(self) -> int:
        """Of the tile that this stream is at, see :class:`~sim.program.StreamPlan`."""
        return self._program.variant(self.tile)

    @property
    def cost(self) -> Cost | None:
        """The cost of the offered item, None for a transfer."""
        costs = self.plan.costs
        return costs[self.variant][self.item] if costs else None

    @property
    def clock(self) -> int:
        """The current cycle."""
        return self._engine.now

    def last_arrival(self) -> tuple[StreamRun[RequestType], int, bool] | None:
        """What the offered item got last, if that was known to come when it was offered.

        The stream, how many of its items had to be done, and whether it was their operands that had to be read.
        """
        if self._last < 0:
            return None
        _, per_tile, offset, producer, reason = self._dependencies[self.item][self._last]
        return producer, self.tile * per_tile + offset, reason == NO_BUFFER

    def landing(self) -> Landing | None:
        """The transfer that the offered item got last, if it was one."""
        if self.reason != DRAM:
            return None
        _, per_tile, offset, producer, _ = self._dependencies[self.item][self._last]
        count = self.tile * per_tile + offset
        return next((landing for issued, landing in reversed(producer._landings) if issued <= count), None)

    @property
    def last_landing(self) -> Landing | None:
        """The transfer that was issued last, if any was."""
        return self._landings[-1][1] if self._landings else None

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        """The unit has started the offered item: operands are read by *end*, the result is there at *completion*."""
        if landing is not None:
            self._landings.append((self.results.issued + 1, landing))
        if self.tracker is not None:
            self.tracker.issued(self, end, completion, landing)
        self._pass(end, completion)
        self.advance()

    def _pass(self, end: int, completion: int) -> None:
        """Count the next item as issued and go on to the one after it."""
        if completion < self.last_completion:
            completion = self.last_completion
        self.last_completion = completion
        self._missing = self.ready_at = 0
        self._last = -1
        self.reason = START
        item = self.item + 1
        if item == self._items:
            self._next_tile()
        else:
            self.item = item
        if self.release is not None:
            self._engine.at(end, self.release)
        self.results.issue(completion)
        if self.operands is not None:
            self.operands.issue(end)

    def _tiles_before_last(self) -> int:
        """How many tiles there are from this one, if it is not its layer's first, to the last of the layer."""
        place = self.tile % self._program.tiles_per_layer
        return self._program.tiles_per_layer - 1 - place if place and self.listener is None else 0

    def _pass_tiles(self, tiles: int) -> None:
        """Count *tiles* in which there is nothing to do as done."""
        items = tiles * self._items
        self._go_to(self.tile + tiles)
        self.origin += tiles * self.plan.tile_bytes
        self.requests = self.plan.requests[self.variant]
        for progress in (self.results, self.operands):
            if progress is not None:
                progress.issued += items
                progress.done = progress.issued
                progress.pending.clear()
                progress.call_waiters()

    def _next_tile(self) -> None:
        self.item = 0
        self._go_to(self.tile + 1)
        if self.tile % self._program.tiles_per_layer:
            self.origin += self.plan.tile_bytes
        elif self.tile < self._tiles:
            self.origin = self._layer_origin = self._layer_origin + self.plan.layer_bytes
            self.accounts = self._unit.ledger.open_account()
            self.layers.append(self.accounts)
        ended = self.tile == self._tiles
        self.requests = None if ended else self.plan.requests[self._program.variant(self.tile)]
        if self.listener is not None:
            self.listener()

    def _go_to(self, tile: int) -> None:
        self.tile = tile
        self.priority = (tile << 8) + self.rank

    def waiting_for(self) -> str | None:
        """What keeps the stream from ending, for a deadlock report; None if it has ended."""
        if self.tile >= self._tiles:
            return None
        for progress, per_tile, offset, producer, reason in self._dependencies[self.item]:
            need = self.tile * per_tile + offset
            if progress.issued < need:
                have = f"{producer.name} {progress.issued}/{need}"
                return f"{self.name} tile {self.tile} item {self.item}: {reason}: {have}"
        return f"{self.name} tile {self.tile} item {self.item}: never started"
