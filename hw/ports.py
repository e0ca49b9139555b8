"""The slowdown where units ask the same SRAM banks for more than they give.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. A request has an average demand (bytes a cycle) on each cluster; a
cluster gives ``interleave x ports x bank_width``, shared max-min fairly: what a unit asks, or an equal share of what
the more modest leave. When a request starts, its end is foretold from what the banks still have to serve; the end does
not move, so what units that start later take from it is served before the next request of its unit, which ends later.

The DMA engine has priority: its peak rate, spread evenly over the clusters, is set aside (but never more than half).
Not modelled: the cycle-by-cycle pattern of words within a cluster.
"""

from __future__ import annotations

from math import ceil, inf
from typing import Final

from hw.sram import SramSpec
from sim.units import ceil_div

_ROUNDING: Final = 1e-9  # sums of fractions of a cycle closer than this to a whole one are that
_ALONE = [1.0]  # speed of a request that has the banks for itself: none is wanted faster than a cluster gives it
_UNSHARED: Final = 1e-3  # of full speed: what would speed up no request by more is not shared out

_Rates = dict[int, float]  # bytes a cycle at full speed, by cluster


class _Load:
    """What a kind of request asks of the banks; ``alone`` are the cycles that it takes if nothing else does."""

    __slots__ = ("alone", "cycles", "demand", "number", "rates")

    def __init__(self, number: int, cycles: int, alone: int, demand: dict[int, int]) -> None:
        self.number = number
        self.cycles = cycles
        self.alone = alone
        self.demand = demand  # kept so that its identity is its own
        self.rates: _Rates = {cluster: size / alone for cluster, size in demand.items()}


class _Queue:
    """What the banks have yet to serve of a unit: ``left`` cycles of ``load`` at full speed, then ``behind``.

    All but the last request are late. ``end`` is when the unit was told that the last one ends, ``served`` when the
    queue became empty.
    """

    __slots__ = ("behind", "end", "left", "load", "served")

    def __init__(self, load: _Load | None = None, left: float = 0.0) -> None:
        self.load = load
        self.left = left
        self.behind: list[tuple[_Load, float]] = []
        self.end = 0
        self.served = 0.0

    def copy(self) -> _Queue:
        """The same requests."""
        copy = _Queue(self.load, self.left)
        if self.behind:
            copy.behind = self.behind.copy()
        return copy

    def add(self, load: _Load, left: float) -> None:
        """One more request at the end."""
        if self.load is None:
            self.load, self.left = load, left
        else:
            self.behind.append((load, left))

    def next(self) -> None:
        """The first request has been served."""
        if self.behind:
            self.load, self.left = self.behind.pop(0)
        else:
            self.load = None


class SramPorts:
    """What the banks have yet to serve of each unit's requests, and how fast they serve them side by side."""

    def __init__(self, spec: SramSpec, dma_bytes_per_cycle: float = 0.0) -> None:
        set_aside = min(ceil(dma_bytes_per_cycle / spec.clusters), spec.cluster_bytes_per_cycle // 2)
        self._rate: int = spec.cluster_bytes_per_cycle - set_aside
        self._queues: dict[str, _Queue] = {}  # by unit
        self._now = 0
        self._loads: dict[int, _Load] = {}  # by identity of the demand
        self._kinds = 0
        self._shared: dict[tuple[int, ...], list[float]] = {}  # speeds, by the numbers of the loads side by side

    def occupy(self, unit: str, now: int, cycles: int, demand: dict[int, int]) -> int:
        """Start *unit*'s request of *cycles*, moving *demand* bytes a cluster; returns the cycles it will really take.

        Alone these are *cycles*, or what the fullest cluster needs for its bytes if that is longer. Requests must come
        in order of time, and a unit's must not overlap.
        """
        if now != self._now:
            self._advance(now)
        load = self._loads.get(id(demand))
        if load is None or load.cycles != cycles:
            load = self._new_load(cycles, demand)
        own = self._queues.get(unit)
        if own is None:
            own = self._queues[unit] = _Queue()
        work = float(load.alone)
        if own.load is None and own.end == now:
            work -= min(1.0, now - own.served)  # rounding up its end gave that away
        if work > _ROUNDING:
            own.add(load, work)
        if own.load is None:
            own.served = float(now)
        own.end = max(now + load.alone, ceil(self._foretell(own, now) - _ROUNDING))
        return own.end - now

    def _new_load(self, cycles: int, demand: dict[int, int]) -> _Load:
        alone = max(cycles, ceil_div(max(demand.values(), default=0), self._rate))
        self._kinds += 1
        load = self._loads[id(demand)] = _Load(self._kinds, cycles, alone, demand)
        return load

    def _advance(self, now: int) -> None:
        """Serve what is queued until *now*."""
        time = float(self._now)
        while time < now:
            busy = [queue for queue in self._queues.values() if queue.load is not None]
            if not busy:
                break
            time += self._serve(busy, now - time)
            for queue in busy:
                queue.served = time
        self._now = now

    def _foretell(self, own: _Queue, now: int) -> float:
        """When *own* will be empty if nothing else comes."""
        time = float(now)
        others = [queue for queue in self._queues.values() if queue.load is not None and queue is not own]
        if not others and not own.behind:
            return time + own.left if own.load is not None else time
        mine = own.copy()
        queues = [mine, *[queue.copy() for queue in others]]
        while mine.load is not None:
            time += self._serve([queue for queue in queues if queue.load is not None], inf)
        return time

    def _serve(self, queues: list[_Queue], limit: float) -> float:
        """Serve the first of each of *queues* until one is done, *limit* cycles at most; returns the cycles."""
        speeds = _ALONE if len(queues) == 1 else self._speeds_of([queue.load for queue in queues if queue.load])
        span = limit
        for number, queue in enumerate(queues):
            needed = queue.left / speeds[number]
            if needed < span:
                span = needed
        for number, queue in enumerate(queues):
            queue.left -= span * speeds[number]
            if queue.left <= _ROUNDING:
                queue.next()
        return span

    def _speeds_of(self, loads: list[_Load]) -> list[float]:
        key = tuple([load.number for load in loads])
        speeds = self._shared.get(key)
        if speeds is None:
            speeds = self._shared[key] = self._speeds([load.rates for load in loads])
        return speeds

    def _speeds(self, wanted: list[_Rates]) -> list[float]:
        """The fractions of full speed at which requests that want these rates run side by side.

        A request uses its shares only as far as the cluster that holds it back most lets it; the rest goes round again.
        """
        total: _Rates = {}
        for rates in wanted:
            for cluster, rate in rates.items():
                total[cluster] = total.get(cluster, 0.0) + rate
        room = {cluster: float(self._rate) for cluster, rate in total.items() if rate > self._rate * (1 + _ROUNDING)}
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
            if len(room) == 1 or max(gains) < _UNSHARED:
                return speeds
            for cluster in room:
                used = sum(gain * rates.get(cluster, 0.0) for gain, rates in zip(gains, wanted, strict=True))
                room[cluster] = max(0.0, room[cluster] - used)


def _fair_shares(asked: list[float], room: float) -> list[float]:
    """Each gets of *room* what it asks, or an equal share of what those that ask for less leave."""
    shares = [0.0] * len(asked)
    for place, number in enumerate(sorted(range(len(asked)), key=asked.__getitem__)):
        shares[number] = min(asked[number], room / (len(asked) - place))
        room -= shares[number]
    return shares
