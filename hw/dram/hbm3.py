"""HBM3: the figures of a pseudo-channel, for its bandwidth, not for detail.

A pseudo-channel moves 32 bytes a burst of two clocks, as an LPDDR5 channel does. 14.5 ns each for RCD, RP and CAS, RFC
260 ns and REFI 3.9 us are HBM2's (JESD235); the organisation of rows is LPDDR5's.
"""

from __future__ import annotations

from hw.dram.timing import Timing

TIMINGS = {
    "hbm3-5200": Timing(
        765_000, rl=19, wl=9, rcd=19, rp_pb=19, rp_ab=19, ras=43, rc=62, wr=21, rtp=7, wtr_s=4, wtr_l=9, rrd=4, faw=16,
        refi=5098, refi_pb=160, rfc_ab=340, rfc_pb=196, pbr2pbr=96, pbr2act=8,
    ),
}  # fmt: skip
