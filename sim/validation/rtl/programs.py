"""Whole programs on RTL of an array, lanes and banks together, beside the simulator's account of the same run.

A layer of a small model is simulated on hw/edge scaled down to 8 x 8 PEs, 8 lanes and banks of 8 bytes. Its requests,
with what each waits for, then run on the Verilog machine: a unit starts a request when its operands are in memory and
there is space for its results, fetches every word through the arbitrated banks, and writes results back through them.
Which of the ready requests a unit starts is decided anew, by the simulator's priorities. Compared are the makespan, the
cycles that each unit is busy, and every stall of a unit that either side finds above 2 % of the makespan.

Busy cycles differ where the array's columns still shift out the results of a long fold when those of a shorter one are
due, which then waits (``array_held``), and where a sum's last addition is awaited; the simulator has neither.

Taken from the recorded run: transfers of DRAM begin when they did (or later, if there is no space yet) and take as long
as they did; their words pass the banks evenly over that time. Not in the RTL: that a request reads what another has
written (values are checked, but they are made up for each request), dispatch, and registers at the SRAM's border, which
would make each request start some cycles later. One group shows what one cycle more for each word does.

The simulator spreads what a request of the lanes reads evenly over its cycles, where passes of the RTL read what they
need: with scarce banks a group shows RTL that reads evenly, too. Turns at the banks go by unit, as the simulator shares
them; another group shows turns by port.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from hw.unit_names import MAC_ARRAY, SIMD
from sim.accounting.result import Result
from sim.simulation import Job, prepare, run
from sim.validation.cases import Case
from sim.validation.rtl import build
from sim.validation.rtl.models import machine
from sim.validation.rtl.program_text import RecordedProgram
from sim.validation.rtl.recording import Recording
from sim.validation.rtl.works import WORD_BYTES

SIDE = 8  # of the array, and lanes
SCALED_DOWN = (
    f"mac_array.rows={SIDE}",
    f"mac_array.columns={SIDE}",
    "mac_array.packing=false",  # the RTL's sequencer feeds one product at a time
    f"simd.lanes={SIDE}",
    f"sram.bank_width={WORD_BYTES}B",
    "clock=1GHz",  # one channel then gives a tenth of what the SRAM does; on hw/edge two give an eighth
    "dram.timing=lpddr5-6400",
    "dram.channels=1",
    "layers=1",
)
SCARCE = ("sram.banks=8", "sram.interleave=8")
_MAPPING = (  # as a search found it; written down, so that a better search does not change what is compared
    "mapping.lanes=1",
    "mapping.weight_slot_kib=8",
    "mapping.spill=false",
    "mapping.sram_kib=2048",
    "mapping.spare_sram=evenly",
    "mapping.head_first=false",
    "mapping.steps_first=true",
    "mapping.step_elements=32",
)
_ON_ARRAY, _ON_LANES = (
    tuple(f"mapping.place.{name}={unit}" for name in ("outer", "readout")) for unit in (MAC_ARRAY, SIMD)
)
_CHUNKED = (
    "formulation=chunked", "chunk=32", "sequence_length=64", "mapping.token_tile=32", "mapping.blocks=3",
    "mapping.place.scores=simd",
    *(f"mapping.place.{name}=mac_array" for name in ("intra", "inter", "chunk_state")),
)  # fmt: skip
PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Mamba-1": (
        "mamba1-d96",
        ("sequence_length=16", *_MAPPING, "mapping.token_tile=8", "mapping.blocks=4", "mapping.lanes=2", *_ON_ARRAY),
    ),
    "Mamba-2, chunked": ("mamba2-d96", (*_MAPPING, *_CHUNKED)),
    "Mamba-2, on the lanes": (
        "mamba2-d96",
        ("sequence_length=16", *_MAPPING, "mapping.token_tile=8", "mapping.blocks=3", *_ON_LANES),
    ),
    "Mamba-3 MIMO": (
        "mamba3_mimo-d48",
        ("sequence_length=16", *_MAPPING, "mapping.token_tile=8", "mapping.blocks=3", *_ON_ARRAY),
    ),
    "Mamba-3 MIMO, one tile": (
        "mamba3_mimo-d48",
        ("sequence_length=16", *_MAPPING, "mapping.token_tile=16", "mapping.blocks=1", "mapping.lanes=3", *_ON_ARRAY),
    ),
}
SHOWN = 0.02  # of the makespan: smaller stalls are not compared
MAKESPAN_TOLERANCE, STALL_TOLERANCE = 0.03, 0.05
BUSY_TOLERANCE = 0.01
BUSY = "busy"
Account = Counter[str]  # cycles by reason, and busy


@dataclass(frozen=True)
class Ran:
    """What a run came to, in the simulator or in RTL."""

    makespan: int
    units: dict[str, Account]


@dataclass(frozen=True)
class Recorded:
    """A simulated run, and its program for the RTL."""

    job: Job
    simulated: Ran
    recording: Recording
    program: RecordedProgram


def cases(names: tuple[str, ...] = tuple(PROGRAMS)) -> Iterator[Case]:
    """The programs called so, with banks to spare and with scarce ones."""
    spare = {name: recorded(name) for name in names}
    scarce = {name: recorded(name, SCARCE) for name in names}
    alone = {name: in_rtl(each) for name, each in spare.items()}
    for name, each in spare.items():
        yield from _compared(name, "banks to spare", each.simulated, alone[name], STALL_TOLERANCE, MAKESPAN_TOLERANCE)
    for name, each in spare.items():
        yield from _busy(name, "banks to spare: busy", each.simulated, alone[name])
    late = {name: in_rtl(each, late=True) for name, each in spare.items()}
    for name, each in spare.items():
        yield _makespan(name, "banks to spare, words a cycle late", each.simulated, late[name], inf)
    found = {name: in_rtl(each) for name, each in scarce.items()}
    for name, each in scarce.items():
        yield from _compared(name, "scarce banks", each.simulated, found[name], inf, MAKESPAN_TOLERANCE)
    evenly = {name: in_rtl(each, evenly=True) for name, each in scarce.items()}
    for name, each in scarce.items():
        yield from _compared(name, "scarce banks, read evenly", each.simulated, evenly[name], inf, MAKESPAN_TOLERANCE)
    by_port = {name: in_rtl(each, by_port=True) for name, each in scarce.items()}
    for name, each in scarce.items():
        yield _makespan(name, "scarce banks, turns by port", each.simulated, by_port[name], inf)


def recorded(name: str, machine_changes: tuple[str, ...] = ()) -> Recorded:
    """The program called *name*, simulated on the scaled-down machine with *machine_changes*."""
    workload, changes = PROGRAMS[name]
    job = prepare(workload, "edge", [*SCALED_DOWN, *changes, *machine_changes])
    recording = Recording()
    result = run(job, observer=recording, stride="tile")
    return Recorded(job, simulated(result), recording, RecordedProgram(recording, job.machine))


def simulated(result: Result) -> Ran:
    """The accounts of *result*, with all that waits for a transfer as one reason."""
    units = {}
    for name in (MAC_ARRAY, SIMD):
        account: Account = Counter({BUSY: result.units[name].busy_cycles})
        for reason, cycles in result.units[name].stalls.items():
            account["dram" if reason.startswith("dram_") else reason] += cycles
        units[name] = account
    return Ran(result.makespan_cycles, units)


def in_rtl(each: Recorded, late: bool = False, evenly: bool = False, by_port: bool = False) -> Ran:
    """The same program in RTL; raises RtlError if any value that was computed, or a request, is not as it should be.

    For experiments words come a cycle *late*, or are read *evenly* by the requests of the lanes, or the banks' turns go
    *by_port*: the array has three, the lanes two.
    """
    program = RecordedProgram(each.recording, each.job.machine, evenly) if evenly else each.program
    lines = build.run(machine(SIDE, SIDE), program.text(late, by_port).splitlines())
    *wrong, _ = map(int, lines.pop().split(",")[1:])
    if any(wrong):
        raise build.RtlError(f"machine: wrong sums, stored words, clashes, overflows, lanes: {wrong}")
    requests = [tuple(map(int, line.split(","))) for line in lines]
    makespan = max(result for *_, result, _, _, _ in requests)
    return Ran(makespan, {name: _account(each.program, name, requests, makespan) for name in (MAC_ARRAY, SIMD)})


def _account(program: RecordedProgram, unit: str, requests: list[tuple[int, ...]], makespan: int) -> Account:
    """The cycles of *unit*: busy, before a request what that got last, within it those in which it starved."""
    account: Account = Counter()
    free = 0
    own = [each for each in requests if program.program.streams[each[0]].unit == unit]
    for _, _, start, end, _, starved, _, reason in sorted(own, key=lambda each: each[2]):
        if start > free:
            account[program.reasons[reason] if reason >= 0 else "start"] += start - free
        account["bank_conflict"] += starved
        account[BUSY] += end - start - starved
        free = end
    account["nothing_left"] += makespan - free
    return account


def _compared(name: str, group: str, predicted: Ran, rtl: Ran, stalls: float, makespan: float) -> Iterator[Case]:
    yield _makespan(name, group, predicted, rtl, makespan)
    for unit, account in rtl.units.items():
        for reason in sorted({*account, *predicted.units[unit]}):
            reference, found = account[reason], predicted.units[unit][reason]
            if reason != BUSY and max(reference, found) > SHOWN * rtl.makespan:
                label = f"{name}: {unit}, {reason}"
                yield Case("rtl-program", f"{group}: stalls", label, "cycles", reference, found, stalls)


def _busy(name: str, group: str, predicted: Ran, rtl: Ran) -> Iterator[Case]:
    for unit, account in rtl.units.items():
        found = predicted.units[unit][BUSY]
        yield Case("rtl-program", group, f"{name}: {unit}", "cycles", account[BUSY], found, BUSY_TOLERANCE)


def _makespan(name: str, group: str, predicted: Ran, rtl: Ran, tolerance: float) -> Case:
    return Case("rtl-program", group, name, "cycles", rtl.makespan, predicted.makespan, tolerance)
