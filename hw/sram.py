"""On-chip SRAM: capacity and banks.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. What happens where units ask for more than banks give: sram_ports.py.
"""

from __future__ import annotations

from pydantic import PositiveInt, model_validator

from hw.integers import ceil_div
from hw.quantities import Bytes
from hw.spec import Spec


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
