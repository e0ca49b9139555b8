"""Finds the request that another one waited for last, among the latest requests of a section."""

from __future__ import annotations

import numpy as np

from sim.lowering.program import Pool
from sim.trace.requests import SLOT, Requests
from sim.trace.slices import NOTHING, Numbers

REACH = 1 << 15  # requests: what made another one wait has hardly ever begun earlier
RANK = 1 << 40  # more than a stream has items
EMPTY: Numbers = np.zeros(0, np.int64)


class RecentRequests:
    """The latest requests of a section as columns, in the order of their start: at least :data:`REACH` of them.

    ``id`` is that of the request's slice, NOTHING if the trace has none.
    """

    def __init__(self, pool: Pool | None) -> None:
        self._weight_users = [user for _, user in pool.members] if pool is not None else []
        self._number = EMPTY  # among the items of the stream
        self.rank = self.start = self.end = self.id = EMPTY

    def add(self, requests: Requests, ids: Numbers) -> None:
        """Append *requests*, whose slices have these *ids*, and forget those that are out of reach of them."""
        self.rank, self._number = _appended(self.rank, requests.rank), _appended(self._number, requests.number)
        self.start, self.end = _appended(self.start, requests.start), _appended(self.end, requests.end)
        self.id = _appended(self.id, ids)

    def causes(self, requests: Requests) -> Numbers:
        """For each of *requests*, which have just been added, the row of the request that it waited for last.

        That is the one whose result came last, or which gave back the slot for weights; NOTHING where it is unknown.
        """
        rows = self._finishing(requests.producer, requests.count)
        slots = np.flatnonzero(requests.producer == SLOT)
        rows[slots] = self._giving_back(requests.count[slots])
        own = np.arange(len(self.rank) - len(requests), len(self.rank))
        rows[rows < own - REACH] = NOTHING
        return rows

    def _finishing(self, producers: Numbers, counts: Numbers) -> Numbers:
        """The row of the last request of each of the *producers* among its first *counts* items."""
        keys = self.rank * RANK + self._number
        order = np.argsort(keys, kind="stable")
        rows = order[np.searchsorted(keys, producers * RANK + counts, sorter=order) - 1]
        known = (self.rank[rows] == producers) & (self._number[rows] < counts)
        return np.where(known, rows, NOTHING)

    def _giving_back(self, cycles: Numbers) -> Numbers:
        """The row of the request that gave a slot for weights back at each of these *cycles*.

        There is one at most: the array does one request at a time.
        """
        users = np.flatnonzero(np.isin(self.rank, self._weight_users))
        if not users.size:
            return np.full(len(cycles), NOTHING)
        rows = users[np.searchsorted(self.end[users], cycles, "right") - 1]
        return np.where(self.end[rows] == cycles, rows, NOTHING)


def _appended(column: Numbers, added: Numbers) -> Numbers:
    return np.concatenate([column[-REACH:], added])
