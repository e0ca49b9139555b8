"""A program's streams as flat tables of integers, which is what the event loop reads.

For each stream: what its distinct requests are, which of them an item makes in each variant of tile, and what an item
waits for, without what an earlier item of the same stream has waited for already.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from hw.reasons import NO_BUFFER
from hw.typed_arrays import typed_array
from hw.unit_names import DMA
from sim.lowering.order import Numbers
from sim.lowering.program import NOTHING, Dependency, Program, StreamPlan, TileVariant, Transfers

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
        self.transfers = plan.unit == DMA
        self.values = typed_array(_described(plan, load).reshape(-1))
        self._distinct = {id(numbers): numbers for numbers in plan.numbers}  # most variants of tiles are alike
        arrays = {key: typed_array(numbers) for key, numbers in self._distinct.items()}
        self.numbers = tuple(arrays[id(numbers)] for numbers in plan.numbers)
        self.idle = not plan.busy(TileVariant.MIDDLE)
        self.counters: list[tuple[int, bool]] = []
        self.firsts, self.needed = self._dependencies(program, {name: number for number, name in enumerate(names)})

    def _dependencies(self, program: Program, reasons: dict[str, int]) -> tuple[array[int], array[int]]:
        """What each item waits for that no item before it implies: ``firsts`` and ``needed``.

        An item without a request, be it in some tiles only, waits for nothing and so implies nothing. Weights come last
        of what an item waits for: what else is missing?
        """
        weights = {load for load, _ in program.pool.members} if program.pool is not None else set()
        dependencies = sorted(self.plan.dependencies, key=lambda dependency: dependency.producer in weights)
        if not dependencies:
            return array("q", [0]) * (self.items + 1), array("q")
        facts = np.array([self._facts(program, each, reasons[each.reason]) for each in dependencies])
        tables = np.stack([dependency.table for dependency in dependencies])
        nothing = -self.tiles * facts[:, 1:2]  # is fulfilled from the start
        always = np.logical_and.reduce([numbers != NOTHING for numbers in self._distinct.values()])
        implied = np.maximum.accumulate(np.where(always, tables, nothing), axis=1)
        before = np.maximum(np.hstack([nothing, implied[:, :-1]]), nothing)
        item, which = np.nonzero((tables > before).T)
        needed = facts[which]
        needed[:, 2] = tables[which, item]
        firsts = np.searchsorted(item, np.arange(self.items + 1))
        return typed_array(firsts), typed_array(needed.reshape(-1))

    def _facts(self, program: Program, dependency: Dependency, reason: int) -> tuple[int, ...]:
        """The NEEDED numbers of a dependency, with an offset of 0."""
        counter = dependency.producer, reason == NO_BUFFER
        if counter not in self.counters:
            self.counters.append(counter)
        items = program.streams[dependency.producer].items
        return self.counters.index(counter), items, 0, dependency.producer, reason


def _described(plan: StreamPlan, load: Load) -> Numbers:
    """The three numbers of each distinct request, in rows."""
    requests = plan.requests
    if isinstance(requests, Transfers):
        direction = np.full_like(requests.sizes, requests.write)
        return np.stack([requests.sizes, requests.addresses, direction], axis=1)
    works = [(work.cycles, work.tail_cycles, load(work.cycles, work.demand)) for work in requests]
    return np.array(works, np.int64).reshape(-1, 3)
