"""Every timing rule of a speed grade as one row of a table.

A rule says how many clocks after *preceding* a *following* command may be issued within a scope: the same bank, bank
group or channel (one rank).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hw.dram.timing import Timing


class Command(IntEnum):
    """What the command bus carries; where an activation takes two commands, both are here."""

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
ACT2: Final = int(Command.ACT2)
PRE: Final = int(Command.PRE)
PREA: Final = int(Command.PREA)
CAS: Final = int(Command.CAS)
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
class Rule:
    """*following* at least ``clocks`` after *preceding*, the one ``window`` commands ago, within ``scope``."""

    scope: Scope
    preceding: Command
    following: Command
    clocks: int
    window: int = 1


def rules(t: Timing) -> tuple[Rule, ...]:
    """Every rule of *t* that holds anything back, in clocks from the first clock of a command to that of the next.

    JEDEC's figures count from the last clock of a command (activation times of LPDDR5 from ACT-1).
    """
    taken = command_clocks(t)
    stated = (*_column_rules(t), *_row_rules(t), *_refresh_rules(t))
    shifted = (
        Rule(r.scope, r.preceding, r.following, r.clocks + taken[r.preceding] - taken[r.following], r.window)
        for r in stated
    )
    return tuple(rule for rule in shifted if rule.clocks > 0)


def command_clocks(t: Timing) -> dict[Command, int]:
    """For how many clocks each command takes the command bus."""
    o = t.organisation
    taken = dict.fromkeys(Command, o.other_clocks)
    taken[Command.ACT1] = taken[Command.ACT2] = o.activate_clocks
    taken[Command.CAS] = taken[Command.RD] = taken[Command.WR] = o.column_clocks
    return taken


def _column_rules(t: Timing) -> Iterator[Rule]:
    """What keeps reads and writes apart: the data lines, the bank groups, the turn of the bus."""
    group, channel, rd, wr = Scope.GROUP, Scope.CHANNEL, Command.RD, Command.WR
    burst = t.organisation.burst_clocks
    shortest = max(burst, t.ccd_s)
    yield Rule(channel, rd, rd, shortest)
    yield Rule(channel, wr, wr, shortest)
    if t.ccd_l > shortest:
        yield Rule(group, rd, rd, t.ccd_l)
    if t.ccd_l_wr > shortest:
        yield Rule(group, wr, wr, t.ccd_l_wr)
    yield Rule(channel, rd, wr, t.rl + burst + t.rtw - t.wl)
    yield Rule(channel, wr, rd, t.wl + burst + t.wtr_s)
    yield Rule(group, wr, rd, t.wl + t.bl_max + t.wtr_l)


def _row_rules(t: Timing) -> Iterator[Rule]:
    """What keeps activations and precharges apart, from each other and from reads and writes."""
    bank, group, channel = Scope.BANK, Scope.GROUP, Scope.CHANNEL
    act, pre, prea, rd, wr = Command.ACT1, Command.PRE, Command.PREA, Command.RD, Command.WR
    written = t.wl + t.organisation.burst_clocks + t.wr
    yield Rule(bank, act, rd, t.rcd)
    yield Rule(bank, act, wr, t.rcd_wr)
    yield Rule(bank, act, act, t.rc)
    yield Rule(channel, act, act, t.rrd_s)
    if t.rrd_l > t.rrd_s:
        yield Rule(group, act, act, t.rrd_l)
    yield Rule(channel, act, act, t.faw, window=4)
    yield Rule(bank, act, pre, t.ras)
    yield Rule(channel, act, prea, t.ras)
    yield Rule(bank, rd, pre, t.rtp)
    yield Rule(channel, rd, prea, t.rtp)
    yield Rule(bank, wr, pre, written)
    yield Rule(channel, wr, prea, written)
    yield Rule(bank, pre, act, t.rp_pb)
    yield Rule(channel, prea, act, t.rp_ab)
    yield from (Rule(channel, a, b, t.ppd) for a in (pre, prea) for b in (pre, prea))


def _refresh_rules(t: Timing) -> Iterator[Rule]:
    """What a refresh of all banks waits for and holds back, and that of one bank, where there is such a thing."""
    bank, channel = Scope.BANK, Scope.CHANNEL
    act, pre, prea, refa, refb = Command.ACT1, Command.PRE, Command.PREA, Command.REFA, Command.REFB
    yield Rule(channel, act, refa, t.rc)
    yield Rule(channel, pre, refa, t.rp_pb)
    yield Rule(channel, prea, refa, t.rp_ref)
    yield from (Rule(channel, refa, b, t.rfc_ab) for b in (act, prea, refb, refa))
    yield Rule(channel, refb, refb, t.pbr2pbr)
    yield Rule(channel, refb, refa, t.rfc_pb)
    yield Rule(channel, refb, act, t.pbr2act)
    yield Rule(bank, refb, act, t.rfc_pb)
    yield Rule(bank, act, refb, t.rc)
    yield Rule(bank, pre, refb, t.rp_pb)
