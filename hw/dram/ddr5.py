"""DDR5: one of the two sub-channels of a DIMM, 32 data lines, one rank of four x8 devices of 16 Gb.

Organisation is Ramulator 2.1's DDR5_16Gb_x8. Figures are those that Ramulator 2.1 (DDR5_4800AN, DDR5_6400AN) and gem5
(DDR5_4400_4x8, after a data sheet of Micron's) give in nanoseconds: RAS 32, WR 30, RTP 7.5, CCD_L 5, writes of one bank
group 20, WTR 2.5 and 10, RRD_L 5, REFI 3900, RFC 295; PPD 2 clocks. Where they disagree:

- CL-RCD-RP is 40-39-39 at 4800 (JESD79-5's bin 4800B) and 46-46-46 at 6400 (6400A, both sources).
- FAW is 32 clocks, as gem5 has it for a page of 1 KiB; Ramulator 2.1 has 20 ns.
- WTR_S is 2.5 ns at both; Ramulator 2.1 has 5 clocks at 6400.
- From read to write RL + burst + 4 - WL, both.

An activation, a read and a write take two clocks of the command bus. Refresh is that of all banks: the one of a bank in
each group (REFsb) is not modelled. A line of 64 bytes, one burst, lies in each of the eight bank groups in turn, which
hides the distance of writes to one group: assumed.
"""

from __future__ import annotations

from hw.dram.organisation import Organisation
from hw.dram.timing import Timing

X32 = Organisation(
    width_bits=32, burst_length=16, beats=2, bank_groups=8, banks=32, row_bytes=4096, group_bytes=64,
    activate_clocks=2, column_clocks=2,
)  # fmt: skip

TIMINGS = {
    "ddr5-4800": Timing(
        X32, 416_667, rl=40, wl=38, rcd=39, rcd_wr=39, rp_pb=39, rp_ab=39, rp_ref=39, ras=77, rc=116, wr=72, rtp=18,
        ccd_s=8, ccd_l=12, ccd_l_wr=48, bl_max=8, rtw=4, wtr_s=6, wtr_l=24, rrd_s=8, rrd_l=12, faw=32, ppd=2,
        refi=9360, rfc_ab=708,
    ),
    "ddr5-6400": Timing(
        X32, 312_500, rl=46, wl=44, rcd=46, rcd_wr=46, rp_pb=46, rp_ab=46, rp_ref=46, ras=103, rc=149, wr=96, rtp=24,
        ccd_s=8, ccd_l=16, ccd_l_wr=64, bl_max=8, rtw=4, wtr_s=8, wtr_l=32, rrd_s=8, rrd_l=16, faw=32, ppd=2,
        refi=12480, rfc_ab=944,
    ),
}  # fmt: skip
