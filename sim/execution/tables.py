"""A program's streams as flat tables of integers, which is what the event loop reads.

For each stream: what its distinct requests are, which of them an item makes in each variant of tile, and what an item
waits for, without what an earlier item of the same stream has waited for already.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hw.reasons import NO_BUFFER
from hw.requests import Transfer
from sim.program import NOTHING, Program, StreamPlan

NEEDED: Final = (
    5  # numbers of a dependency: counter, items of the producer a tile, offset, rank of the producer, reason
)
Load = Callable[[int, dict[int, int]], int]  # (cycles, demand) -> number of a load of the SRAM ports


class StreamTables:
    """What one stream does and waits for; the place of *plan* in the program is its *rank*.

    ``values`` has three numbers for each distinct request: cycles, tail cycles and load, or bytes, address and whether
    it writes. ``numbers[variant][item]`` is a request's number, or NOTHING. The dependencies of an item are those from
    ``firsts[item]`` to before ``firsts[item + 1]`` of the table ``needed``, NEEDED numbers each; their counters are
    ``counters``, pairs of (rank, whether it is operands that have to be read). ``idle`` streams have something to do in
    the first or last tile of a layer only.
    """

    def __init__(self, program: Program, rank: int, names: Sequence[str], load: Load) -> None:
        self.plan = plan = program.streams[rank]
        self.rank = rank
        self.items = plan.items
        self.tiles = program.tiles
        self.tiles_per_layer = program.tiles_per_layer
        self.streams = len(program.streams)
        self.names = tuple(stream.name for stream in program.streams)
        self.variant = program.variant
        self.transfers = plan.unit == "dma"
        self.values = array("q", [number for request in _described(plan, load) for number in request])
        self.numbers = tuple(_integers(numbers) for numbers in plan.numbers)
        self.idle = not plan.busy(0)
        self.counters: list[tuple[int, bool]] = []
        self.firsts, self.needed = self._dependencies(program, {name: number for number, name in enumerate(names)})

    def _dependencies(self, program: Program, reasons: dict[str, int]) -> tuple[array[int], array[int]]:
        """What each item waits for that no item before it implies.

        An item without a request, be it in some tiles only, waits for nothing and so implies nothing.
        """
        plan, none = self.plan, np.zeros(0, np.int64)
        always = np.logical_and.reduce([numbers != NOTHING for numbers in plan.numbers])
        weights = {load for load, _ in program.pool.members} if program.pool is not None else set()
        items, rows = [none], [none.reshape(0, NEEDED)]
        for dependency in sorted(plan.dependencies, key=lambda d: d.producer in weights):  # what else is missing?
            table, producer = dependency.table, program.streams[dependency.producer]
            nothing = -self.tiles * producer.items  # is fulfilled from the start
            implied = np.maximum.accumulate(np.where(always, table, nothing))
            before = np.maximum(np.concatenate([[nothing], implied[:-1]]), nothing)
            waits = np.flatnonzero(table > before)
            row = np.empty((len(waits), NEEDED), np.int64)
            counter = (dependency.producer, reasons[dependency.reason] == NO_BUFFER)
            if counter not in self.counters:
                self.counters.append(counter)
            row[:, 0] = self.counters.index(counter)
            row[:, 1] = producer.items
            row[:, 2] = table[waits]
            row[:, 3] = dependency.producer
            row[:, 4] = reasons[dependency.reason]
            items.append(waits)
            rows.append(row)
        item, needed = np.concatenate(items), np.concatenate(rows)
        order = np.argsort(item, kind="stable")
        firsts = np.searchsorted(item[order], np.arange(self.items + 1))
        return _integers(firsts), _integers(needed[order].reshape(-1))


def _described(plan: StreamPlan, load: Load) -> list[tuple[int, int, int]]:
    """The three numbers of each distinct request."""
    return [
        (request.size_bytes, request.address, int(request.write))
        if isinstance(request, Transfer)
        else (request.cycles, request.tail_cycles, load(request.cycles, request.demand))
        for request in plan.requests
    ]


def _integers(values: NDArray[np.int64]) -> array[int]:
    """The same as an array of machine words, which compiled code and plain Python read alike."""
    return array("q", np.ascontiguousarray(values, np.int64).tobytes())
