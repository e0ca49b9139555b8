"""Runs of programs against a plain SimPy model of what a program means, and corner cases worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.requests import Transfer
from hw.sram import SramSpec
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.execution.run import STRIDES, Stride, run_program
from sim.files.errors import DeadlockError
from sim.lowering.program import Pool, Program
from tests.support.plain_banks import PlainBanks
from tests.support.plain_model import reference_makespan
from tests.support.programs import (
    LATENCY,
    MAC,
    SIMD,
    compute,
    contended_programs,
    load,
    makespan,
    needs,
    program,
    programs,
)

DRAM, NO_BUFFER, RECURRENCE = Reason.DRAM, Reason.NO_BUFFER, "recurrence"

ALWAYS = -(1 << 60)
RING = [ALWAYS, ALWAYS, 1, 2]  # item i may overwrite what item i - 2 has made


@pytest.mark.parametrize(
    ("built", "cycles"),
    [
        pytest.param(program(compute(MAC, [(5, 3)] * 3)), 15 + 3, id="tails overlap but for the last"),
        pytest.param(program(compute(MAC, [(5, 9), (5, 0)])), 5 + 9, id="results come in order"),
        pytest.param(program(compute(MAC, [(5, 0)] * 3), tiles=4, layers=2), 8 * 15, id="tiles of layers"),
        pytest.param(
            program(compute(MAC, [(5, 2)] * 3), compute(SIMD, [(3, 0)] * 3, needs(0, 1, 2, 3))),
            3 * 5 + 2 + 3,
            id="data waits for the tail",
        ),
        # Two slots: item 2 waits until the reader of item 0 has read it, at 5 + 9 (its tail does not count).
        pytest.param(
            program(
                compute(MAC, [(5, 0)] * 4, needs(1, *RING, reason=NO_BUFFER)),
                compute(SIMD, [(9, 50)] * 4, needs(0, 1, 2, 3, 4)),
            ),
            5 + 4 * 9 + 50,
            id="buffer space does not wait for the tail",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)] * 4, needs(1, *RING)), compute(SIMD, [(9, 50)] * 4, needs(0, 1, 2, 3, 4))),
            5 + (9 + 50) + 5 + 9 + 9 + 50,  # items 2 and 3 are made when results 0 and 1 are there, 9 cycles apart
            id="but a result does",
        ),
        pytest.param(
            program(
                compute(MAC, [(5, 0)], needs(1, 0, reason=NO_BUFFER)), compute(SIMD, [(9, 0)], needs(0, 1)), tiles=4
            ),
            4 * (5 + 9),
            id="one slot across tiles",
        ),
        pytest.param(
            program(compute(MAC, [(5, 4)], needs(0, 0, reason=RECURRENCE)), tiles=3, layers=2),
            6 * (5 + 4),
            id="recurrence across tiles and layers",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0), None, (5, 0)]), compute(SIMD, [(1, 0)] * 3, needs(0, 1, 2, 3))),
            10 + 1,
            id="nothing to do in an item",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)], first=[(50, 0)], last=[(500, 0)]), tiles=4, layers=2),
            2 * (50 + 5 + 5 + 500),
            id="first and last tiles of a layer",
        ),
        pytest.param(program(compute(MAC, [(5, 0)], only=[(7, 0)]), layers=3), 3 * 7, id="a tile that is both"),
        # The older stream's second item is not ready before 20; the younger fills the gap but does not delay more.
        pytest.param(
            program(
                compute(SIMD, [(20, 0)]), compute(MAC, [(5, 0), (5, 0)], needs(0, 0, 1)), compute(MAC, [(6, 0)] * 3)
            ),
            5 + 3 * 6 + 5,  # at 20 the third of them runs (17 to 23)
            id="a younger stream fills the gap",
        ),
        pytest.param(program(load(1), compute(MAC, [(5, 0)], needs(0, 1, reason=DRAM))), LATENCY + 4 + 5, id="load"),
        pytest.param(
            program(load(3), compute(MAC, [(5, 0)] * 3, needs(0, 1, 2, 3, reason=DRAM))),
            LATENCY + 4 + 3 * 5,
            id="loads follow each other on the bus",
        ),
    ],
)
def test_makespan(spec: MachineSpec, built: Program, cycles: int) -> None:
    assert makespan(spec, built) == cycles


@pytest.mark.parametrize(
    ("built", "lines"),
    [
        pytest.param(
            program(
                compute(MAC, [(5, 0)], needs(1, 1), name="left"), compute(SIMD, [(5, 0)], needs(0, 1), name="right")
            ),
            ["left tile 0 item 0: data: right 0/1", "right tile 0 item 0: data: left 0/1"],
            id="two wait for each other",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)] * 3, needs(0, 0, 1, 3, reason=RECURRENCE), name="self"), tiles=2),
            ["self tile 0 item 2: recurrence: self 2/3"],
            id="one waits for itself",
        ),
        pytest.param(
            program(
                compute(MAC, [(5, 0)] * 2, needs(1, 0, 1, reason=NO_BUFFER), name="writer"),
                compute(SIMD, [(5, 0)], needs(0, 2), name="reader"),
            ),
            ["writer tile 0 item 1: no_buffer: reader 0/1", "reader tile 0 item 0: data: writer 1/2"],
            id="too few slots",
        ),
        pytest.param(
            program(load(2, name="weights"), compute(MAC, [(5, 0)], needs(0, 2, reason=DRAM)), pool=Pool(1, ((0, 1),))),
            ["weights tile 0 item 1: no_buffer: no slot for weights", "mac_array tile 0 item 0: dram: weights 1/2"],
            id="two weight tiles at once in one slot",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)] * 2, needs(0, 0, -1), name="self"), compute(SIMD, [(1, 0)], needs(0, 5))),
            ["simd tile 0 item 0: data: self 2/5"],
            id="more than there will ever be: those that have ended are not named",
        ),
    ],
)
def test_a_deadlock_names_who_waits_for_what(spec: MachineSpec, built: Program, lines: list[str]) -> None:
    with pytest.raises(DeadlockError) as caught:
        makespan(spec, built)
    assert str(caught.value).splitlines() == ["the schedule cannot go on:", *lines]


@pytest.mark.parametrize("stride", STRIDES)
def test_every_tile_of_the_last_stream_is_told_when_its_last_item_starts(spec: MachineSpec, stride: Stride) -> None:
    heard: list[tuple[int, int]] = []
    built = program(compute(MAC, [(5, 0)]), compute(SIMD, [(7, 0)], needs(0, 1)), tiles=3)
    run_program(built, spec, stride=stride, on_tile=lambda done, cycle: heard.append((done, cycle)))
    assert heard == [(1, 5), (2, 12), (3, 19)]


@settings(max_examples=120)
@given(built=programs())
def test_random_programs_take_what_a_plain_simpy_model_takes(spec: MachineSpec, built: Program) -> None:
    assert makespan(spec, built) == reference_makespan(built)


class Ends(RunObserver):
    """Tells plain banks of every request and transfer as it is issued, and keeps when each ends: found, expected."""

    def __init__(self, rate: int) -> None:
        self._banks = PlainBanks((MAC, SIMD), rate, dma_rate=16)
        self.ends: list[tuple[int, int]] = []

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        request = offered.plan.requests[offered.request_number]
        if isinstance(request, Transfer):  # a cycle is a clock, in which 16 bytes move
            self._banks.transfer(end - request.size_bytes // 16, end)
        else:
            size = request.demand[0]
            self.ends.append((end, self._banks.request(offered.plan.unit, now, request.cycles, size)))


@settings(max_examples=120, deadline=None)
@given(built=contended_programs(), rate=st.integers(8, 80))
def test_requests_take_what_plain_banks_give(spec: MachineSpec, built: Program, rate: int) -> None:
    """One bank; requests ask for up to 64 bytes a cycle, the DMA engine for 16, of which it gets half of *rate*."""
    sram = SramSpec(capacity="64KiB", banks=1, bank_width=f"{rate}B", ports=1, interleave=1)
    observer = Ends(rate)
    run_program(built, spec.model_copy(update={"sram": sram}), observer=observer)
    assert [found for found, _ in observer.ends] == [expected for _, expected in observer.ends]
