"""LPDDR5X: organised and commanded as LPDDR5 is, at a faster clock.

LPDDR5X-8533 is LPDDR5-6400 (lpddr5.py) scaled to its 0.9375 ns clock, with the refresh of a die of 16 Gb; RL, WL, RRD,
FAW and RTP are not confirmed against the standard.
"""

from __future__ import annotations

from hw.dram.lpddr5 import X16
from hw.dram.timing import Timing

TIMINGS = {
    "lpddr5x-8533": Timing(
        X16, 937_500, rl=23, wl=12, rcd=20, rcd_wr=20, rp_pb=20, rp_ab=23, rp_ref=20, ras=45, rc=65, wr=37, rtp=10,
        ccd_s=2, ccd_l=4, ccd_l_wr=4, bl_max=4, rtw=2, wtr_s=7, wtr_l=13, rrd_s=4, rrd_l=4, faw=16, ppd=2,
        refi=4165, refi_pb=521, rfc_ab=224, rfc_pb=128, pbr2pbr=96, pbr2act=8, aad=8, wck_postamble=1,
    ),
}  # fmt: skip
