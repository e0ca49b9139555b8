"""Slots that are written once and read by several requests: they are free when the last of these has read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.lowering.program import VARIANTS
from sim.trace.requests import Requests, Tables
from sim.trace.slices import Numbers


class Slots:
    """Slots of a tile, of these *sizes* in bytes, each filled anew in every tile.

    *reads* are the requests that have to do with them: number of the slot, variant of the tile, row of the request.
    """

    def __init__(self, tables: Tables, sizes: Sequence[int], reads: Sequence[tuple[int, int, int]]) -> None:
        self._tables = tables
        self._sizes = np.array(sizes, np.int64)
        slot, variant, row = np.array(sorted(reads, key=lambda read: read[1:]), np.int64).reshape(-1, 3).T
        self._readers = np.zeros((len(VARIANTS), len(sizes)), np.int64)
        np.add.at(self._readers, (variant, slot), 1)
        self._read = slot  # by variant, then by row: those of a request lie together
        self._counts = np.zeros_like(tables.bytes)
        np.add.at(self._counts, (variant, row), 1)
        self._starts = (np.cumsum(self._counts) - self._counts.ravel()).reshape(self._counts.shape)
        self._open = np.zeros((4, 0), np.int64)  # tile, slot, how many have read it so far, and the latest end of them

    def free(self, requests: Requests) -> tuple[Numbers, Numbers]:
        """When the slots that *requests* are the last to read are free, and their bytes."""
        place = requests.variant, requests.row
        counts = self._counts[place]
        reader = np.repeat(np.arange(len(requests)), counts)
        first = np.cumsum(counts) - counts
        slot = self._read[self._starts[place][reader] + np.arange(len(reader)) - first[reader]]
        read = np.stack([requests.tile[reader], slot, np.ones_like(slot), requests.end[reader]])
        tile, slot, seen, latest = self._open = self._together(np.concatenate([self._open, read], axis=1))
        done = seen == self._readers[self._tables.variant(tile), slot]
        self._open = self._open[:, ~done]
        return latest[done], self._sizes[slot[done]]

    def _together(self, reads: Numbers) -> Numbers:
        """All reads of a slot in a tile as one."""
        tile, slot, seen, latest = reads
        keys, where = np.unique(tile * max(1, len(self._sizes)) + slot, return_inverse=True)
        total, last = np.zeros_like(keys), np.zeros_like(keys)
        np.add.at(total, where, seen)
        np.maximum.at(last, where, latest)
        return np.stack([*np.divmod(keys, max(1, len(self._sizes))), total, last])
