"""The latest requests of a section, to find the one whose result or space another one got last."""

from __future__ import annotations

import numpy as np

from sim.lowering.program import Pool
from sim.trace.requests import SLOT, Requests
from sim.trace.slices import NOTHING, Numbers

REACH = 1 << 15  # requests: what made another one wait has hardly ever begun earlier
RANK = 1 << 40  # more than a stream has items
NOBODY: Numbers = np.zeros(0, np.int64)


class History:
    """The latest requests in the order of their start: ``rank``, ``start``, ``end``, and ``id`` if it is written."""

    def __init__(self, pool: Pool | None) -> None:
        self._users = [user for _, user in pool.members] if pool is not None else []
        self.rank = self.start = self.end = self.id = NOBODY
        self._number = NOBODY  # among the items of the stream

    def add(self, requests: Requests, ids: Numbers) -> None:
        """*requests* are the latest ones now; those out of their reach are forgotten."""
        self.rank, self._number = _joined(self.rank, requests.rank), _joined(self._number, requests.number)
        self.start, self.end = _joined(self.start, requests.start), _joined(self.end, requests.end)
        self.id = _joined(self.id, ids)

    def causes(self, requests: Requests) -> Numbers:
        """Where here that is what each of *requests*, the latest ones, got last; NOTHING if it is not known."""
        place = self._done(requests.producer, requests.count)
        slots = np.flatnonzero(requests.producer == SLOT)
        place[slots] = self._ended(requests.count[slots])
        own = np.arange(len(self.rank) - len(requests), len(self.rank))
        place[place < own - REACH] = NOTHING
        return place

    def _done(self, producers: Numbers, counts: Numbers) -> Numbers:
        """The last request of each of the *producers* among its first *counts* items."""
        keys = self.rank * RANK + self._number
        order = np.argsort(keys, kind="stable")
        found = order[np.searchsorted(keys, producers * RANK + counts, sorter=order) - 1]
        known = (self.rank[found] == producers) & (self._number[found] < counts)
        return np.where(known, found, NOTHING)

    def _ended(self, cycles: Numbers) -> Numbers:
        """The request that gave a slot for weights back at each of these *cycles*: the array does one at a time."""
        users = np.flatnonzero(np.isin(self.rank, self._users))
        if not users.size:
            return np.full(len(cycles), NOTHING)
        found = users[np.searchsorted(self.end[users], cycles, "right") - 1]
        return np.where(self.end[found] == cycles, found, NOTHING)


def _joined(before: Numbers, added: Numbers) -> Numbers:
    return np.concatenate([before[-REACH:], added])
