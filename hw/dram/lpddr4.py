"""LPDDR4: one x16 channel of a die of 8 Gb, without bank groups.

LPDDR4-3200 is DRAMSys 4's JEDEC_8Gb_LPDDR4-3200_16bit (after JESD209-4): organisation and figures. LPDDR4-4266 has its
nanoseconds, and RL and WL of JESD209-4B (set A); RRD and FAW are those of 3200, some parts have 7.5 and 30 ns.
DRAMsim3's LPDDR4_8Gb_x16_2400 has two bank groups, on a bus of 64 bits: not taken, LPDDR4 has none.

- Every command takes two clocks, an activation (ACT-1 and ACT-2) and a read or write (with its CAS-2) four. ACT-2 is
  taken to follow ACT-1 at once.
- Data follows a read command by RL + tDQSCK (1.5 to 3.5 ns), a write command by WL + tDQSS (1 clock). The first counts
  where the bus turns from read to write (tDQSCK of 3.5 ns, WPRE of 2 clocks), the second in WR and WTR, neither in a
  latency.
- Consecutive bytes fill a row, then the same row of the next bank.
"""

from __future__ import annotations

from hw.dram.organisation import Organisation
from hw.dram.timing import Timing

X16 = Organisation(
    width_bits=16, burst_length=16, beats=2, bank_groups=1, banks=8, row_bytes=2048, group_bytes=64,
    activate_clocks=4, column_clocks=4, other_clocks=2,
)  # fmt: skip

TIMINGS = {
    "lpddr4-3200": Timing(
        X16, 625_000, rl=28, wl=14, rcd=29, rcd_wr=29, rp_pb=29, rp_ab=34, rp_ref=34, ras=68, rc=97, wr=30, rtp=12,
        ccd_s=8, ccd_l=8, ccd_l_wr=8, bl_max=8, rtw=8, wtr_s=17, wtr_l=17, rrd_s=16, rrd_l=16, faw=64, ppd=4,
        refi=6246, refi_pb=780, rfc_ab=448, rfc_pb=224, pbr2pbr=224, pbr2act=16,
    ),
    "lpddr4-4266": Timing(
        X16, 468_750, rl=36, wl=18, rcd=39, rcd_wr=39, rp_pb=39, rp_ab=45, rp_ref=45, ras=90, rc=129, wr=40, rtp=16,
        ccd_s=8, ccd_l=8, ccd_l_wr=8, bl_max=8, rtw=10, wtr_s=23, wtr_l=23, rrd_s=22, rrd_l=22, faw=86, ppd=4,
        refi=8329, refi_pb=1041, rfc_ab=598, rfc_pb=299, pbr2pbr=299, pbr2act=22,
    ),
}  # fmt: skip
