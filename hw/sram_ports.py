"""The slowdown where units ask the same SRAM banks for more than they give.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. A request has an average demand (bytes a cycle) on each cluster; a
cluster gives ``interleave x ports x bank_width``, shared max-min fairly: what a unit asks, or an equal share of what
the more modest leave. When a request starts, its end is predicted from what the banks still have to serve; the end does
not move, so what units that start later take from it is served before the next request of its unit, which ends later.

The DMA engine has priority: its peak rate, spread evenly over the clusters, is set aside (but never more than half).
Not modelled: the cycle-by-cycle pattern of words within a cluster.
"""

from __future__ import annotations

from array import array
from math import ceil, inf
from typing import Final

from hw.integers import ceil_div
from hw.sram import SramSpec

ROUNDING: Final = 1e-9  # sums of fractions of a cycle closer than this to a whole one are that
UNSHARED: Final = 1e-3  # of full speed: what would speed up no request by more is not shared out

_Rates = dict[int, float]  # what a load moves at full speed: bytes a cycle, by cluster


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

    Few combinations come up, again and again: they are a tree, in which each is found by going down from the empty one,
    a load a step.
    """

    __slots__ = ("_larger", "known", "loads", "speeds")

    def __init__(self, loads: tuple[int, ...]) -> None:
        self.loads = loads
        self.known = False
        self.speeds = array("d", [1.0]) * len(loads)
        self._larger: list[_Combination | None] = []  # [load] this one and that load

    def and_load(self, load: int) -> _Combination:
        """The same and *load*."""
        while len(self._larger) <= load:
            self._larger.append(None)
        larger = self._larger[load]
        if larger is None:
            larger = self._larger[load] = _Combination((*self.loads, load))
        return larger

    def set_speeds(self, speeds: list[float]) -> None:
        """Take note of the speeds, load by load."""
        self.speeds = array("d", speeds)
        self.known = True


class SramPorts:
    """What the banks have yet to serve of each unit's requests, and how fast they serve them side by side."""

    __slots__ = (
        "_ahead", "_alone", "_count", "_known", "_nothing", "_now", "_queues", "_rate", "_rates",
    )  # fmt: skip

    def __init__(self, spec: SramSpec, dma_bytes_per_cycle: float = 0.0) -> None:
        set_aside = min(ceil(dma_bytes_per_cycle / spec.clusters), spec.cluster_bytes_per_cycle // 2)
        self._rate: int = spec.cluster_bytes_per_cycle - set_aside
        self._count = 0
        self._queues: list[_Queue] = []  # by user
        self._ahead: list[_Queue] = []  # copies to look ahead with, that of the user in question first
        self._now = 0
        self._known: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}  # cycles and demand -> number of the load
        self._alone = array("q")  # by load: the cycles that it takes if nothing else is served
        self._rates: list[_Rates] = []  # by load
        self._nothing = _Combination(())

    def join(self) -> int:
        """A unit begins to use the ports; returns its number."""
        self._queues.append(_Queue())
        self._ahead.append(_Queue())
        self._count += 1
        return self._count - 1

    def load(self, cycles: int, demand: dict[int, int]) -> int:
        """The number of the load of a request that takes *cycles* and moves *demand* bytes by cluster."""
        key = cycles, tuple(demand.items())
        if key not in self._known:
            self._known[key] = len(self._rates)
            alone = max(cycles, ceil_div(max(demand.values(), default=0), self._rate))
            self._alone = array("q", self._alone) + array("q", [alone])
            self._rates.append({cluster: size / alone for cluster, size in demand.items() if size})
        return self._known[key]

    def occupy(self, user: int, now: int, load: int) -> int:
        """Start a request of *load* for *user*; returns the cycles that it will really take.

        Alone these are its cycles, or what the fullest cluster needs for its bytes if that is longer. Requests must
        come in order of time, and a unit's must not overlap.
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
        alone = own.count < 2
        for number in range(self._count):
            queue = self._queues[number]
            alone = alone and (number == user or not queue.count)
        if alone:
            return time + own.left[0] if own.count else time
        mine = self._ahead[0]
        mine.copy(own)
        for number in range(self._count):
            if number != user:
                queue = self._ahead[number + 1 if number < user else number]
                queue.copy(self._queues[number])
        while mine.count:
            time = self._serve(self._ahead, time, inf)
        return time

    def _serve(self, queues: list[_Queue], time: float, limit: float) -> float:
        """Serve *queues* side by side from *time* on until a first request is done, *limit* cycles at most.

        Returns until when.
        """
        running = self._nothing
        for number in range(self._count):
            queue = queues[number]
            if queue.count:
                running = running.and_load(queue.loads[0])
        if not running.known:
            running.set_speeds(self._speeds([self._rates[load] for load in running.loads]))
        span = limit
        place = 0
        for number in range(self._count):
            queue = queues[number]
            if queue.count:
                span = min(span, queue.left[0] / running.speeds[place])
                place += 1
        place = 0
        for number in range(self._count):
            queue = queues[number]
            if queue.count:
                queue.serve(span * running.speeds[place], time + span)
                place += 1
        return time + span

    def _speeds(self, wanted: list[_Rates]) -> list[float]:
        """The fractions of full speed at which requests that want these rates run side by side.

        A request uses its shares only as far as the cluster that holds it back most lets it; the rest goes round again.
        """
        total: _Rates = {}
        for rates in wanted:
            for cluster, rate in rates.items():
                total[cluster] = total.get(cluster, 0.0) + rate
        room = {cluster: float(self._rate) for cluster, rate in total.items() if rate > self._rate * (1 + ROUNDING)}
        if not room:
            return [1.0] * len(wanted)
        speeds = [0.0] * len(wanted)
        while True:
            gains = [1.0 - speed for speed in speeds]
            for cluster, left in room.items():
                rates_here = [rates.get(cluster, 0.0) for rates in wanted]
                asked = [rate * (1.0 - speed) for rate, speed in zip(rates_here, speeds, strict=True)]
                for number, share in enumerate(_fair_shares(asked, left)):
                    if share < asked[number]:
                        gains[number] = min(gains[number], share / rates_here[number])
            speeds = [speed + gain for speed, gain in zip(speeds, gains, strict=True)]
            if len(room) == 1 or max(gains) < UNSHARED:
                return speeds
            for cluster in room:
                used = sum([gain * rates.get(cluster, 0.0) for gain, rates in zip(gains, wanted, strict=True)])
                room[cluster] = max(0.0, room[cluster] - used)


def _fair_shares(asked: list[float], room: float) -> list[float]:
    """Each gets of *room* what it asks, or an equal share of what those that ask for less leave."""
    shares = [0.0] * len(asked)
    for place, number in enumerate(sorted(range(len(asked)), key=asked.__getitem__)):
        shares[number] = min(asked[number], room / (len(asked) - place))
        room -= shares[number]
    return shares
