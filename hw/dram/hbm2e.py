"""HBM2e: a pseudo-channel of 64 data lines, 16 banks; a stack has sixteen.

Organisation is that of Ramulator 2.1's HBM2_8Gb: bursts of 4 beats, rows of 1 KiB. No source has figures of HBM2e:
these are the nanoseconds of Ramulator 2.1's HBM2_2000Mbps (CL 14, CWL 5, RCD 14 and 12, RP 14, RAS 34, RC 48, WR 16,
RTP 5, WTR 6 and 8, RRD 4, FAW 15, REFI 3900, RFC 350 for 8 Gb, after JESD235D) at the faster clock, rounded up. gem5's
HBM_2000_4H_1x64 has CL 18, RCD 12 and 6, RAS 28, FAW 16, RFC 220; DRAMsim3's HBM2_8Gb_x128 has FAW 30, RFC 260. CCD_L
stays at 4 clocks: assumed.

Rows and columns have command buses of their own, each shared by two pseudo-channels: counted as one bus for each
pseudo-channel, on which every command takes a clock. A burst of 32 bytes lies in each bank group in turn: assumed.
"""

from __future__ import annotations

from hw.dram.organisation import Organisation
from hw.dram.timing import Timing

X64 = Organisation(
    width_bits=64, burst_length=4, beats=2, bank_groups=4, banks=16, row_bytes=1024, group_bytes=32,
)  # fmt: skip

TIMINGS = {
    "hbm2e-3200": Timing(
        X64, 625_000, rl=23, wl=8, rcd=23, rcd_wr=20, rp_pb=23, rp_ab=23, rp_ref=23, ras=55, rc=78, wr=26, rtp=8,
        ccd_s=2, ccd_l=4, ccd_l_wr=4, bl_max=2, rtw=2, wtr_s=10, wtr_l=13, rrd_s=7, rrd_l=7, faw=24, ppd=1,
        refi=6240, refi_pb=390, rfc_ab=560, rfc_pb=256, pbr2pbr=13, pbr2act=13,
    ),
    "hbm2e-3600": Timing(
        X64, 555_556, rl=26, wl=9, rcd=26, rcd_wr=22, rp_pb=26, rp_ab=26, rp_ref=26, ras=62, rc=88, wr=29, rtp=9,
        ccd_s=2, ccd_l=4, ccd_l_wr=4, bl_max=2, rtw=2, wtr_s=11, wtr_l=15, rrd_s=8, rrd_l=8, faw=27, ppd=1,
        refi=7020, refi_pb=438, rfc_ab=630, rfc_pb=288, pbr2pbr=15, pbr2act=15,
    ),
}  # fmt: skip
