"""On-chip SRAM: capacity and banks.

Banks form clusters of ``interleave`` banks; consecutive words rotate over the banks of one cluster, and a buffer lies
in the clusters that its address range covers. What happens where units ask for more than banks give: sram_ports.py.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hw.integers import ceil_div
from hw.quantities import BYTES, Quantity
from hw.spec import Spec, contradiction

FetchAhead = Annotated[
    int,
    Field(
        ge=0, le=65_536, json_schema_extra={"unit": "words"},
        description="Words (sram.bank_width) that are read before they are needed. As many as a cluster serves in a"
        " cycle hide what another unit delays; with none, it stands still whenever a word is late.",
    ),
]  # fmt: skip


class SramSpec(Spec):
    """Memory of ``banks`` banks, each ``ports`` accesses of ``bank_width`` a cycle, interleaved in clusters."""

    capacity: Annotated[int, Quantity(BYTES, "2MiB", "1B", "64GiB")] = Field(
        description="All of it; a multiple of banks."
    )
    banks: int = Field(
        ge=1, le=4096, description="Parts that serve on their own; a multiple of interleave.",
        json_schema_extra={"unit": "banks"},
    )  # fmt: skip
    bank_width: Annotated[int, Quantity(BYTES, "64B", "1B", "64KiB")] = Field(
        description="What a bank gives or takes in one access."
    )
    ports: int = Field(
        ge=1, le=64, description="Accesses that a bank serves in a cycle.", json_schema_extra={"unit": "accesses"}
    )
    interleave: int = Field(
        ge=1, le=4096, description="Banks of a cluster, over which consecutive words rotate.",
        json_schema_extra={"unit": "banks"},
    )  # fmt: skip

    @model_validator(mode="after")
    def _banks_divide(self) -> SramSpec:
        if self.banks % self.interleave:
            message = f"banks = {self.banks} must be a multiple of interleave = {self.interleave}"
            raise contradiction(message, "banks", "interleave")
        if self.capacity % self.banks:
            message = f"capacity = {self.capacity} B must be a multiple of banks = {self.banks}"
            raise contradiction(message, "banks", "capacity")
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
    def cluster_words_per_cycle(self) -> int:
        """How many words one cluster gives in a cycle."""
        return self.interleave * self.ports

    @property
    def cluster_bytes_per_cycle(self) -> int:
        """What one cluster gives in a cycle."""
        return self.cluster_words_per_cycle * self.bank_width

    @property
    def bytes_per_cycle(self) -> int:
        """What all clusters give in a cycle."""
        return self.clusters * self.cluster_bytes_per_cycle

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
