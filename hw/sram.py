"""On-chip SRAM: capacity, banks, and the slowdown where units ask the same banks for more than they give.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. A request has an average demand (bytes a cycle) on each cluster; a
cluster gives ``interleave x ports x bank_width``. A request that starts while others run is slowed to what they leave
(never below an equal share) until they end. Not modelled here: the cycle-by-cycle pattern of words within a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(slots=True)
class _Active:
    end: int
    cycles: int
    demand: dict[int, int]


class SramPorts:
    """Who is using the banks now: each unit's running request and its bytes for each cluster."""

    def __init__(self, spec: SramSpec) -> None:
        self._rate = spec.cluster_bytes_per_cycle
        self._active: dict[str, _Active] = {}
        self.conflict_cycles = 0

    def occupy(self, unit: str, now: int, cycles: int, demand: dict[int, int]) -> int:
        """Start *unit*'s request of *cycles*, moving *demand* bytes a cluster; returns the cycles it will really take.

        Piecewise: until the first of the other requests ends it progresses at the speed they leave, and so on.
        """
        time, progress = now, 0
        others = sorted(
            (other for name, other in self._active.items() if name != unit and other.end > now), key=lambda o: o.end
        )
        while progress < cycles and others:
            speed_numerator, speed_denominator = self._speed(cycles, demand, others)
            stretch = ceil_div((cycles - progress) * speed_denominator, speed_numerator)
            span = min(others[0].end - time, stretch)
            done = span * speed_numerator // speed_denominator
            progress = min(cycles, progress + max(done, 1 if span == stretch else 0))
            time += span
            if span == stretch:
                progress = cycles
            others = [other for other in others if other.end > time]
        taken = time - now + cycles - progress
        self._active[unit] = _Active(now + taken, taken, demand)
        self.conflict_cycles += taken - cycles
        return taken

    def _speed(self, cycles: int, demand: dict[int, int], others: list[_Active]) -> tuple[int, int]:
        """The fraction of full speed that the fullest cluster leaves, as (numerator, denominator)."""
        worst = (1, 1)
        for cluster, size in demand.items():
            wanted = size * 1024 // max(cycles, 1)
            taken = sum(o.demand.get(cluster, 0) * 1024 // max(o.cycles, 1) for o in others)
            room = max(self._rate * 1024 - taken, self._rate * 1024 // (len(others) + 1))
            if wanted > room and room * worst[1] < wanted * worst[0]:
                worst = (room, wanted)
        return worst
