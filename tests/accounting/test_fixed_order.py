"""What requests of a run waited for: timed anew with nothing changed, every moment is as it was, to the cycle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from hw.reasons import Reason
from sim.accounting.fixed_order import fixed_order
from sim.accounting.moments import COMPLETION, END, START
from sim.accounting.order_recorder import OrderRecorder
from sim.execution.run import run_program
from sim.lowering.program import NOTHING, Pool, Program
from sim.simulation import prepare, runs_of
from tests.support.accounted import RUNS
from tests.support.held import check_kept, ordered, small
from tests.support.programs import (
    LATENCY,
    MAC,
    SIMD,
    compute,
    contended_programs,
    items,
    load,
    needs,
    one_channel,
    program,
    programs,
)

SPEC = one_channel()


@pytest.mark.parametrize("case", RUNS)
def test_every_moment_of_a_run_is_explained(case: str) -> None:
    job = small(case)
    for parts in runs_of(job, 2):
        for part in parts:
            check_kept(ordered(job.machine, part.program))


LONGER = [
    pytest.param("mamba1-d96", "edge_2x512", (), id="two arrays"),
    pytest.param("mamba3_mimo-d96", "edge_sfu", (), id="special functions"),
    pytest.param("mamba1-d96", "h200", (), id="many channels"),
    pytest.param("gla", "edge", (), id="equations"),
    pytest.param("mamba2-130m", "edge", ("precision.weights=4bit",), id="weights that are dequantised"),
]


@pytest.mark.parametrize(("workload", "machine", "assignments"), LONGER)
def test_so_it_is_on_other_machines(workload: str, machine: str, assignments: tuple[str, ...]) -> None:
    job = prepare(workload, machine, ["layers=2", "sequence_length=64", *assignments])
    for parts in runs_of(job, 2):
        for part in parts:
            check_kept(ordered(job.machine, part.program))


@given(built=programs())
@settings(max_examples=100, deadline=None)
def test_so_it_is_for_any_program(built: Program) -> None:
    check_kept(ordered(SPEC, built))


@given(built=contended_programs())
@settings(max_examples=50, deadline=None)
def test_and_where_banks_are_contended(built: Program) -> None:
    check_kept(ordered(SPEC, built))


def test_what_comes_after_tiles_without_work_waits_for_what_came_before_them() -> None:
    seldom = compute(MAC, [None, None], needs(0, 1, 2), first=[(5, 90), None], last=[(3, 2), (3, 2)], only=[(5, 9)] * 2)
    user = compute(SIMD, items(2), needs(1, 1, 2, reason=Reason.NO_BUFFER))
    built = program(compute(SIMD, items(2, 7)), seldom, user, layers=2, tiles=5)
    assert (built.streams[1].numbers[0] == NOTHING).all()
    check_kept(ordered(SPEC, built))


@pytest.mark.parametrize("slots", [3, 4, 8])
def test_slots_of_the_weight_pool(slots: int) -> None:
    """Two loads of four tiles each; the second user needs the first one's results."""
    loads = [load(4, name="load.a"), load(4, name="load.b")]
    users = [
        compute(MAC, items(4, 30, 5), needs(0, 1, 2, 3, 4, reason=Reason.DRAM), name="a"),
        compute(MAC, items(4, 20), needs(1, 1, 2, 3, 4, reason=Reason.DRAM), needs(2, 4, 4, 4, 4), name="b"),
    ]
    pool = Pool(slots, ((0, 2), (1, 3)))
    check_kept(ordered(SPEC, program(*loads, *users, pool=pool, layers=2, tiles=3)))


def test_parts_of_a_transfer_and_of_a_result() -> None:
    """64 bytes move for 4 clocks, here cycles, after the latency; a result comes 6 after its end."""
    built = program(load(1), compute(SIMD, items(1, 10, 6), needs(0, 1, reason=Reason.DRAM)))
    found = ordered(SPEC, built)
    assert found.cycles.tolist() == [4, LATENCY, 0, 10, 0, 6]
    start = 4 + LATENCY
    assert found.recorded[1, [START, END, COMPLETION]].tolist() == [start, start + 10, start + 16]


def test_a_request_that_started_too_early_is_a_fault() -> None:
    built = program(compute(MAC, items(2, 10)), compute(SIMD, items(2, 5), needs(0, 1, 2)))
    late = replace(built.streams[1], dependencies=[needs(0, 2, 2)])
    recorder = OrderRecorder()
    recorder.follow(built)
    run_program(built, SPEC, observer=recorder)
    with pytest.raises(AssertionError, match="started 10 cycles too early"):
        fixed_order(replace(built, streams=(built.streams[0], late)), SPEC, recorder)


def test_an_empty_run() -> None:
    nothing = compute(SIMD, [None, None])
    found = ordered(SPEC, program(nothing))
    assert (found.makespan, found.requests, found.timed.makespan(1, 2, 1)) == (0, 0, 0)
    assert np.asarray(found.timed.path()).tolist() == [0, 0, 0, 0]
