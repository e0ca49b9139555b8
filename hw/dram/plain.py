"""A memory of which no more is known than what it moves and how long it takes to begin: no rows, no turnaround.

It is told to the channel as a speed grade in which all that is not known takes no time.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw.dram.timing import BURST_BYTES, BURST_CLOCKS, NEVER, Timing


@dataclass(frozen=True)
class PlainTiming(Timing):
    """A speed grade whose bus turns round in no time."""

    @property
    def read_to_write(self) -> int:
        """No clocks without data."""
        return 0

    @property
    def write_to_read(self) -> int:
        """No clocks without data."""
        return 0


def plain_timing(bytes_per_second: float, latency_fs: int) -> PlainTiming:
    """A channel that moves *bytes_per_second*, each transfer *latency_fs* after it is asked for.

    What comes before hides the latency. A clock is a whole number of femtoseconds, so the bandwidth is met to 0.03 % up
    to 10 TB/s.
    """
    tck_fs = max(1, round(BURST_BYTES * 1e15 / (BURST_CLOCKS * bytes_per_second)))
    latency = round(latency_fs / tck_fs)
    return PlainTiming(
        tck_fs, rl=latency, wl=latency, rcd=0, rp_pb=0, rp_ab=0, ras=0, rc=0, wr=0, rtp=0, wtr_s=0, wtr_l=0, rrd=0,
        faw=0, refi=NEVER, refi_pb=NEVER, rfc_ab=0, rfc_pb=0, pbr2pbr=0, pbr2act=0,
    )  # fmt: skip
