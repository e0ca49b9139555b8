"""The requests of a section as columns: what was heard of each, and what the program says of its item."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.lowering.program import VARIANTS, StreamPlan, TileVariant, Transfers
from sim.lowering.section import Section
from sim.trace.descriptions import describe_items, tokens
from sim.trace.slices import NOTHING, Numbers, Words

HEARD = ("rank", "tile", "item", "now", "start", "end", "ready", "producer", "count")  # of each request
SLOT = -2  # instead of a producer: a slot for weights, given back at the cycle ``count``


@dataclass(frozen=True)
class Requests:
    """Requests in the order of their start; cycles are those of the run.

    A request of the stream ``rank`` could start from ``ready`` on, is issued ``now``, and takes its unit from ``start``
    to ``end``. What it waited for last came when ``count`` items of the stream ``producer`` were done (NOTHING if it
    waited for nothing). ``tile`` counts over all layers, ``tile_in_layer`` within its ``layer``. ``row`` is that of its
    item in :class:`ItemTables`.
    """

    rank: Numbers
    tile: Numbers
    now: Numbers
    start: Numbers
    end: Numbers
    ready: Numbers
    producer: Numbers
    count: Numbers
    number: Numbers  # among the items of its stream
    row: Numbers
    variant: Numbers
    layer: Numbers
    tile_in_layer: Numbers

    def __len__(self) -> int:
        return len(self.rank)


class ItemTables:
    """What is the same in every tile, as columns: a row for each item of the first stream of *section*, then the next.

    Cycles of the section count from *origin* of the run.
    """

    def __init__(self, section: Section, origin: int) -> None:
        program = section.program
        self.program = program
        self.origin = origin
        self._section = section
        plans = program.streams
        self.units = Words.of(plan.unit for plan in plans)  # by rank
        self._items = np.array([plan.items for plan in plans])
        self._starts = np.cumsum(self._items) - self._items
        described = [item for of_stream in describe_items(section) for item in of_stream]
        self.names = Words.of(item.name for item in described)  # by row
        operations = [item.operations for item in described]
        self.operations = Words.of(", ".join(each) if len(each) > 1 else None for each in operations)
        self._first = np.array([item.first for item in described])
        self._last = np.array([item.last for item in described])
        self._last_at_end = np.array([item.last_at_end for item in described])
        self.block = np.array([NOTHING if item.block is None else item.block for item in described])
        self.lane = np.array([NOTHING if item.lane is None else item.lane for item in described])
        self.bytes = _by_item(plans, [plan.moved_bytes for plan in plans])
        writes = [isinstance(plan.requests, Transfers) and plan.requests.write for plan in plans]
        by_request = [[write] * len(plan.requests) for plan, write in zip(plans, writes, strict=True)]
        self.writes = _by_item(plans, by_request) > 0

    def variant(self, tile: Numbers) -> Numbers:
        """Of each *tile* its :class:`~sim.lowering.program.TileVariant`, as a number."""
        place = tile % self.program.tiles_per_layer
        last = place == self.program.tiles_per_layer - 1
        variant: Numbers = TileVariant.FIRST * (place == 0) + TileVariant.LAST * last
        return variant

    def rows(self, rank: int) -> slice:
        """The rows of a stream."""
        return slice(self._starts[rank], self._starts[rank] + self._items[rank])

    def row(self, rank: int, item: int) -> int:
        """The row of an item of a stream."""
        return int(self._starts[rank]) + item

    def requests(self, heard: array[int]) -> Requests:
        """The columns of what was *heard*, :data:`HEARD` of one request after the other."""
        rank, tile, item, now, start, end, ready, producer, count = np.array(heard).reshape(-1, len(HEARD)).T
        origin, head = self.origin, self._section.stack.head
        layer, tile_in_layer = np.divmod(tile, self.program.tiles_per_layer)
        return Requests(
            rank, tile, now + origin, start + origin, end + origin, ready + origin, producer,
            np.where(producer == SLOT, count + origin, count),
            number=tile * self._items[rank] + item,
            row=self._starts[rank] + item,
            variant=self.variant(tile),
            layer=np.full(len(tile), NOTHING) if head else self._section.layers_shown(layer),
            tile_in_layer=tile_in_layer,
        )  # fmt: skip

    def tokens(self, requests: Requests) -> tuple[Numbers, Numbers]:
        """The first and the last token that each of *requests* is about."""
        row, tile = requests.row, requests.tile_in_layer
        last = np.where(tile == self.program.tiles_per_layer - 1, self._last_at_end[row], self._last[row])
        return tokens(self._section, tile, self._first[row], last)


def _by_item(plans: Sequence[StreamPlan], values: Sequence[Sequence[int]]) -> Numbers:
    """The *values* of the requests of *plans*, for every variant of a tile and row; 0 for nothing."""
    of_plans = [np.array([*each, 0], np.int64) for each in values]  # the last is that of NOTHING
    by_variant = [[of[plan.numbers[v]] for plan, of in zip(plans, of_plans, strict=True)] for v in VARIANTS]
    return np.array([np.concatenate(each) for each in by_variant])
