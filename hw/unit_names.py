"""Names of the units that requests go to, as machines, programs, results and traces have them.

Compute units are called as the machine's file calls them; these names are those of the shorthand, and of what every
machine has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

UnitName = str
ComputeUnit = str
MAC_ARRAY: Final = "mac_array"
SIMD: Final = "simd"
DMA: Final = "dma"


def compute_units(names: Iterable[str]) -> tuple[ComputeUnit, ...]:
    """Of all *names* in a result or a trace those of compute units; the others are DMA engine, channels and banks."""
    return tuple(name for name in names if name != DMA and "." not in name and name not in ("dram", "sram"))
