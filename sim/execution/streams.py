"""Streams of a program as they run: items are offered to units as what they wait for gets done.

A stream has at most one item offered to its unit. Its next item is looked at as soon as the last one is issued. When
everything that it needs is issued, it is known when it will be ready, and it is offered; what it gets last is its
``reason``. Until then the stream waits at the counter of what is missing.
Data is there when a request's result has left the pipeline; buffer space is free as soon as a request has read it.
No object is kept for an item, so memory does not grow with the number of tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hw.engine import Engine, Task
from hw.ledger import Landing
from hw.reasons import DRAM, NO_BUFFER, START
from hw.unit import Server
from sim.execution.observers import RunObserver
from sim.execution.offered import NOBODY, Offered
from sim.execution.tables import NEEDED, StreamTables
from sim.execution.waiting import Landings, Progress
from sim.execution.weight_slots import Member, Release, SlotPool
from sim.lowering.program import NOTHING, TileVariant

FIRST: Final = int(TileVariant.FIRST)
LAST: Final = int(TileVariant.LAST)


class Border(Task):
    """Pauses the engine between two tiles of a stream, so that somebody can look."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._engine = engine

    def start(self) -> None:
        self._engine.pause()


class StreamRun(Member):
    """One stream of a program as it runs: ``tile`` and ``item`` are the next to issue.

    ``results`` counts items whose result can be used; ``operands``, kept only if somebody waits for buffers that this
    stream reads, those whose operands have been read. ``tallies`` has one for each layer begun.
    """

    __slots__ = (
        "_ahead", "_border", "_counters", "_engine", "_firsts", "_idle", "_items", "_landed", "_landings", "_last",
        "_layer_bytes", "_layer_origin", "_missing", "_needed", "_numbers", "_observer", "_offered", "_pool",
        "_release", "_streams", "_supply", "_tables", "_tile_bytes", "_tiles", "_tiles_per_layer", "_transfers",
        "_unit", "_values", "_variant", "item", "last_completion", "operands", "results", "tallies", "tile",
    )  # fmt: skip

    def __init__(self, tables: StreamTables, unit: Server, observer: RunObserver | None) -> None:
        super().__init__(tables.plan.name, tables.rank, unit.ledger.open(), unit.engine)
        unit.add(self)
        self._tables = tables
        self._unit = unit
        self._engine = unit.engine
        self._observer = observer
        self._items = tables.items
        self._tiles = tables.tiles
        self._tiles_per_layer = tables.tiles_per_layer
        self._streams = tables.streams
        self._ahead = tables.plan.ahead
        self.priority = self.rank - self._ahead * self._streams
        self._tile_bytes = tables.plan.tile_bytes
        self._layer_bytes = tables.plan.layer_bytes
        self._layer_origin = 0  # where in DRAM what this layer's transfers move lies
        self._transfers = tables.transfers
        self._values = tables.values
        self._idle = tables.idle
        self._firsts = tables.firsts
        self._needed = tables.needed
        self._counters: list[Progress] = []
        self._landings: list[Landings] = []
        self._missing = 0  # the first dependency of the next item that has not been looked at, or is not issued yet
        self._last = -1  # the dependency that is fulfilled last, as far as known
        self.tallies = [self.tally]
        self.results = Progress(self._engine)
        self.operands: Progress | None = None
        self._landed = Landings()
        self.tile = self.item = self.last_completion = 0
        self._variant = int(tables.variant(0))
        self._numbers = tables.numbers[self._variant]
        self.view = self._offered = Offered(tables.plan, tables.rank, unit.ledger.names)
        self._border: Border | None = None  # to be started when a tile ends
        self._pool: SlotPool | None = None  # where this stream's transfers get their slots from
        self._supply: SlotPool | None = None  # where the transfers that this stream waits for get their slots from
        self._release: Release | None = None  # to be woken when an item has used its slot

    def connect(self, runs: Sequence[StreamRun]) -> None:
        """Find the counters of what the items wait for."""
        for producer, operands in self._tables.counters:
            run = runs[producer]
            self._counters.append(run.operand_progress() if operands else run.results)
            self._landings.append(run._landed)

    def operand_progress(self) -> Progress:
        """The counter of operands that have been read, kept from now on."""
        if self.operands is None:
            self.operands = Progress(self._engine)
        return self.operands

    def load_from(self, pool: SlotPool, user: StreamRun) -> None:
        """This stream loads into slots of *pool* what *user* uses."""
        self.user = user
        self._pool = user._supply = pool
        user._release = Release(self._engine, pool, self, self._observer)

    def pause_at_borders(self) -> None:
        """Let somebody look whenever this stream has ended a tile."""
        self._border = Border(self._engine)

    def lacks(self, load: Member) -> bool:
        return self._needed[NEEDED * (self._firsts[self.item] + self._missing) + 3] == load.rank

    def wake(self) -> None:
        """Offer the next item as soon as it is known when it will be ready, else wait until all it needs is issued."""
        while self.tile < self._tiles:
            number = self._numbers[self.item]
            if number == NOTHING:
                if not self._pass_nothing():
                    return
            else:
                if self._issued_all() and self._got_slot():
                    self._offer(number)
                return

    def _issued_all(self) -> bool:
        """Whether all that the next item needs is issued; if so it is known when it is done, else the stream waits."""
        first = self._firsts[self.item]
        for place in range(first + self._missing, self._firsts[self.item + 1]):
            row = NEEDED * place
            progress = self._counters[self._needed[row]]
            need = self.tile * self._needed[row + 1] + self._needed[row + 2]
            if progress.done < need:
                if progress.issued < need:
                    self._missing = place - first
                    self.reason = self._needed[row + 4]
                    progress.wait(need, self)
                    if self._supply is not None and self.reason == DRAM:
                        self._supply.offer()
                    return False
                cycle = progress.when(need)
                if cycle > self.ready_at:
                    self.ready_at = cycle
                    self._last = place
        return True

    def _got_slot(self) -> bool:
        """Whether the next item needs no slot of a pool, or has got one; else the stream waits."""
        if self._pool is None or self._pool.take(self):
            return True
        self._missing = self._firsts[self.item + 1] - self._firsts[self.item]
        self.reason = NO_BUFFER
        return False

    def _offer(self, number: int) -> None:
        """Offer the request *number* as the next one."""
        if self._last >= 0:
            self.reason = self._needed[NEEDED * self._last + 4]
        elif self.reason != START:
            self.ready_at = self._engine.now
        values = 3 * number
        if self._transfers:
            self.size_bytes = self._values[values]
            self.address = self._values[values + 1]
            self.write = self._values[values + 2] != 0
        else:
            self.cycles = self._values[values]
            self.tail_cycles = self._values[values + 1]
            self.load = self._values[values + 2]
        if self._observer is not None:
            self._show(number)
            self._observer.offered(self._offered)
        self._unit.offer(self)

    def _show(self, number: int) -> None:
        """Tell observers what is being offered."""
        offered = self._offered
        offered.tile = self.tile
        offered.item = self.item
        offered.variant = self._variant
        offered.number = self.results.issued
        offered.request_number = number
        offered.since = self._engine.now
        offered.ready_at = self.ready_at
        offered.reason_number = self.reason
        offered.slot = self._last < 0 and self._pool is not None and self.reason == NO_BUFFER
        offered.producer = NOBODY
        if self._last >= 0:
            row = NEEDED * self._last
            offered.producer = self._needed[row + 3]
            offered.count = self.tile * self._needed[row + 1] + self._needed[row + 2]
            offered.operands = self._needed[row + 4] == NO_BUFFER

    def landing(self) -> Landing | None:
        if self.reason != DRAM:
            return None
        place = self._last if self._last >= 0 else self._firsts[self.item + 1] - 1
        row = NEEDED * place
        landed = self._landings[self._needed[row]]
        return landed.last(self.tile * self._needed[row + 1] + self._needed[row + 2])

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        if landing is not None:
            self._landed.add(self.results.issued + 1, landing)
        if self._observer is not None:
            self._observer.issued(self._offered, self._engine.now, end, completion, landing)
        self._pass(end, completion)
        self.wake()

    def _pass(self, end: int, completion: int) -> None:
        """Count the next item as issued and go on to the one after it."""
        self.last_completion = max(completion, self.last_completion)
        self._missing = 0
        self.ready_at = 0
        self._last = -1
        self.reason = START
        self.item += 1
        if self.item == self._items:
            self._next_tile()
        if self._release is not None:
            self._engine.at(end, self._release)
        self.results.issue(self.last_completion)
        if self.operands is not None:
            self.operands.issue(end)

    def _pass_nothing(self) -> bool:
        """Pass an item, or many tiles, in which there is nothing to do; returns False if they have to wait first."""
        now = self._engine.now
        completion = max(now, self.last_completion)
        end = now if self.operands is None else max(now, self.operands.last)
        tiles = self._tiles_before_last()
        if self.item or not self._idle or not tiles:
            self._pass(end, completion)
        elif end > now or completion > now:
            self._engine.at(max(end, completion), self)
            return False
        else:
            self._pass_tiles(tiles)
        return True

    def _tiles_before_last(self) -> int:
        """How many tiles there are from this one, if it is not its layer's first, to the last of the layer."""
        place = self.tile % self._tiles_per_layer
        return self._tiles_per_layer - 1 - place if place and self._border is None else 0

    def _pass_tiles(self, tiles: int) -> None:
        """Count *tiles* in which there is nothing to do as done."""
        self._go_to(self.tile + tiles)
        self.origin += tiles * self._tile_bytes
        self.results.issue_done(tiles * self._items)
        if self.operands is not None:
            self.operands.issue_done(tiles * self._items)

    def _next_tile(self) -> None:
        self.item = 0
        self._go_to(self.tile + 1)
        if self.tile % self._tiles_per_layer:
            self.origin += self._tile_bytes
        elif self.tile < self._tiles:
            self._layer_origin += self._layer_bytes
            self.origin = self._layer_origin
            self.tally = self._unit.ledger.open()
            self.tallies.append(self.tally)
        if self._border is not None:
            self._engine.start_now(self._border)

    def _go_to(self, tile: int) -> None:
        self.tile = tile
        self.priority = (tile - self._ahead) * self._streams + self.rank
        place = tile % self._tiles_per_layer
        self._variant = FIRST * (place == 0) + LAST * (place == self._tiles_per_layer - 1)
        self._numbers = self._tables.numbers[self._variant]

    def waiting_for(self) -> str | None:
        """What keeps the stream from ending, for a deadlock report; None if it has ended."""
        if self.tile >= self._tiles:
            return None
        at = f"{self.name} tile {self.tile} item {self.item}"
        names = self._unit.ledger.names
        for place in range(self._firsts[self.item], self._firsts[self.item + 1]):
            row = NEEDED * place
            progress = self._counters[self._needed[row]]
            need = self.tile * self._needed[row + 1] + self._needed[row + 2]
            if progress.issued < need:
                producer, reason = self._tables.names[self._needed[row + 3]], names[self._needed[row + 4]]
                return f"{at}: {reason}: {producer} {progress.issued}/{need}"
        return f"{at}: {names[NO_BUFFER]}: no slot for weights" if self.wants else f"{at}: never started"
