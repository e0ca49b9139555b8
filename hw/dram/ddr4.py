"""DDR4: a DIMM's channel of 64 data lines, one rank of eight x8 devices of 8 Gb.

Organisation and figures are Ramulator 2.1's DDR4_8Gb_x8, DDR4_2400U (17-17-17, which JESD79-4 calls 2400T) and
DDR4_3200AA (22-22-22). Where others say something else:

- RFC is 350 ns, as in DRAMsim3's DDR4_8Gb_x8_3200 and gem5's DDR4_2400_8x8; Ramulator 2.1 has 360.
- WTR_S is 2.5 ns: 3 and 4 clocks; Ramulator 2.1 and DRAMsim3 agree.
- Nothing keeps precharges apart.

A line of 64 bytes, one burst, lies in each bank group in turn: assumed; memory controllers do that to avoid CCD_L.
"""

from __future__ import annotations

from hw.dram.organisation import Organisation
from hw.dram.timing import Timing

X64 = Organisation(
    width_bits=64, burst_length=8, beats=2, bank_groups=4, banks=16, row_bytes=8192, group_bytes=64,
)  # fmt: skip

TIMINGS = {
    "ddr4-2400": Timing(
        X64, 833_333, rl=17, wl=12, rcd=17, rcd_wr=17, rp_pb=17, rp_ab=17, rp_ref=17, ras=39, rc=56, wr=18, rtp=9,
        ccd_s=4, ccd_l=6, ccd_l_wr=6, bl_max=4, rtw=2, wtr_s=3, wtr_l=9, rrd_s=4, rrd_l=6, faw=26, ppd=1,
        refi=9360, rfc_ab=420,
    ),
    "ddr4-3200": Timing(
        X64, 625_000, rl=22, wl=16, rcd=22, rcd_wr=22, rp_pb=22, rp_ab=22, rp_ref=22, ras=52, rc=74, wr=24, rtp=12,
        ccd_s=4, ccd_l=8, ccd_l_wr=8, bl_max=4, rtw=2, wtr_s=4, wtr_l=12, rrd_s=4, rrd_l=8, faw=34, ppd=1,
        refi=12480, rfc_ab=560,
    ),
}  # fmt: skip
