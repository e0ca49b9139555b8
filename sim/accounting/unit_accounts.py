"""What the units of a machine did in runs of sections: accounts that sum to the makespan, and bytes of DRAM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

from hw.accounts import Accounts
from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.accounting.breakdown import Runs, account, work
from sim.accounting.result import UnitAccount
from sim.lowering.program import Program, StreamPlan, Transfers
from sim.lowering.section import Section


def unit_accounts(machine: MachineSpec, runs: Runs) -> dict[str, UnitAccount]:
    """Of each unit, and of the ports of each cluster of banks."""
    sections = [section for section, _ in runs]
    accounts = {name: Accounts.total(spent.units[name] for _, spent in runs) for name in runs[0][1].units}
    units = {name: _account(sections, name, account) for name, account in accounts.items()}
    return units | _sram_account(machine, sections, makespan_of(runs))


def makespan_of(runs: Runs) -> int:
    """Cycles of all of them, one after the other."""
    return sum(spent.makespan for _, spent in runs)


def dram_bytes(sections: Sequence[Section]) -> tuple[int, int]:
    """Bytes read from DRAM, and written to it."""
    read, written = (sum(_moved(section.program, write) for section in sections) for write in (False, True))
    return read, written


def program_streams(sections: Sequence[Section]) -> Iterator[tuple[Program, StreamPlan]]:
    return ((section.program, stream) for section in sections for stream in section.program.streams)


def _moved(program: Program, write: bool) -> int:
    """Bytes read from DRAM, or written to it."""
    return sum(
        program.bytes_moved(stream)
        for stream in program.streams
        if isinstance(stream.requests, Transfers) and stream.requests.write == write
    )


def _account(sections: Sequence[Section], name: str, accounts: Accounts) -> UnitAccount:
    splits = [work(program, s) for program, s in program_streams(sections) if s.unit == name and s.costs]
    if not splits:
        return account(accounts, accounts.busy, 0)
    return account(accounts, sum(split[0] for split in splits), sum(split[1] for split in splits))


def _sram_account(machine: MachineSpec, sections: Sequence[Section], makespan: int) -> dict[str, UnitAccount]:
    """Average use of the ports of each cluster of banks: words moved over words that its ports could move."""
    sram, moved = machine.sram, dict.fromkeys(range(machine.sram.clusters), 0)
    for program, stream in program_streams(sections):
        if isinstance(stream.requests, Transfers):
            continue
        for count, each in zip(program.counts(stream), stream.requests, strict=True):
            for cluster, size in each.demand.items():
                moved[cluster] += count * size
    result = {}
    for cluster, size in moved.items():
        busy = min(makespan, ceil(Fraction(size, sram.cluster_bytes_per_cycle)))
        first = cluster * sram.interleave
        name = f"sram.banks{first}-{first + sram.interleave - 1}"
        stalls = {Reason.NO_ACCESS: makespan - busy}
        result[name] = UnitAccount(
            busy_cycles=busy, useful_cycles=busy, fill_drain_cycles=0, edge_cycles=0, stalls=stalls
        )
    return result
