"""Every speed grade by its name: a standard is a file of them, and a line here."""

from __future__ import annotations

from typing import Final

from hw.dram import ddr4, ddr5, hbm2e, hbm3, lpddr4, lpddr5, lpddr5x
from hw.dram.timing import Timing

TIMINGS: Final[dict[str, Timing]] = {}
for _standard in (lpddr4, lpddr5, lpddr5x, ddr4, ddr5, hbm2e, hbm3):
    TIMINGS.update(_standard.TIMINGS)
