"""On-chip SRAM: capacity, banks, and the slowdown where units ask the same banks for more than they give.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. A request has an average demand (bytes a cycle) on each cluster; a
cluster gives ``interleave x ports x bank_width``. A request that starts while others run is slowed to what they leave,
but not below an equal share, until they end; their ends do not move, so what it takes beyond what they leave delays
the next requests of their units instead.

The DMA engine has priority: its peak rate, spread evenly over the clusters, is set aside (but never more than half).
Not modelled: the cycle-by-cycle pattern of words within a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from pydantic import PositiveInt, model_validator

from sim.documents import Spec
from sim.units import Bytes, ceil_div


class SramSpec(Spec):
    """``capacity`` in ``banks`` banks, each ``ports`` accesses of ``bank_width`` a cycle, interleaved in clusters."""

    capacity: Bytes
    banks: PositiveInt
    bank_width: Bytes
    ports: PositiveInt
    interleave: PositiveInt

    @model_validator(mode="after")
    def _banks_divide(self) -> SramSpec:
        if self.capacity <= 0 or self.bank_width <= 0:
            raise ValueError("capacity and bank_width must be positive")
        if self.banks % self.interleave or self.capacity % self.banks:
            raise ValueError(f"banks ({self.banks}) must divide the capacity and be a multiple of interleave")
        return self

    @property
    def clusters(self) -> int:
        """Groups of banks over which consecutive words rotate."""
        return self.banks // self.interleave

    @property
    def cluster_bytes(self) -> int:
        """Capacity of one cluster."""
        return self.capacity // self.clusters

    @property
    def cluster_bytes_per_cycle(self) -> int:
        """What one cluster gives in a cycle."""
        return self.interleave * self.ports * self.bank_width

    def spread(self, start: int, size_bytes: int, traffic_bytes: int) -> dict[int, int]:
        """*traffic_bytes* to the buffer [start, start + size) by cluster, in proportion to what lies in each."""
        shares: dict[int, int] = {}
        position, left = start, size_bytes
        while left > 0:
            cluster = min(position // self.cluster_bytes, self.clusters - 1)
            piece = min(left, (cluster + 1) * self.cluster_bytes - position)
            if piece <= 0:
                raise ValueError(f"buffer at {start} of {size_bytes} bytes ends behind the SRAM")
            shares[cluster] = ceil_div(traffic_bytes * piece, size_bytes)
            position, left = position + piece, left - piece
        return shares


_ROUNDING = 1e-9  # sums of fractions of a cycle closer than this to a whole one are that


@dataclass(slots=True)
class _Running:
    """A unit's last request: bytes a cycle by cluster at full speed, and its speed until when, in order of time.

    ``owed`` is by how many cycles it ends too early: what others took of its share, less what rounding up gave away.
    """

    rates: dict[int, float]
    pieces: list[tuple[int, float]]
    owed: float = 0.0

    @property
    def end(self) -> int:
        """The cycle from which on the unit is free."""
        return self.pieces[-1][0]

    def piece(self, time: int) -> tuple[int, float]:
        """Until when it goes on as it does at *time*, and its speed."""
        return next(piece for piece in self.pieces if piece[0] > time)

    def owed_at(self, time: int) -> float:
        """What is left of the debt; the unit's idle cycles have paid for some."""
        return self.owed if time == self.end else max(0.0, self.owed - (time - self.end))


class SramPorts:
    """Who is using the banks now, and how fast each running request goes."""

    def __init__(self, spec: SramSpec, dma_bytes_per_cycle: float = 0.0) -> None:
        set_aside = min(ceil(dma_bytes_per_cycle / spec.clusters), spec.cluster_bytes_per_cycle // 2)
        self._rate = spec.cluster_bytes_per_cycle - set_aside
        self._running: dict[str, _Running] = {}

    def occupy(self, unit: str, now: int, cycles: int, demand: dict[int, int]) -> int:
        """Start *unit*'s request of *cycles*, moving *demand* bytes a cluster; returns the cycles it will really take.

        Alone these are *cycles*, or what the fullest cluster needs for its bytes if that is longer. *unit*'s requests
        must not overlap.
        """
        alone = max(cycles, ceil_div(max(demand.values(), default=0), self._rate))
        last = self._running.get(unit)
        owed = last.owed_at(now) if last is not None and last.owed else 0.0
        sizes: Mapping[int, float] = demand
        if last is not None and owed > 0:
            sizes = {c: demand.get(c, 0) + owed * last.rates.get(c, 0.0) for c in demand.keys() | last.rates.keys()}
        work = alone + owed
        full = max(alone, work, 1)
        running = _Running({cluster: size / full for cluster, size in sizes.items()}, [])
        others = [other for other in self._running.values() if other.end > now]
        self._running[unit] = running
        if self._fits(running, others):
            taken = ceil(work - _ROUNDING)
            running.pieces.append((now + taken, 1.0))
            running.owed = work - taken
            return taken
        return self._squeeze(running, now, work, others) - now

    def _fits(self, running: _Running, others: list[_Running]) -> bool:
        """Whether the banks can serve all of them at full speed."""
        for cluster, rate in running.rates.items():
            for other in others:
                rate += other.rates.get(cluster, 0.0)
            if rate > self._rate * (1 + _ROUNDING):
                return False
        return True

    def _squeeze(self, running: _Running, now: int, work: float, others: list[_Running]) -> int:
        """Run *work* cycles beside *others*, whose unfair part is charged to them; returns the cycle of the end."""
        time = now
        while work > _ROUNDING:
            present = [(other, *other.piece(time)) for other in others if other.end > time]
            used: dict[int, float] = {}
            for other, _, speed in present:
                for cluster, rate in other.rates.items():
                    used[cluster] = used.get(cluster, 0.0) + speed * rate
            speed = self._speed(running.rates, used, len(present))
            span = ceil(work / speed - _ROUNDING)
            for _, until, _ in present:
                span = min(span, until - time)
            for other, _, others_speed in present:
                other.owed += span * others_speed * self._taken_from(other, running.rates, speed, used)
            time += span
            work -= span * speed
            running.pieces.append((time, speed))
        running.owed = work
        return time

    def _speed(self, rates: dict[int, float], used: dict[int, float], others: int) -> float:
        """The fraction of full speed for which every cluster has room, or at least gives an equal share."""
        speed = 1.0
        for cluster, rate in rates.items():
            room = max(self._rate - used.get(cluster, 0.0), self._rate / (others + 1))
            if rate * speed > room:
                speed = room / rate
        return speed

    def _taken_from(self, other: _Running, rates: dict[int, float], speed: float, used: dict[int, float]) -> float:
        """The fraction of its speed that *other* loses to a newcomer that takes *speed* x *rates*."""
        lost = 0.0
        for cluster in other.rates.keys() & rates.keys():
            taken = speed * rates[cluster]
            over = min(taken, used[cluster] + taken - self._rate)
            if over > _ROUNDING:
                lost = max(lost, over / used[cluster])
        return min(lost, 1.0)
