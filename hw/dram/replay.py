"""What a trace of DRAM requests is, and what its replay took, at whatever level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]  # as a trace [n, 3]: READ or WRITE, byte address, bytes
READ: Final = 0
WRITE: Final = 1


class Counted(Protocol):
    """A controller that has run: its last clock, and how its bursts found their rows."""

    cycles: int
    hits: int
    misses: int
    conflicts: int


@dataclass(frozen=True)
class Replay:
    """What a replayed trace took, in clocks: arrays hold one value a read request."""

    cycles: int
    bursts: int
    row_hits: int
    row_misses: int
    row_conflicts: int
    read_latencies: Ints

    @classmethod
    def of(cls, controllers: Sequence[Counted], bursts: int, read_latencies: Ints) -> Replay:
        """What *controllers*, one a channel, have counted."""
        return cls(
            cycles=max(controller.cycles for controller in controllers),
            bursts=bursts,
            row_hits=sum(controller.hits for controller in controllers),
            row_misses=sum(controller.misses for controller in controllers),
            row_conflicts=sum(controller.conflicts for controller in controllers),
            read_latencies=read_latencies,
        )

    @property
    def mean_latency(self) -> float:
        """Mean latency of a read request, 0 without any."""
        return float(self.read_latencies.mean()) if len(self.read_latencies) else 0.0
