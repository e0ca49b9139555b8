"""A run as the longest of its paths: what every request waited for, in the order in which requests were issued.

A request of a compute unit starts when the one before it on its unit has read its operands, the one before it in its
stream has started, and all that its item depends on is there. A transfer is issued after the one before it, when one
more may be in flight, and moves when the bus is free. What loads into the slots of the weight pool also waits for the
slot that it got, in the order in which slots were given back, and for what let it have one then. These are all the
reasons that a run knows (sim/execution/streams.py, weight_slots.py, hw/unit.py, hw/dma.py); the order in which units
chose, the order of slots, and the time that a transfer took on the bus are held.

Of a transfer's time on the bus, its own cycles are those in which its data move; the rest is latency, turnaround and
refresh as far as the bus stood still for them. Of a compute request the rest is what busy SRAM banks added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from hw.machine import MachineSpec
from hw.requests import Work
from hw.typed_arrays import typed_array
from hw.unit_names import DMA
from sim.accounting.max_plus import MaxPlus
from sim.accounting.moments import (
    CAUSE,
    COMPLETED,
    COMPLETION,
    DATA,
    END,
    ENDED,
    GRANT,
    MOMENTS,
    NONE,
    NUMBER,
    RANK,
    REQUEST,
    START,
    STARTED,
)  # fmt: skip
from sim.accounting.order_recorder import OrderRecorder
from sim.execution.tables import NEEDED, StreamTables
from sim.lowering.order import Numbers
from sim.lowering.program import Program, StreamPlan, Transfers

Edges = tuple[Numbers, Numbers]  # requests, and for each the moment before which it cannot start


@dataclass(frozen=True)
class FixedOrder:
    """A run of *program*, ready to be timed anew; ``lagging`` of its requests started later than anything explains.

    ``recorded`` has the moments of each as they were, ``cycles`` are those of all requests, by PARTS x stream + part.
    """

    program: Program
    timed: MaxPlus
    recorded: Numbers
    lagging: int
    cycles: Numbers

    @property
    def makespan(self) -> int:
        """That of the run."""
        return int(self.recorded[:, COMPLETION].max(initial=0))

    @property
    def requests(self) -> int:
        """How many there are."""
        return len(self.recorded)


class _Recorded:
    """The requests of a run in columns, and where those of each stream are."""

    def __init__(self, program: Program, recorder: OrderRecorder) -> None:
        rows = recorder.rows()
        self.program = program
        self.count = len(rows)
        self.ranks, self.numbers, self.requests = rows[:, RANK], rows[:, NUMBER], rows[:, REQUEST]
        self.data, self.grants, self.causes = rows[:, DATA], rows[:, GRANT], rows[:, CAUSE]
        self.slots_back = recorder.slots_back()
        self.of_stream = [np.flatnonzero(self.ranks == rank) for rank in range(len(program.streams))]
        self.times = rows[:, [STARTED, ENDED, COMPLETED]].copy()
        for places in self.of_stream:  # results leave in order
            self.times[places, COMPLETION] = np.maximum.accumulate(self.times[places, COMPLETION])

    def last(self, rank: int, counts: Numbers) -> Numbers:
        """The last request among the first *counts* items of the stream *rank*; NONE where there is none."""
        places = self.of_stream[rank]
        found = np.searchsorted(self.numbers[places], counts) - 1
        return np.where(found < 0, NONE, places[found]) if len(places) else np.full_like(counts, NONE)

    def on(self, unit: str) -> Numbers:
        """The requests of a *unit*."""
        mine = [places for plan, places in zip(self.program.streams, self.of_stream, strict=True) if plan.unit == unit]
        return np.sort(np.concatenate(mine))


def fixed_order(program: Program, machine: MachineSpec, recorder: OrderRecorder) -> FixedOrder:
    """The constraints of the run of *program* on *machine* that *recorder* has heard of.

    Raises AssertionError for a request that started before something that it is said to wait for.
    """
    run = _Recorded(program, recorder)
    edges = [*_on_units(run, machine.dma.outstanding), *_of_streams(run), *_of_pool(run)]
    targets, moments = (np.concatenate(column) for column in zip(*edges, strict=True))
    real = moments >= 0
    order = np.argsort(targets[real], kind="stable")
    targets, moments = targets[real][order], moments[real][order]
    firsts = np.searchsorted(targets, np.arange(run.count + 1))
    every = run.times.reshape(-1)
    latest = np.zeros(run.count, np.int64)
    np.maximum.at(latest, targets, every[moments])
    lags = run.times[:, START] - latest
    if run.count and lags.min() < 0:
        raise AssertionError(f"request {lags.argmin()} started {-lags.min()} cycles too early")
    bus, before = _bus(run), _before(run)
    work, rest, tails = _parts(run, machine, bus)
    timed = MaxPlus(*map(typed_array, (firsts, moments, lags, bus, before, run.ranks, work, rest, tails)))
    cycles = [[part[places].sum() for part in (work, rest, tails)] for places in run.of_stream]
    return FixedOrder(program, timed, run.times, int((lags > 0).sum()), np.array(cycles, np.int64).reshape(-1))


def _on_units(run: _Recorded, outstanding: int) -> Iterator[Edges]:
    """A unit does one request after the other; the DMA engine issues one after the other, so many in flight."""
    for unit in dict.fromkeys(plan.unit for plan in run.program.streams):
        places = run.on(unit)
        if unit == DMA:
            yield places[1:], MOMENTS * places[:-1] + START
            yield places[outstanding:], MOMENTS * places[:-outstanding] + END
        else:
            yield places[1:], MOMENTS * places[:-1] + END


def _of_streams(run: _Recorded) -> Iterator[Edges]:
    """What items depend on, and that what comes after tiles without work waits for what came before them."""
    names = run.program.reasons
    for rank, places in enumerate(run.of_stream):
        tables = StreamTables(run.program, rank, names, lambda *_: 0)
        firsts, needed = np.array(tables.firsts), np.array(tables.needed, np.int64).reshape(-1, NEEDED)
        tiles, items = np.divmod(run.numbers[places], tables.items)
        many = firsts[items + 1] - firsts[items]
        targets, tile = np.repeat(places, many), np.repeat(tiles, many)
        row = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many - firsts[items], many)
        counts = tile * needed[row, 1] + needed[row, 2]
        for number, (producer, operands) in enumerate(tables.counters):
            mine = needed[row, 0] == number
            moments = _done(run, producer, counts[mine], END if operands else COMPLETION)
            yield targets[mine], moments
        if _passes_tiles(run.program, tables.plan):
            new = tiles[1:] != tiles[:-1]
            last = tiles[1:] % run.program.tiles_per_layer == run.program.tiles_per_layer - 1
            yield places[1:][new & last], MOMENTS * places[:-1][new & last] + COMPLETION


def _done(run: _Recorded, producer: int, counts: Numbers, moment: int) -> Numbers:
    """The moments at which so many items of *producer* are done; below zero where they are from the start.

    Tiles without work that are passed at once are done when all before them is.
    """
    requests = run.last(producer, counts)
    moments = np.full_like(counts, moment)
    plan = run.program.streams[producer]
    if moment == END and _passes_tiles(run.program, plan):
        per_layer = run.program.tiles_per_layer
        place = (counts - 1) // plan.items % per_layer
        moments[(place > 0) & (place < per_layer - 1)] = COMPLETION
    return np.where(requests == NONE, NONE, MOMENTS * requests + moments)


def _passes_tiles(program: Program, plan: StreamPlan) -> bool:
    """Whether *plan* passes the tiles between the first and the last of a layer at once."""
    return not plan.busy(program.variant(1)) and program.tiles_per_layer > 2


def _of_pool(run: _Recorded) -> Iterator[Edges]:
    """Who loads into a slot waits until it has been given back, and for what has let it have one."""
    if run.program.pool is None:
        return
    users = dict(run.program.pool.members)
    back = np.full(len(run.slots_back), NONE)  # the moment of each
    for load, user in users.items():
        mine = np.flatnonzero(run.slots_back == load)
        counts = 1 + np.arange(len(mine))
        requests = run.last(user, counts)
        exact = (requests != NONE) & (run.numbers[requests] == counts - 1)  # else there was nothing to do
        back[mine] = np.where(requests == NONE, NONE, MOMENTS * requests + np.where(exact, END, START))
    got = np.flatnonzero(run.grants != NONE)
    later = got[run.grants[got] >= run.program.pool.slots]
    yield later, back[run.grants[later] - run.program.pool.slots]
    caused = got[run.causes[got] != NONE]
    cause = run.causes[caused]
    started = cause % 2 == 0
    moments = np.where(started, MOMENTS * (cause // 2) + START, NONE)
    moments[~started] = back[cause[~started] // 2]
    yield caused, moments


def _bus(run: _Recorded) -> Numbers:
    """Of each transfer, the moment from which on the bus is free; NONE for others, and the first."""
    bus = np.full(run.count, NONE)
    if any(plan.unit == DMA for plan in run.program.streams):
        places = run.on(DMA)
        bus[places[1:]] = MOMENTS * places[:-1] + END
    return bus


def _before(run: _Recorded) -> Numbers:
    """Of each request, the moment at which the result of the one before it in its stream is there."""
    before = np.full(run.count, NONE)
    for places in run.of_stream:
        before[places[1:]] = MOMENTS * places[:-1] + COMPLETION
    return before


def _parts(run: _Recorded, machine: MachineSpec, bus: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Work, rest and tail of each request; a tail that an earlier result outlasts ends with that."""
    start, end, _ = run.times.T
    free = np.where(bus == NONE, 0, run.times.reshape(-1)[bus])
    taken = end - np.maximum(start, free)
    work, tails = taken.copy(), np.zeros_like(taken)
    clock = float(Fraction(machine.clock * machine.dram.grade.tck_fs, 10**15))  # cycles of a clock of DRAM
    for plan, places in zip(run.program.streams, run.of_stream, strict=True):
        if isinstance(plan.requests, Transfers):
            whole = np.floor(np.cumsum(run.data[places]) * clock).astype(np.int64)  # rounded over all, not one by one
            work[places] = np.minimum(np.diff(whole, prepend=0), taken[places])
        else:
            cycles, tail = _described(plan.requests)
            work[places], tails[places] = cycles[run.requests[places]], tail[run.requests[places]]
    return work, taken - work, tails


def _described(works: tuple[Work, ...]) -> tuple[Numbers, Numbers]:
    """Cycles and tails of *works*."""
    described = np.array([(work.cycles, work.tail_cycles) for work in works], np.int64).reshape(-1, 2)
    return described[:, 0], described[:, 1]
