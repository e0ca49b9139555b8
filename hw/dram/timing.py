"""What a DRAM standard has to say: the figures of a speed grade, and every timing rule as one row of a table.

The figures themselves are in lpddr5.py and hbm3.py, one entry a speed grade. A rule says how many clocks after
*preceding* a *following* command may be issued within a scope: the same bank, bank group or channel (one rank). The
rules and the organisation of a channel (banks, rows, bursts) are LPDDR5's, WCK:CK 4:1, in bank-group mode.
"""

from __future__ import annotations

from dataclasses import dataclass
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
CLOSED: Final = -1  # instead of the row that is open in a bank
NEVER: Final = 1 << 60  # later than any clock


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


# the same as the plain integers that compiled code reads
ACT1: Final = int(Command.ACT1)
PRE: Final = int(Command.PRE)
PREA: Final = int(Command.PREA)
RD: Final = int(Command.RD)
WR: Final = int(Command.WR)
REFA: Final = int(Command.REFA)
REFB: Final = int(Command.REFB)


class Scope(IntEnum):
    """Where a rule holds."""

    BANK = 0
    GROUP = 1
    CHANNEL = 2


@dataclass(frozen=True)
class Timing:
    """One speed grade: the clock's period in femtoseconds, everything else in clocks (nCK), under JEDEC's names.

    In these names, ``_pb`` is for one bank and ``_ab`` for all of them, ``_s`` (short) for commands to different bank
    groups and ``_l`` (long) for those to one.
    """

    tck_fs: int
    rl: int  # read latency: from a read command to its first data
    wl: int  # write latency
    rcd: int  # from an activation to a read or write of the row
    rp_pb: int  # from a precharge to the next activation
    rp_ab: int
    ras: int  # from an activation to the precharge
    rc: int  # from an activation to the next one of the same bank
    wr: int  # write recovery: from the last written data to the precharge
    rtp: int  # from a read to the precharge
    wtr_s: int  # from the last written data to a read
    wtr_l: int
    rrd: int  # between the activations of two banks
    faw: int  # in which four activations fit at most
    refi: int  # from one refresh of all banks to the next
    refi_pb: int  # from one refresh of a single bank to the next
    rfc_ab: int  # how long a refresh takes
    rfc_pb: int
    pbr2pbr: int  # between the refreshes of two banks
    pbr2act: int  # from the refresh of one bank to an activation of another
    ccd_s: int = 2  # between two reads, or two writes
    ccd_l: int = 4
    bl_max: int = 4  # of a burst whose two halves are apart, as those of one bank group are
    ppd: int = 2  # between two precharges
    aad: int = 8  # from the first command of an activation to the second, at most
    wck_postamble: int = 1  # for which the data clock runs on after a burst

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
    def refresh_window(self) -> int:
        """Clocks without data for a refresh of all banks: drain, refresh, reopen a row."""
        return self.rp_ab + self.rfc_ab + self.rcd

    @property
    def bytes_per_second(self) -> float:
        """Peak of one channel."""
        return BURST_BYTES / (BURST_CLOCKS * self.tck_fs * 1e-15)


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
