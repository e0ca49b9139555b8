"""LPDDR5 and LPDDR5X: speed grades, organisation, and every timing rule as one row of a table.

A rule says how many clocks after *preceding* a *following* command may be issued within a scope: the same bank, bank
group or channel (one rank). Figures are in clocks (nCK, WCK:CK 4:1, bank-group mode), names are JEDEC's in lower case.

LPDDR5-6400 is Ramulator 2.1's LPDDR5_6400 (after JESD209-5B, tables 330-333, 344 and 372), 8 Gb x16. LPDDR5X-8533 is
scaled to its 0.9375 ns clock; RL, WL, RRD, FAW and RTP are not confirmed against the standard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

BURST_BYTES: Final = 32  # BL16 on sixteen data lines
BURST_CLOCKS: Final = 2  # sixteen beats at eight beats a clock
BANKS: Final = 16
BANK_GROUPS: Final = 4
ROW_BYTES: Final = 2048
GROUP_BYTES: Final = 64  # consecutive bytes in one bank group
REGION_BYTES: Final = BANK_GROUPS * ROW_BYTES  # rows of the four groups that lie side by side
REGION_CLOCKS: Final = REGION_BYTES // BURST_BYTES * BURST_CLOCKS
REGION_BITS: Final = REGION_BYTES.bit_length() - 1  # of an address within a region
BURST_BITS: Final = BURST_BYTES.bit_length() - 1
REGIONS: Final = BANKS // BANK_GROUPS  # that can be open at a time, until they are in the same banks again
INTERLEAVE_BYTES: Final = 256  # of one channel before the next, and of all bank groups once
NEVER: Final = 1 << 60


class Command(IntEnum):
    """What the command bus carries; an activation takes two commands."""

    ACT1 = 0
    ACT2 = 1
    PRE = 2
    PREA = 3
    CAS = 4
    RD = 5
    WR = 6
    REFA = 7
    REFB = 8


class Scope(IntEnum):
    """Where a rule holds."""

    BANK = 0
    GROUP = 1
    CHANNEL = 2


@dataclass(frozen=True)
class Timing:
    """One speed grade: clock period in femtoseconds, everything else in clocks."""

    tck_fs: int
    rl: int
    wl: int
    rcd: int
    rp_pb: int
    rp_ab: int
    ras: int
    rc: int
    wr: int
    rtp: int
    wtr_s: int
    wtr_l: int
    rrd: int
    faw: int
    refi: int
    refi_pb: int
    rfc_ab: int
    rfc_pb: int
    pbr2pbr: int
    pbr2act: int
    ccd_s: int = 2
    ccd_l: int = 4
    bl_max: int = 4
    ppd: int = 2
    aad: int = 8
    wck_postamble: int = 1

    @property
    def read_to_write(self) -> int:
        """Clocks without data from read to write: the commands are RL + burst + 2 - WL apart."""
        commands = self.rl + BURST_CLOCKS + 2 - self.wl
        return commands + self.wl - (self.rl + BURST_CLOCKS)

    @property
    def write_to_read(self) -> int:
        """Clocks without data from write to read of one bank group: the commands are WL + BL/n_max + WTR_L apart."""
        commands = self.wl + self.bl_max + self.wtr_l
        return commands + self.rl - (self.wl + BURST_CLOCKS)

    @property
    def bytes_per_second(self) -> float:
        """Peak of one channel."""
        return BURST_BYTES / (BURST_CLOCKS * self.tck_fs * 1e-15)


_6400 = Timing(
    1_250_000, rl=17, wl=9, rcd=15, rp_pb=15, rp_ab=17, ras=34, rc=49, wr=28, rtp=8, wtr_s=5, wtr_l=10, rrd=4, faw=16,
    refi=3125, refi_pb=391, rfc_ab=168, rfc_pb=96, pbr2pbr=72, pbr2act=6,
)  # fmt: skip
_8533 = Timing(
    937_500, rl=23, wl=12, rcd=20, rp_pb=20, rp_ab=23, ras=45, rc=65, wr=37, rtp=10, wtr_s=7, wtr_l=13, rrd=4, faw=16,
    refi=4165, refi_pb=521, rfc_ab=224, rfc_pb=128, pbr2pbr=96, pbr2act=8,
)  # fmt: skip
TIMINGS = {
    "lpddr5-6400": _6400,
    "lpddr5-6400-16gb": replace(_6400, rfc_ab=224, rfc_pb=112),
    "lpddr5x-8533": _8533,
}


@dataclass(frozen=True)
class Rule:
    """*following* at least ``clocks`` after *preceding*, the one ``window`` commands ago, within ``scope``."""

    scope: Scope
    preceding: Command
    following: Command
    clocks: int
    window: int = 1


def rules(t: Timing) -> tuple[Rule, ...]:
    """Every rule of *t*, as JESD209-5B gives them (activation times count from ACT-1)."""
    bank, group, channel = Scope.BANK, Scope.GROUP, Scope.CHANNEL
    act, pre, prea, rd, wr = Command.ACT1, Command.PRE, Command.PREA, Command.RD, Command.WR
    refa, refb = Command.REFA, Command.REFB
    written = t.wl + BURST_CLOCKS + t.wr
    return (
        # column commands
        Rule(channel, rd, rd, t.ccd_s),
        Rule(channel, wr, wr, t.ccd_s),
        Rule(group, rd, rd, t.ccd_l),
        Rule(group, wr, wr, t.ccd_l),
        Rule(channel, rd, wr, t.rl + BURST_CLOCKS + 2 - t.wl),
        Rule(channel, wr, rd, t.wl + BURST_CLOCKS + t.wtr_s),
        Rule(group, wr, rd, t.wl + t.bl_max + t.wtr_l),
        # rows
        Rule(bank, act, rd, t.rcd),
        Rule(bank, act, wr, t.rcd),
        Rule(bank, act, act, t.rc),
        Rule(channel, act, act, t.rrd),
        Rule(channel, act, act, t.faw, window=4),
        Rule(bank, act, pre, t.ras),
        Rule(channel, act, prea, t.ras),
        Rule(bank, rd, pre, t.rtp),
        Rule(channel, rd, prea, t.rtp),
        Rule(bank, wr, pre, written),
        Rule(channel, wr, prea, written),
        Rule(bank, pre, act, t.rp_pb),
        Rule(channel, prea, act, t.rp_ab),
        *(Rule(channel, a, b, t.ppd) for a in (pre, prea) for b in (pre, prea)),
        # refresh
        Rule(channel, act, refa, t.rc),
        Rule(channel, pre, refa, t.rp_pb),
        Rule(channel, prea, refa, t.rp_pb),
        *(Rule(channel, refa, b, t.rfc_ab) for b in (act, prea, refb, refa)),
        Rule(channel, refb, refb, t.pbr2pbr),
        Rule(channel, refb, refa, t.rfc_pb),
        Rule(channel, refb, act, t.pbr2act),
        Rule(bank, refb, act, t.rfc_pb),
        Rule(bank, act, refb, t.rc),
        Rule(bank, pre, refb, t.rp_pb),
    )
