"""The units that requests go to, by the names that machines, programs, results and traces have for them."""

from __future__ import annotations

from typing import Final, Literal

UnitName = Literal["mac_array", "simd", "dma"]
ComputeUnit = Literal["mac_array", "simd"]
MAC_ARRAY: Final = "mac_array"
SIMD: Final = "simd"
DMA: Final = "dma"
COMPUTE_UNITS: Final[tuple[ComputeUnit, ...]] = (MAC_ARRAY, SIMD)
UNITS: Final[tuple[UnitName, ...]] = (*COMPUTE_UNITS, DMA)
