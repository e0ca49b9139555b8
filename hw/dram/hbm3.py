"""HBM3: a pseudo-channel of 32 data lines, 16 banks (one stack ID; stacks of eight dies and more have several).

Organisation and HBM3-6400 are Ramulator 2.1's HBM3_16Gb_8hi with one stack ID and HBM3_6400Mbps (after JESD238): bursts
of 8 beats, four a clock; rows of 1 KiB; RFC 350 ns, that of 8 Gb a channel; from read to write RTW 20. HBM3-5200 is
an H100's, which moves 3.35 TB/s over 160 pseudo-channels: the same nanoseconds at a clock of 0.765 ns, rounded up, CCD,
RRD and PPD in clocks. The distance of refreshes of two banks is 8 ns; Ramulator 2.1 has 8 clocks.

Rows and columns have command buses of their own, each shared by two pseudo-channels: counted as one bus for each
pseudo-channel, on which every command takes a clock. A burst of 32 bytes lies in each bank group in turn: assumed.
"""

from __future__ import annotations

from hw.dram.organisation import Organisation
from hw.dram.timing import Timing

X32 = Organisation(
    width_bits=32, burst_length=8, beats=4, bank_groups=4, banks=16, row_bytes=1024, group_bytes=32,
)  # fmt: skip

TIMINGS = {
    "hbm3-5200": Timing(
        X32, 765_000, rl=17, wl=9, rcd=26, rcd_wr=13, rp_pb=22, rp_ab=22, rp_ref=22, ras=37, rc=59, wr=27, rtp=8,
        ccd_s=2, ccd_l=4, ccd_l_wr=4, bl_max=2, rtw=7, wtr_s=6, wtr_l=9, rrd_s=4, rrd_l=5, faw=20, ppd=2,
        refi=5098, refi_pb=319, rfc_ab=458, rfc_pb=262, pbr2pbr=11, pbr2act=11,
    ),
    "hbm3-6400": Timing(
        X32, 625_000, rl=20, wl=10, rcd=31, rcd_wr=15, rp_pb=26, rp_ab=26, rp_ref=26, ras=45, rc=72, wr=33, rtp=9,
        ccd_s=2, ccd_l=4, ccd_l_wr=4, bl_max=2, rtw=8, wtr_s=7, wtr_l=10, rrd_s=4, rrd_l=5, faw=24, ppd=2,
        refi=6240, refi_pb=390, rfc_ab=560, rfc_pb=320, pbr2pbr=13, pbr2act=13,
    ),
}  # fmt: skip
