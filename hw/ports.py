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

from dataclasses import dataclass, field
from math import ceil, inf

from hw.sram import SramSpec
from sim.units import ceil_div

_ROUNDING = 1e-9  # sums of fractions of a cycle closer than this to a whole one are that
_ALONE = [1.0]  # speed of a request that has the banks for itself: none is wanted faster than a cluster gives it
_UNSHARED = 1e-3  # of full speed: what would speed up no request by more is not shared out

_Rates = dict[int, float]  # bytes a cycle at full speed, by cluster
_Queue = list[tuple[_Rates, float]]  # requests, the first being served: their rates, and the cycles left at full speed


@dataclass(slots=True)
class _Unit:
    """A unit as the banks see it.

    ``queue`` is what they have yet to serve: its last request, and what is late of those before. ``end`` is when it was
    told that the last one ends, ``served`` when the queue became empty.
    """

    queue: _Queue = field(default_factory=list)
    end: int = 0
    served: float = 0.0


class SramPorts:
    """What the banks have yet to serve of each unit's requests, and how fast they serve them side by side."""

    def __init__(self, spec: SramSpec, dma_bytes_per_cycle: float = 0.0) -> None:
        set_aside = min(ceil(dma_bytes_per_cycle / spec.clusters), spec.cluster_bytes_per_cycle // 2)
        self._rate = spec.cluster_bytes_per_cycle - set_aside
        self._units: dict[str, _Unit] = {}
        self._now = 0
        self._seen: dict[tuple[int, int], tuple[int, _Rates, dict[int, int]]] = {}  # by identity of demand, cycles
        self._shared: dict[tuple[int, ...], list[float]] = {}  # speeds, by identity of the rates that are wanted

    def occupy(self, unit: str, now: int, cycles: int, demand: dict[int, int]) -> int:
        """Start *unit*'s request of *cycles*, moving *demand* bytes a cluster; returns the cycles it will really take.

        Alone these are *cycles*, or what the fullest cluster needs for its bytes if that is longer. Requests must come
        in order of time, and a unit's must not overlap.
        """
        self._advance(now)
        seen = self._seen.get((id(demand), cycles))
        if seen is None:
            seen = self._seen[id(demand), cycles] = self._rates(cycles, demand)
        alone, rates, _ = seen
        own = self._units.setdefault(unit, _Unit())
        work = float(alone)
        if not own.queue and own.end == now:
            work -= min(1.0, now - own.served)  # rounding up its end gave that away
        if work > _ROUNDING:
            own.queue.append((rates, work))
        if not own.queue:
            own.served = float(now)
        own.end = max(now + alone, ceil(self._foretell(own, now) - _ROUNDING))
        return own.end - now

    def _rates(self, cycles: int, demand: dict[int, int]) -> tuple[int, _Rates, dict[int, int]]:
        """Cycles that a request takes alone, its rates, and *demand*, which is kept so that its identity is its own."""
        alone = max(cycles, ceil_div(max(demand.values(), default=0), self._rate))
        return alone, {cluster: size / alone for cluster, size in demand.items()}, demand

    def _advance(self, now: int) -> None:
        """Serve what is queued until *now*."""
        if now == self._now:
            return
        time = float(self._now)
        busy = [unit for unit in self._units.values() if unit.queue]
        while busy and time < now:
            time += self._serve([unit.queue for unit in busy], now - time)
            for unit in busy:
                unit.served = time
            busy = [unit for unit in busy if unit.queue]
        self._now = now

    def _foretell(self, own: _Unit, now: int) -> float:
        """When *own*'s queue will be empty if nothing else comes."""
        time, queue = float(now), own.queue.copy()
        queues = [queue, *(unit.queue.copy() for unit in self._units.values() if unit is not own)]
        while queue:
            time += self._serve([each for each in queues if each])
        return time

    def _serve(self, queues: list[_Queue], limit: float = inf) -> float:
        """Serve the first of each of *queues* until one is done, *limit* cycles at most; returns the cycles."""
        if len(queues) == 1:
            speeds = _ALONE
        else:
            key = tuple([id(queue[0][0]) for queue in queues])
            known = self._shared.get(key)
            speeds = self._shared[key] = self._speeds([queue[0][0] for queue in queues]) if known is None else known
        span = limit
        for queue, speed in zip(queues, speeds, strict=True):
            needed = queue[0][1] / speed
            if needed < span:
                span = needed
        for queue, speed in zip(queues, speeds, strict=True):
            rates, work = queue[0]
            left = work - span * speed
            if left > _ROUNDING:
                queue[0] = (rates, left)
            else:
                del queue[0]
        return span

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
