"""An independent look at a log of DRAM commands: whether each keeps its distance from those before it.

Distances are taken from the figures by name, pair by pair; nothing of hw/dram/rules.py is used. They count from the
last clock of a command to the last clock of the next, as in JEDEC's tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from hw.dram.command import Issued
from hw.dram.rules import Command
from hw.dram.timing import Timing

CLOSED = -1


def mistakes(t: Timing, log: Iterable[Issued]) -> list[str]:
    """What is wrong with *log*, of one channel, in words; nothing if all is right."""
    found: list[str] = []
    before: list[tuple[int, str, int]] = []  # last clock, command, bank
    opened: list[int] = []  # last clocks of activations
    refreshed = -t.rfc_ab
    rows = [CLOSED] * t.organisation.banks
    free = 0
    longest = max(t.rc, t.rfc_pb, t.wl + t.bl_max + t.organisation.burst_clocks + max(t.wr, t.wtr_l)) + t.rl
    for _, clock, number, bank, row in log:
        command = Command(number).name
        last = clock + _taken(t, command) - 1
        if clock < free:
            found.append(f"{clock}: {command} while the command bus is taken")
        free = last + 1
        found += [f"{clock}: {command} {wrong}" for wrong in _wrong_row(rows, command, bank, row)]
        if last - refreshed < t.rfc_ab:
            found.append(f"{clock}: {command} during a refresh")
        for then, earlier, other in reversed(before):
            if last - then > longest:
                break
            apart = _apart(t, earlier, command, other, bank)
            if last - then < apart:
                found.append(f"{clock}: {command} {last - then} after {earlier}, not {apart}")
        if command == "ACT1":
            if len(opened) >= 4 and last - opened[-4] < t.faw:
                found.append(f"{clock}: a fifth activation within {t.faw}")
            opened.append(last)
        refreshed = last if command == "REFA" else refreshed
        before.append((last, command, bank))
    return found


def _taken(t: Timing, command: str) -> int:
    """Clocks on the command bus."""
    o = t.organisation
    return o.activate_clocks if command == "ACT1" else o.column_clocks if command in ("RD", "WR") else o.other_clocks


def _wrong_row(rows: list[int], command: str, bank: int, row: int) -> Iterable[str]:
    """Whether the banks are as *command* needs them, and what they are after it."""
    if command == "ACT1":
        if rows[bank] != CLOSED:
            yield f"of open bank {bank}"
        rows[bank] = row
    elif command in ("RD", "WR") and rows[bank] != row:
        yield f"of bank {bank}, which has row {rows[bank]} open and not {row}"
    elif command == "PRE":
        rows[bank] = CLOSED
    elif command == "PREA":
        rows[:] = [CLOSED] * len(rows)
    elif (command == "REFA" and any(each != CLOSED for each in rows)) or (command == "REFB" and rows[bank] != CLOSED):
        yield "of open banks"


def _apart(t: Timing, earlier: str, command: str, other: int, bank: int) -> int:
    """Clocks that *command* to *bank* has to keep from one that went to *other*."""
    groups = t.organisation.bank_groups
    same, group = other == bank, groups > 1 and other % groups == bank % groups
    burst = t.organisation.burst_clocks
    match earlier, command:
        case ("RD", "RD") | ("WR", "WR"):
            long = t.ccd_l if command == "RD" else t.ccd_l_wr
            return max(burst, long if group else t.ccd_s)
        case "RD", "WR":
            return t.rl + burst + t.rtw - t.wl  # the data do not meet
        case "WR", "RD":
            return t.wl + (t.bl_max + t.wtr_l if group else burst + t.wtr_s)
        case "ACT1", "ACT1":
            return t.rc if same else t.rrd_l if group else t.rrd_s
        case "ACT1", "RD" if same:
            return t.rcd
        case "ACT1", "WR" if same:
            return t.rcd_wr
        case ("ACT1", "PRE") if same:
            return t.ras
        case "ACT1", "PREA":
            return t.ras
        case ("RD", "PRE") if same:
            return t.rtp
        case "RD", "PREA":
            return t.rtp
        case ("WR", "PRE") if same:
            return t.wl + burst + t.wr
        case "WR", "PREA":
            return t.wl + burst + t.wr
        case ("PRE", "ACT1") if same:
            return t.rp_pb
        case "PREA", "ACT1":
            return t.rp_ab
        case ("PRE" | "PREA", "PRE" | "PREA"):
            return t.ppd
        case "PRE", "REFA":
            return t.rp_pb
        case "PREA", "REFA":
            return t.rp_ref
        case ("REFB", "ACT1"):
            return t.rfc_pb if same else t.pbr2act
        case "REFB", "REFB":
            return t.pbr2pbr
        case ("PRE", "REFB") if same:
            return t.rp_pb
    return 0
