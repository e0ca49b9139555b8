"""A memory of which no more is known than what it moves and how long it takes to begin: no rows, no turnaround.

It is told to the channel as a speed grade in which all that is not known takes no time.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw.dram.organisation import NEVER, Organisation
from hw.dram.timing import Timing

LINES = Organisation(width_bits=16, burst_length=16, beats=8, bank_groups=1, banks=1, row_bytes=64, group_bytes=64)
"""Data moves by 32 bytes; rows, of which nothing is known, cost nothing."""


@dataclass(frozen=True)
class PlainTiming(Timing):
    """A speed grade whose bus turns round in no time."""

    @property
    def write_to_read(self) -> int:
        """No clocks without data."""
        return 0


def plain_timing(bytes_per_second: float, latency_fs: int) -> PlainTiming:
    """A channel that moves *bytes_per_second*, each transfer *latency_fs* after it is asked for.

    What comes before hides the latency. A clock is a whole number of femtoseconds, so the bandwidth is met to 0.03 % up
    to 10 TB/s.
    """
    tck_fs = max(1, round(LINES.burst_bytes * 1e15 / (LINES.burst_clocks * bytes_per_second)))
    latency = round(latency_fs / tck_fs)
    return PlainTiming(
        LINES, tck_fs, rl=latency, wl=latency, rcd=0, rcd_wr=0, rp_pb=0, rp_ab=0, rp_ref=0, ras=0, rc=0, wr=0, rtp=0,
        ccd_s=0, ccd_l=0, ccd_l_wr=0, bl_max=0, rtw=0, wtr_s=0, wtr_l=0, rrd_s=0, rrd_l=0, faw=0, ppd=0,
        refi=NEVER, rfc_ab=0,
    )  # fmt: skip
