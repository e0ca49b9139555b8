"""LPDDR5 and LPDDR5X: the figures of each speed grade. A new one is one more entry here.

LPDDR5-6400 is Ramulator 2.1's LPDDR5_6400 (after JESD209-5B, tables 330-333, 344 and 372), 8 Gb x16; a die of 16 Gb
takes longer to refresh. LPDDR5X-8533 is scaled to its 0.9375 ns clock; RL, WL, RRD, FAW and RTP are not confirmed
against the standard.
"""

from __future__ import annotations

from dataclasses import replace

from hw.dram.timing import Timing

_6400 = Timing(
    1_250_000, rl=17, wl=9, rcd=15, rp_pb=15, rp_ab=17, ras=34, rc=49, wr=28, rtp=8, wtr_s=5, wtr_l=10, rrd=4, faw=16,
    refi=3125, refi_pb=391, rfc_ab=168, rfc_pb=96, pbr2pbr=72, pbr2act=6,
)  # fmt: skip

TIMINGS = {
    "lpddr5-6400": _6400,
    "lpddr5-6400-16gb": replace(_6400, rfc_ab=224, rfc_pb=112),
    "lpddr5x-8533": Timing(
        937_500, rl=23, wl=12, rcd=20, rp_pb=20, rp_ab=23, ras=45, rc=65, wr=37, rtp=10, wtr_s=7, wtr_l=13, rrd=4,
        faw=16, refi=4165, refi_pb=521, rfc_ab=224, rfc_pb=128, pbr2pbr=96, pbr2act=8,
    ),
}  # fmt: skip
