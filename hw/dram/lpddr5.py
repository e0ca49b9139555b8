"""LPDDR5 in bank-group mode, WCK:CK 4:1: one x16 channel.

Organisation and LPDDR5-6400 are Ramulator 2.1's LPDDR5_8Gb_x16 and LPDDR5_6400 (after JESD209-5B, tables 330-333, 344
and 372); a die of 16 Gb takes longer to refresh. An activation is two commands, ACT-1 and ACT-2; a CAS command starts
the data clock (WCK). RP before a refresh is that of one bank, as in Ramulator 2.1. Two bursts of a line of 64 bytes lie
in one bank group: assumed.
"""

from __future__ import annotations

from dataclasses import replace

from hw.dram.organisation import Organisation
from hw.dram.timing import Timing

X16 = Organisation(
    width_bits=16, burst_length=16, beats=8, bank_groups=4, banks=16, row_bytes=2048, group_bytes=64, data_clock=True,
)  # fmt: skip

_6400 = Timing(
    X16, 1_250_000, rl=17, wl=9, rcd=15, rcd_wr=15, rp_pb=15, rp_ab=17, rp_ref=15, ras=34, rc=49, wr=28, rtp=8,
    ccd_s=2, ccd_l=4, ccd_l_wr=4, bl_max=4, rtw=2, wtr_s=5, wtr_l=10, rrd_s=4, rrd_l=4, faw=16, ppd=2,
    refi=3125, refi_pb=391, rfc_ab=168, rfc_pb=96, pbr2pbr=72, pbr2act=6, aad=8, wck_postamble=1,
)  # fmt: skip

TIMINGS = {
    "lpddr5-6400": _6400,
    "lpddr5-6400-16gb": replace(_6400, rfc_ab=224, rfc_pb=112),
}
