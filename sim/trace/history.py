"""The latest requests of every stream of a section, to find the one whose result or space another one got last."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sim.program import NO_BUFFER, Pool
from sim.streams import StreamRun
from sim.trace.model import Slice

KEPT = 4096  # requests of a stream; what made another one wait has hardly ever begun earlier


class History:
    """Remembers the requests of a section's streams, each with its slice if it has been recorded."""

    def __init__(self, pool: Pool | None) -> None:
        self._numbers: defaultdict[int, list[int]] = defaultdict(list)  # by rank of the stream: places among its items
        self._requests: defaultdict[int, list[tuple[int, Slice | None]]] = defaultdict(list)  # end and slice
        self._started: dict[int, int] = {}
        self._users = {load: user for load, user in pool.members} if pool is not None else {}

    def ready(self, stream: StreamRun[Any]) -> int:
        """From when on the offered item could have started: all was there, and the one before it had started."""
        return max(stream.ready_at, self._started.get(stream.rank, 0))

    def remember(self, stream: StreamRun[Any], now: int, end: int, piece: Slice | None) -> None:
        """The offered item of *stream* starts *now* and takes its unit until *end*."""
        rank = stream.rank
        numbers, requests = self._numbers[rank], self._requests[rank]
        numbers.append(stream.tile * stream.plan.items + stream.item)
        requests.append((end, piece))
        self._started[rank] = now
        if len(numbers) > 2 * KEPT:
            del numbers[:KEPT], requests[:KEPT]

    def cause(self, stream: StreamRun[Any]) -> Slice | None:
        """The request that gave the offered item of *stream* what it got last, if the item waited for one.

        None also if that request has not been recorded.
        """
        arrival = stream.last_arrival()
        if arrival is not None:
            producer, count, _ = arrival
            place = bisect_left(self._numbers[producer.rank], count) - 1
            return self._requests[producer.rank][place][1] if place >= 0 else None
        if stream.reason == NO_BUFFER and stream.rank in self._users:
            own = self._users[stream.rank]
            return self._ended((own, *(user for user in self._users.values() if user != own)), stream.ready_at)
        return None

    def _ended(self, ranks: Iterable[int], cycle: int) -> Slice | None:
        """The latest request of one of the streams that ended at *cycle*, and so gave its slot back."""
        for rank in ranks:
            for end, piece in reversed(self._requests[rank]):
                if end <= cycle:
                    if end == cycle:
                        return piece
                    break
        return None
