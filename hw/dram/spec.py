"""What a machine's file says about its DRAM.

Timing figures are in clocks (nCK). LPDDR5-6400: Ramulator 2.1's LPDDR5_6400 preset. LPDDR5X-8533: scaled to the
0.9375 ns clock; RL and WL are not confirmed against the standard.
"""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from hw.dram.timing import TIMINGS, Timing
from hw.spec import Spec

_HBM3_5200 = Timing(
    765_000, rl=19, wl=9, rcd=19, rp_pb=19, rp_ab=19, ras=43, rc=62, wr=21, rtp=7, wtr_s=4, wtr_l=9, rrd=4, faw=16,
    refi=5098, refi_pb=160, rfc_ab=340, rfc_pb=196, pbr2pbr=96, pbr2act=8,
)  # fmt: skip
TRANSFER_TIMINGS = TIMINGS | {"hbm3-5200": _HBM3_5200}
"""Also a pseudo-channel of HBM3: 32 bytes a burst of two clocks like LPDDR5's; 14.5 ns each for RCD, RP and CAS, RFC
260 ns and REFI 3.9 us are HBM2's (JESD235), the organisation of rows is LPDDR5's: for bandwidth, not for detail."""


class DramSpec(Spec):
    """``channels`` channels of one speed grade; a transfer is interleaved over all of them."""

    timing: Literal["lpddr5-6400", "lpddr5x-8533", "hbm3-5200"]
    channels: PositiveInt
    refresh: Literal["all-bank", "none"] = "all-bank"

    @property
    def bytes_per_second(self) -> float:
        """Peak of all channels."""
        return self.channels * TRANSFER_TIMINGS[self.timing].bytes_per_second
