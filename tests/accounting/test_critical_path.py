"""The critical path: as long as the run, and request by request in programs whose path is worked out in the row."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from hw.reasons import Reason
from hw.requests import Cost, Work
from sim.accounting.critical_path import PathTracker
from sim.execution.run import run_program
from sim.lowering.program import NOTHING, VARIANTS, Pool, Program, StreamPlan
from tests.support.accounted import RUNS, recorded
from tests.support.conservation import check_path
from tests.support.programs import (
    LATENCY,
    MAC,
    OPEN,
    SIMD,
    compute,
    items,
    load,
    needs,
    one_channel,
    program,
    programs,
    transfers,
)

SPEC = one_channel()
DRAM, NO_BUFFER, BUSY = Reason.DRAM, Reason.NO_BUFFER, Reason.UNIT_BUSY
ARRAY, LANES = MAC, SIMD
Path = dict[tuple[str, str, str], int]  # stream, what its cycles went to, why the next request waited


def path(built: Program) -> Path:
    """The critical path of a run of *built*, which it is as long as, and counts from 0 whenever that begins."""
    tracker = PathTracker()
    section: Any = SimpleNamespace(program=built)
    tracker.begin(section, 1000)
    makespan = run_program(built, SPEC, observer=tracker).makespan
    spent = tracker.spent(makespan)
    assert sum(spent.values()) == makespan
    return {(built.streams[rank].name, what, why): cycles for (rank, what, why), cycles in spent.items() if cycles}


@pytest.mark.parametrize("case", RUNS)
def test_the_path_is_as_long_as_the_run(case: str) -> None:
    check_path(recorded(case))


def never_idle(plan: StreamPlan) -> StreamPlan:
    """*plan* with something to do in every kind of tile, as the compute streams of lowered programs have it."""
    full = [plan.numbers[variant].copy() for variant in VARIANTS]
    for numbers in full:
        if (numbers == NOTHING).all():
            numbers[0] = 0
    return replace(plan, numbers=tuple(full))


@settings(max_examples=60)
@given(built=programs())
def test_the_path_of_a_random_program_is_as_long_as_its_run(built: Program) -> None:
    assume(all(plan.requests for plan in built.streams))
    assert min(path(replace(built, streams=tuple(map(never_idle, built.streams)))).values()) > 0


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        pytest.param(
            program(compute(MAC, items(3, 5, 2))),
            {(ARRAY, "useful", BUSY): 2 * 5, (ARRAY, "useful", ""): 5, (ARRAY, "pipeline_latency", ""): 2},
            id="one after the other: the tail of the last only",
        ),
        # array 0-10, 10-20, results at 13 and 23; lanes 13-18, 23-28
        pytest.param(
            program(compute(MAC, items(2, 10, 3)), compute(SIMD, items(2, 5), needs(0, 1, 2))),
            {
                (ARRAY, "useful", BUSY): 10,
                (ARRAY, "useful", "data"): 10,
                (ARRAY, "pipeline_latency", "data"): 3,
                (LANES, "useful", ""): 5,
            },
            id="a result that is waited for: its tail too",
        ),
        pytest.param(
            program(compute(MAC, items(4, 5, 2), needs(0, 0, 1, 2, 3, reason="recurrence"))),
            {
                (ARRAY, "useful", "recurrence"): 3 * 5,
                (ARRAY, "pipeline_latency", "recurrence"): 3 * 2,
                (ARRAY, "useful", ""): 5,
                (ARRAY, "pipeline_latency", ""): 2,
            },
            id="recurrence",
        ),
        # array 0-10, 40-50, 80-90; lanes 10-40, 50-80, 90-120
        pytest.param(
            program(
                compute(MAC, items(3, 10), needs(1, 0, 1, 2, reason=NO_BUFFER)),
                compute(SIMD, items(3, 30, 9), needs(0, 1, 2, 3)),
            ),
            {
                (ARRAY, "useful", "data"): 3 * 10,
                (LANES, "useful", NO_BUFFER): 2 * 30,
                (LANES, "useful", ""): 30,
                (LANES, "pipeline_latency", ""): 9,
            },
            id="space in a buffer: not the tail of whoever reads it",
        ),
        # lanes 0-20; array 0-5 and 20-25: the first stands on no path
        pytest.param(
            program(compute(SIMD, items(1, 20)), compute(MAC, items(2, 5), needs(0, 0, 1))),
            {(LANES, "useful", "data"): 20, (ARRAY, "useful", ""): 5},
            id="what was done meanwhile is left out",
        ),
        # the first result comes at 14, and the second, done at 10, behind it
        pytest.param(
            program(compute(MAC, [(5, 9), (5, 0)])),
            {(ARRAY, "useful", ""): 5, (ARRAY, "pipeline_latency", ""): 9},
            id="results come in order: an earlier one held the last one up",
        ),
        pytest.param(
            program(compute(MAC, [(5, 9), (5, 0)]), compute(SIMD, items(1, 3), needs(0, 2))),
            {(ARRAY, "useful", "data"): 5, (ARRAY, "pipeline_latency", "data"): 9, (LANES, "useful", ""): 3},
            id="or the one that is waited for",
        ),
        pytest.param(
            program(compute(MAC, [(5, 2), None]), compute(SIMD, items(1, 3), needs(0, 2))),
            {(ARRAY, "useful", "data"): 5, (ARRAY, "pipeline_latency", "data"): 2, (LANES, "useful", ""): 3},
            id="an item without work is done with the one before it",
        ),
        pytest.param(
            program(load(1), compute(MAC, items(1, 5), needs(0, 1, reason=DRAM))),
            {
                ("load", "dram_latency", DRAM): OPEN,
                ("load", "dram_row_miss", DRAM): LATENCY - OPEN,
                ("load", "dram_bandwidth", DRAM): 4,
                (ARRAY, "useful", ""): 5,
            },
            id="a transfer: what its time went to",
        ),
        # the second of two is issued at once, and has the bus to itself when the first has moved
        pytest.param(
            program(load(2), compute(MAC, items(1, 5), needs(0, 2, reason=DRAM))),
            {
                ("load", "dram_latency", BUSY): OPEN,
                ("load", "dram_row_miss", BUSY): LATENCY - OPEN,
                ("load", "dram_bandwidth", BUSY): 4,
                ("load", "dram_bandwidth", DRAM): 4,
                (ARRAY, "useful", ""): 5,
            },
            id="transfers follow each other on the bus",
        ),
        # the bus turns round between the data of a read and of a write
        pytest.param(
            program(load(1), replace(load(1, name="store"), requests=transfers(64, write=True))),
            {
                ("load", "dram_latency", BUSY): OPEN,
                ("load", "dram_row_miss", BUSY): LATENCY - OPEN,
                ("load", "dram_bandwidth", BUSY): 4,
                ("store", "dram_turnaround", ""): 2,
                ("store", "dram_bandwidth", ""): 4,
            },
            id="a read and a write",
        ),
        pytest.param(
            program(load(200)),
            {
                ("load", "dram_latency", BUSY): OPEN,
                ("load", "dram_row_miss", BUSY): LATENCY - OPEN,
                ("load", "dram_bandwidth", BUSY): 199 * 4,
                ("load", "dram_bandwidth", ""): 4,
            },
            id="any number of transfers",
        ),
        # loaded by 36, used until 136; the slot is free then, and the row open
        pytest.param(
            program(load(2), compute(MAC, items(2, 100), needs(0, 1, 2, reason=DRAM)), pool=Pool(1, ((0, 1),))),
            {
                ("load", "dram_latency", DRAM): 2 * OPEN,
                ("load", "dram_row_miss", DRAM): LATENCY - OPEN,
                ("load", "dram_bandwidth", DRAM): 2 * 4,
                (ARRAY, "useful", NO_BUFFER): 100,
                (ARRAY, "useful", ""): 100,
            },
            id="a slot for weights",
        ),
        pytest.param(
            program(compute(MAC, items(2, 3)), compute(SIMD, items(2, 4), needs(0, 1, 2)), tiles=3, layers=2),
            {(ARRAY, "useful", "data"): 3, (LANES, "useful", BUSY): 11 * 4, (LANES, "useful", ""): 4},
            id="tiles and layers: the unit that is never idle",
        ),
        pytest.param(
            program(compute(MAC, items(300, 2))),
            {(ARRAY, "useful", BUSY): 299 * 2, (ARRAY, "useful", ""): 2},
            id="any number of requests",
        ),
    ],
)
def test_by_hand(built: Program, expected: Path) -> None:
    assert path(built) == expected


def test_the_time_of_a_request_is_split_as_accounts_split_it() -> None:
    """Of ten cycles six are useful, one fills, so three are lost at edges; the banks give half of what it asks for."""
    bandwidth = SPEC.sram.cluster_bytes_per_cycle - int(SPEC.dram_bytes_per_cycle)
    stream = replace(
        compute(MAC, [(10, 4)]),
        requests=(Work(10, 4, {0: 2 * 10 * bandwidth}),),
        costs=(Cost(10, 4, useful_cycles=6, fill_drain_cycles=1),),
    )
    assert path(replace(program(stream), contended=True)) == {
        (ARRAY, "useful", ""): 6,
        (ARRAY, "edge", ""): 3,
        (ARRAY, "fill_drain", ""): 1,
        (ARRAY, "bank_conflict", ""): 10,
        (ARRAY, "pipeline_latency", ""): 4,
    }


def test_a_run_of_no_cycles_has_no_path() -> None:
    nothing = program(replace(compute(MAC, items(1, 5)), numbers=(np.array([NOTHING]),) * len(VARIANTS)))
    assert path(nothing) == {}


def test_a_tracker_begins_anew_with_every_section() -> None:
    tracker = PathTracker()
    built = program(compute(MAC, items(3, 5))), program(compute(SIMD, items(1, 7)))
    for each, makespan in zip(built, (15, 7), strict=True):
        section: Any = SimpleNamespace(program=each)
        tracker.begin(section, 1000)
        assert run_program(each, SPEC, observer=tracker).makespan == makespan
        assert sum(tracker.spent(makespan).values()) == makespan
