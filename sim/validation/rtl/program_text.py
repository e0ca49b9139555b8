"""A recorded program as text for machine_main.cpp.

In order, each list with its length before it: the pipeline's depth, whether special functions stand behind it, banks,
words fetched ahead, whether words come a cycle late, whether the banks' turns go by port; folds; passes; requests of
the array (first fold, folds, results, words and addresses of both operands); requests of the lanes (first pass, passes,
words read, their address, vectors, words written); slots of the pool; streams (unit 0 array, 1 lanes, 2 transfers;
whether its items give back slots), with their items (request, priority, and of a transfer its recorded issue, how long
it took, its place among those that take slots or -1, words), with what each waits for (stream, how many of its items, 1
for their operands and 0 for their results, reason).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hw.integers import ceil_div
from hw.mac_array import MacArraySpec
from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.simd import SimdSpec
from hw.unit_names import DMA, MAC_ARRAY, SIMD
from sim.lowering.program import NOTHING, VARIANTS
from sim.validation.rtl.recording import HeardRequest, Recording
from sim.validation.rtl.works import WORD_BYTES, ArrayWork, LanesWork, Work, Works

UNITS = {MAC_ARRAY: 0, SIMD: 1, DMA: 2}
WORDS = 65_536  # of the memory that operands come from
STRIDE = 1_237  # words between the operands of two requests that follow one another: prime, so banks differ


@dataclass(frozen=True)
class Item:
    """An item of a stream that asks for something: what was heard of it, and what it does."""

    heard: HeardRequest
    work: Work | None  # None for a transfer
    needs: tuple[tuple[int, int, int, int], ...]


class RecordedProgram:
    """A run's program as items of streams, and the tables that they refer to; *evenly*: see works.py."""

    def __init__(self, recording: Recording, machine: MachineSpec, evenly: bool = False) -> None:
        assert recording.section is not None, "nothing was heard"
        array, lanes = machine.compute[MAC_ARRAY], machine.compute[SIMD]
        assert isinstance(array, MacArraySpec) and isinstance(lanes, SimdSpec)
        self.machine, self.lanes = machine, lanes
        self.section = recording.section
        self.program = recording.section.program
        self.reasons = self.program.reasons
        works = Works(self.section, array, lanes, evenly)
        heard: list[list[HeardRequest]] = [[] for _ in self.program.streams]
        for request in recording.requests:
            heard[request.rank].append(request)
        self.streams = [list(self._items(rank, heard[rank], works)) for rank in range(len(heard))]
        loads = {load for load, _ in self.program.pool.members} if self.program.pool is not None else set()
        in_order = [each for each in recording.requests if each.rank in loads]
        self.order = {(each.rank, each.tile, each.item): place for place, each in enumerate(in_order)}

    def _items(self, rank: int, heard: list[HeardRequest], works: Works) -> Iterator[Item]:
        plan = self.program.streams[rank]
        known = [0] * len(plan.dependencies)  # what an item waits for, those behind it have as well
        pool = {load for load, _ in self.program.pool.members} if self.program.pool is not None else set()
        places = sorted(range(len(plan.dependencies)), key=lambda place: plan.dependencies[place].producer in pool)
        for request in heard:
            needs = []
            for place in places:
                each = plan.dependencies[place]
                items = self.program.streams[each.producer].items
                count = self._asked_for(each.producer, request.tile * items + int(each.table[request.item]))
                if count > known[place]:
                    known[place] = count
                    operands = int(each.reason == Reason.NO_BUFFER)
                    needs.append((each.producer, count, operands, self.reasons.index(each.reason)))
            work = None if plan.unit == DMA else works.of(plan, VARIANTS[request.variant], request.item)
            yield Item(request, work, tuple(needs))

    def _asked_for(self, rank: int, count: int) -> int:
        """How many of the first *count* items of a stream ask for something."""
        if count <= 0:
            return 0
        plan, program = self.program.streams[rank], self.program
        tiles, rest = divmod(count, plan.items)
        done = sum(int((plan.numbers[program.variant(tile)] != NOTHING).sum()) for tile in range(tiles))
        return done + (int((plan.numbers[program.variant(tiles)][:rest] != NOTHING).sum()) if rest else 0)

    def text(self, late: bool = False, by_port: bool = False) -> str:
        """All of it as the RTL machine reads it: words may come a cycle *late*, turns at the banks go *by_port*."""
        folds, passes = _Table(), _Table()
        array, lanes = _Table(), _Table()
        lines: list[str] = []
        for rank, items in enumerate(self.streams):
            plan = self.program.streams[rank]
            lines.append(f"{UNITS[plan.unit]} {int(self._releases(rank))} {len(items)}")
            for item in items:
                lines.append(self._line(rank, item, self._number(item.work, folds, passes, array, lanes)))
        head = [self.lanes.pipeline_depth, int(self.lanes.special_functions == "behind_pipeline")]
        head += [self.machine.sram.banks, self.lanes.fetch_ahead, int(late), int(by_port)]
        slots = self.program.pool.slots if self.program.pool is not None else 0
        tables = (folds, passes, array, lanes)
        text = [" ".join(map(str, head)), *(line for table in tables for line in table.lines())]
        return "\n".join([*text, str(slots), str(len(self.streams)), *lines]) + "\n"

    def _releases(self, rank: int) -> bool:
        pool = self.program.pool
        return pool is not None and any(user == rank for _, user in pool.members)

    def _line(self, rank: int, item: Item, number: int) -> str:
        heard = item.heard
        order, words = self.order.get((heard.rank, heard.tile, heard.item), -1), 0
        if item.work is None:
            plan = self.program.streams[rank]
            words = ceil_div(plan.moved_bytes[plan.numbers[heard.variant][heard.item]], WORD_BYTES)
        values = [
            number,
            self.program.priority(rank, heard.tile),
            heard.start,
            heard.result - heard.start,
            order,
            words,
        ]
        needs = [value for need in item.needs for value in need]
        return " ".join(map(str, [*values, len(item.needs), *needs]))

    @staticmethod
    def _number(work: Work | None, folds: _Table, passes: _Table, array: _Table, lanes: _Table) -> int:
        """The number of *work* in its unit's table."""
        if isinstance(work, ArrayWork):
            left, right, _ = work.words
            first = folds.add_all(work, work.folds)
            at = STRIDE * len(array.rows) * 2 % WORDS
            return array.add(work, (first, len(work.folds), work.elements, left, right, at, (at + STRIDE) % WORDS))
        if isinstance(work, LanesWork):
            reads, writes = work.words
            first = passes.add_all(work, work.passes)
            at = STRIDE * (2 * len(lanes.rows) + 1) % WORDS
            vectors = sum(each.vectors for each in work.passes)
            return lanes.add(work, (first, len(work.passes), reads, at, vectors, writes))
        return 0


class _Table:
    """Rows, and where what they stand for begins."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []
        self._known: dict[Work, int] = {}

    def add(self, work: Work, row: tuple[int, ...]) -> int:
        """The number of the row of *work*, added unless it is there."""
        return self.add_all(work, (row,))

    def add_all(self, work: Work, rows: Iterable[tuple[int, ...]]) -> int:
        """The number of the first of the *rows* of *work*."""
        if work not in self._known:
            self._known[work] = len(self.rows)
            self.rows.extend(rows)
        return self._known[work]

    def lines(self) -> list[str]:
        """The table as text."""
        return [str(len(self.rows)), *(" ".join(map(str, row)) for row in self.rows)]
