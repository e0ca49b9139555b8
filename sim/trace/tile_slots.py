"""When the slots of a tile's buffers are free: when the last request that reads what was written there has read it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.lowering.program import VARIANTS
from sim.trace.requests import ItemTables, Requests
from sim.trace.slices import Numbers


class TileSlots:
    """Slots of these *sizes* in bytes, each written anew in every tile.

    *reads* say which requests read them: number of the slot, variant of the tile, row of the request's item.
    """

    def __init__(self, tables: ItemTables, sizes: Sequence[int], reads: Sequence[tuple[int, int, int]]) -> None:
        self._tables = tables
        self._sizes = np.array(sizes, np.int64)
        slot, variant, row = np.array(sorted(reads, key=lambda read: read[1:]), np.int64).reshape(-1, 3).T
        self._readers = np.zeros((len(VARIANTS), len(sizes)), np.int64)
        np.add.at(self._readers, (variant, slot), 1)
        self._slots_read = slot  # by variant, then by row: those of a request lie together
        self._counts = np.zeros_like(tables.bytes)
        np.add.at(self._counts, (variant, row), 1)
        self._starts = (np.cumsum(self._counts) - self._counts.ravel()).reshape(self._counts.shape)
        self._open = np.zeros((4, 0), np.int64)  # tile, slot, how many have read it so far, latest end of these

    def free(self, requests: Requests) -> tuple[Numbers, Numbers]:
        """The cycles at which *requests*, the next ones, free slots, and the bytes of these slots."""
        item = requests.variant, requests.row
        counts = self._counts[item]
        reader = np.repeat(np.arange(len(requests)), counts)
        first = np.cumsum(counts) - counts
        slot = self._slots_read[self._starts[item][reader] + np.arange(len(reader)) - first[reader]]
        read = np.stack([requests.tile[reader], slot, np.ones_like(slot), requests.end[reader]])
        tile, slot, seen, latest = self._open = self._together(np.concatenate([self._open, read], axis=1))
        done = seen == self._readers[self._tables.variant(tile), slot]
        self._open = self._open[:, ~done]
        return latest[done], self._sizes[slot[done]]

    def _together(self, reads: Numbers) -> Numbers:
        """One column for each slot of each tile, all its *reads* taken together."""
        tile, slot, seen, latest = reads
        keys, where = np.unique(tile * max(1, len(self._sizes)) + slot, return_inverse=True)
        total, last = np.zeros_like(keys), np.zeros_like(keys)
        np.add.at(total, where, seen)
        np.maximum.at(last, where, latest)
        return np.stack([*np.divmod(keys, max(1, len(self._sizes))), total, last])
