"""The slowdown where units and the DMA engine ask the same SRAM banks for more than they give.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. A request has an average demand (bytes a cycle) on each cluster; a
cluster gives ``interleave x ports x bank_width``. How fast requests run side by side is said in sram_shares.py. When a
request starts, its end is predicted from what the banks still have to serve; the end does not move, so what units and
transfers that start later take from it is served before the next request of its unit, which ends later.

A transfer takes from the clusters in which its buffer lies when its data move, or a little later: sram_traffic.py. That
is its part of DRAM's peak rate, but never more than half of what a cluster gives; what is beyond is not charged.
Not modelled: the cycle-by-cycle pattern of words within a cluster; transfers are not slowed down.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import inf
from typing import Final

from hw.integers import ceil_div
from hw.sram import SramSpec
from hw.sram_shares import Asked, Rates, exposed, spare, speeds
from hw.sram_traffic import Traffic

ROUNDING: Final = 1e-9  # sums of fractions of a cycle closer than this to a whole one are that
ENOUGH: Final = 1 << 30  # words fetched ahead: more than any cluster has banks


class _Queue:
    """What the banks have yet to serve of a unit: ``left`` cycles at full speed of each of its ``loads``, in turn.

    All but the last are late. ``end`` is when the unit was told that the last one ends, ``served`` until when the
    banks have served it.
    """

    __slots__ = ("_room", "count", "end", "left", "loads", "served")

    def __init__(self) -> None:
        self._room = 4
        self.loads = array("q", [0]) * 4
        self.left = array("d", [0.0]) * 4
        self.count = 0
        self.end = 0
        self.served = 0.0

    def copy(self, other: _Queue) -> None:
        """Hold the same requests as *other*."""
        self.count = 0
        for place in range(other.count):
            self.add(other.loads[place], other.left[place])

    def add(self, load: int, left: float) -> None:
        """One more request at the end."""
        if self.count == self._room:
            self.loads = array("q", self.loads) + array("q", [0]) * self._room
            self.left = array("d", self.left) + array("d", [0.0]) * self._room
            self._room *= 2
        self.loads[self.count] = load
        self.left[self.count] = left
        self.count += 1

    def serve(self, cycles: float, time: float) -> None:
        """By *time*, so many *cycles* at full speed have been served of the first request."""
        self.served = time
        self.left[0] -= cycles
        if self.left[0] <= ROUNDING:
            self.count -= 1
            for place in range(self.count):
                self.loads[place] = self.loads[place + 1]
                self.left[place] = self.left[place + 1]


class _Combination:
    """Loads that are served side by side; ``speeds`` are the fractions of full speed at which they run, once ``known``.

    They stand in turn for each kind of traffic that has priority, nothing first. ``spare`` is the part of the work of
    each kind that can be done without slowing them down; if that is all, they are ``steady``.
    Few combinations come up, again and again: they are a tree, in which each is found by going down from the empty one,
    a load a step.
    """

    __slots__ = ("_larger", "count", "known", "loads", "spare", "speeds", "steady")

    def __init__(self, loads: tuple[int, ...]) -> None:
        self.loads = loads
        self.count = len(loads)
        self.known = self.steady = False
        self.speeds = array("d", [1.0]) * len(loads)
        self.spare = array("d", [1.0])
        self._larger: list[_Combination | None] = []  # [load] this one and that load

    def and_load(self, load: int) -> _Combination:
        """The same and *load*."""
        while len(self._larger) <= load:
            self._larger.append(None)
        larger = self._larger[load]
        if larger is None:
            larger = self._larger[load] = _Combination((*self.loads, load))
        return larger

    def set_speeds(self, by_kind: Sequence[list[float]], spare_by_kind: Sequence[float]) -> None:
        """Take note of the speeds, load by load, for each kind of traffic, and of what they leave it."""
        self.speeds = array("d", [speed for found in by_kind for speed in found])
        self.spare = array("d", spare_by_kind)
        self.steady = min(spare_by_kind) >= 1.0
        self.known = True


class SramPorts:
    """What the banks have yet to serve of each unit's requests, and how fast they serve them side by side."""

    __slots__ = (
        "_ahead", "_alone", "_asked", "_banks", "_count", "_dma_rate", "_kinds", "_known", "_nothing", "_now",
        "_queues", "_rate", "_taken", "_traffic",
    )  # fmt: skip

    def __init__(self, spec: SramSpec, dma_bytes_per_cycle: float = 0.0) -> None:
        self._rate: int = spec.cluster_bytes_per_cycle
        self._banks: int = spec.cluster_words_per_cycle
        self._dma_rate: float = dma_bytes_per_cycle
        self._count = 0
        self._queues: list[_Queue] = []  # by user
        self._ahead: list[_Queue] = []  # copies to look ahead with, that of the user in question first
        self._now = 0
        self._known: dict[tuple[int, float, tuple[tuple[int, int], ...]], int] = {}  # -> number of the load
        self._alone = array("q")  # by load: the cycles that it takes if nothing else is served
        self._asked: list[Asked] = []  # by load
        self._nothing = _Combination(())
        self._traffic = Traffic()
        self._kinds: dict[tuple[tuple[int, float], ...], int] = {(): 0}  # what it takes -> kind of traffic
        self._taken: list[Rates] = [{}]  # by kind of traffic

    def join(self) -> int:
        """A unit begins to use the ports; returns its number."""
        self._queues.append(_Queue())
        self._ahead.append(_Queue())
        self._count += 1
        return self._count - 1

    def load(self, cycles: int, demand: dict[int, int], fetch_ahead: int = ENOUGH) -> int:
        """The number of the load of a request that takes *cycles* and moves *demand* bytes by cluster.

        Its unit fetches so many words ahead of their use.
        """
        part = exposed(fetch_ahead, self._banks)
        key = cycles, part, tuple(demand.items())
        if key not in self._known:
            self._known[key] = len(self._asked)
            alone = max(cycles, ceil_div(max(demand.values(), default=0), self._rate))
            self._alone = array("q", self._alone) + array("q", [alone])
            rates = {cluster: size / alone for cluster, size in demand.items() if size}
            self._asked.append(Asked(rates, part))
        return self._known[key]

    def traffic(self, lies: dict[int, int]) -> int:
        """The number of the kind of traffic to and from a buffer of which so many bytes lie in each cluster."""
        whole, half = sum(lies.values()), self._rate / 2
        taken = {cluster: min(self._dma_rate * size / whole, half) for cluster, size in lies.items() if size}
        key = tuple(sorted(taken.items()))
        if key not in self._kinds:
            self._kinds[key] = len(self._taken)
            self._taken.append(taken)
            self._nothing = _Combination(())  # no combination knows of it
        return self._kinds[key]

    def move(self, now: int, kind: int, begin: float, end: float) -> None:
        """From *begin* to *end* the DMA engine will move data of that *kind*; after all that it moved before."""
        traffic = self._traffic
        if traffic.count == traffic.room:
            self._advance(now)
            traffic.make_room(now)
        traffic.add(kind, begin, end)

    def occupy(self, user: int, now: int, load: int) -> int:
        """Start a request of *load* for *user*; returns the cycles that it will really take.

        Alone these are its cycles, or what the fullest cluster needs for its bytes if that is longer. Requests and
        transfers must come in order of time, and a unit's requests must not overlap.
        """
        if now != self._now:
            self._advance(now)
        own = self._queues[user]
        alone = self._alone[load]
        work = float(alone)
        if not own.count and own.end == now:
            work -= min(1.0, now - own.served)  # the request before ended within this cycle: the rest of it counts
        if work > ROUNDING:
            own.add(load, work)
        if not own.count:
            own.served = float(now)
        end = self._predict(user, now) - ROUNDING
        whole = int(end)
        own.end = max(now + alone, whole + 1 if whole < end else whole)
        return own.end - now

    def _advance(self, now: int) -> None:
        """Serve what is queued until *now*."""
        time = float(self._now)
        while time < now:
            time = self._serve(self._queues, time, now - time)
        self._now = now

    def _predict(self, user: int, now: int) -> float:
        """When the queue of *user* will be empty if nothing else comes."""
        time = float(now)
        own = self._queues[user]
        if not own.count:
            return time
        alone = own.count < 2
        for number in range(self._count):
            queue = self._queues[number]
            alone = alone and (number == user or not queue.count)
        if alone and self._running(self._queues).steady:
            return time + own.left[0]
        mine = self._ahead[0]
        mine.copy(own)
        for number in range(self._count):
            if number != user:
                queue = self._ahead[number + 1 if number < user else number]
                queue.copy(self._queues[number])
        self._traffic.keep()
        while mine.count:
            time = self._serve(self._ahead, time, inf)
        self._traffic.go_back()
        return time

    def _running(self, queues: list[_Queue]) -> _Combination:
        """The first requests of *queues*, side by side."""
        running = self._nothing
        for number in range(self._count):
            queue = queues[number]
            if queue.count:
                running = running.and_load(queue.loads[0])
        if not running.known:
            asked = [self._asked[load] for load in running.loads]
            by_kind = [speeds(asked, taken, self._rate, self._banks) for taken in self._taken]
            running.set_speeds(by_kind, [spare(asked, by_kind[0], taken, self._rate) for taken in self._taken])
        return running

    def _serve(self, queues: list[_Queue], time: float, limit: float) -> float:
        """Serve *queues* side by side from *time* on until a first request is done, *limit* cycles at most.

        Returns until when.
        """
        running = self._running(queues)
        traffic = self._traffic
        span = limit
        first = 0  # of the speeds
        if not running.steady:
            span = min(span, traffic.look(time, running.spare))
            first = traffic.taking * running.count
        place = first
        for number in range(self._count):
            queue = queues[number]
            if queue.count:
                span = min(span, queue.left[0] / running.speeds[place])
                place += 1
        until = time + span
        place = first
        for number in range(self._count):
            queue = queues[number]
            if queue.count:
                queue.serve(span * running.speeds[place], until)
                place += 1
        if not running.steady:
            traffic.go_on(until, span)
        return until
