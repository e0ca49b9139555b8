"""Counters, those who wait at them, records of transfers and slots for weights, in programs that need many of them."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.execution.run import run_program
from sim.lowering.program import NOTHING, VARIANTS, Dependency, Pool, Program, StreamPlan
from tests.support.plain_model import reference_makespan
from tests.support.programs import LATENCY, MAC, SIMD, compute, load, makespan, needs, program

DRAM = Reason.DRAM

LANDINGS = 256  # of the same names in sim/execution: compiled, they have no names any more
KEPT_FREE = 2


def items(count: int, cycles: int = 1, tail: int = 0) -> list[tuple[int, int] | None]:
    return [(cycles, tail)] * count


class Starts(RunObserver):
    """Keeps when the requests of each stream start."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.cycles: dict[str, list[int]] = {}

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        self.order.append(offered.plan.name)
        self.cycles.setdefault(offered.plan.name, []).append(now)


def starts(spec: MachineSpec, built: Program) -> Starts:
    observer = Starts()
    run_program(built, spec, observer=observer)
    return observer


class TestCounters:
    """How far a stream is ahead of those who wait for it."""

    @pytest.mark.parametrize("ahead", [15, 16, 17, 33, 200])
    def test_any_number_of_results_can_be_on_their_way(self, spec: MachineSpec, ahead: int) -> None:
        """Results come 500 cycles after their requests; each is read as it comes, or as the unit gets free."""
        built = program(
            compute(MAC, items(ahead, 1, 500)), compute(SIMD, items(ahead, 3), needs(0, *range(1, ahead + 1)))
        )
        assert makespan(spec, built) == reference_makespan(built) == 1 + 500 + 3 * ahead

    def test_results_come_and_are_counted_while_more_are_on_their_way(self, spec: MachineSpec) -> None:
        """The reader is always some results behind, their ring fills and empties at every place of it."""
        count = 100
        tails: list[tuple[int, int] | None] = [(1 + number % 3, 40 * (number % 7)) for number in range(count)]
        reads: list[tuple[int, int] | None] = [(1 + number % 4, 0) for number in range(count)]
        built = program(compute(MAC, tails), compute(SIMD, reads, needs(0, *range(1, count + 1))), tiles=3)
        assert makespan(spec, built) == reference_makespan(built)

    @pytest.mark.parametrize("readers", [7, 8, 9, 16, 17, 60])
    def test_any_number_of_streams_can_wait_for_the_same(self, spec: MachineSpec, readers: int) -> None:
        waiting = [compute(SIMD, items(1), needs(0, 1), name=f"reader {number}") for number in range(readers)]
        built = program(compute(MAC, items(1, 10)), *waiting, tiles=2)
        assert makespan(spec, built) == reference_makespan(built) == 10 + max(10, readers) + readers

    def test_each_is_woken_when_as_many_are_issued_as_it_needs(self, spec: MachineSpec) -> None:
        """Item k is there at 10 k; whoever began to wait first needs the most."""
        count = 20
        readers = [compute(SIMD, items(1), needs(0, count - number), name=str(number)) for number in range(count)]
        found = starts(spec, program(compute(MAC, items(count, 10)), *readers)).cycles
        assert [found[str(number)] for number in range(count)] == [[10 * (count - number)] for number in range(count)]


class TestRecordsOfTransfers:
    """What a wait for a transfer is put down to: the transfer's costs, as long as its record is kept."""

    SHARED: ClassVar = {"dram_bandwidth": 4, "dram_latency": 17, "dram_row_miss": 15}

    def waited(self, spec: MachineSpec, loads: StreamPlan, need: int) -> dict[str, int]:
        """The stalls of a unit that needs the first *need* items of *loads*, all of which are issued at once."""
        wide = spec.model_copy(update={"dma": spec.dma.model_copy(update={"outstanding": 1000})})
        execution = run_program(program(loads, compute(MAC, items(1), needs(0, need, reason=DRAM))), wide)
        return {reason: cycles for reason, cycles in execution.units[MAC].stalls.items() if reason != "nothing_left"}

    @pytest.mark.parametrize("loads", [1, 2, LANDINGS - 1, LANDINGS])
    def test_the_latest_are_known(self, spec: MachineSpec, loads: int) -> None:
        assert self.waited(spec, load(loads), 1) == self.SHARED

    @pytest.mark.parametrize("loads", [LANDINGS + 1, 2 * LANDINGS, 2 * LANDINGS + 7])
    def test_older_ones_are_forgotten(self, spec: MachineSpec, loads: int) -> None:
        assert self.waited(spec, load(loads), 1) == {DRAM: sum(self.SHARED.values())}

    @pytest.mark.parametrize("behind", [0, 1, LANDINGS - 1])
    def test_the_ring_goes_round(self, spec: MachineSpec, behind: int) -> None:
        """Transfers after the first take 4 clocks of the bus each, and wait for nothing but that."""
        loads = 2 * LANDINGS + 7
        need = loads - behind
        assert self.waited(spec, load(loads), need) == {"dram_bandwidth": 4 * need + LATENCY}

    def test_items_without_a_transfer_are_those_of_the_one_before(self, spec: MachineSpec) -> None:
        sparse = replace(load(4), numbers=(np.array([0, NOTHING, NOTHING, 0]),) * len(VARIANTS))
        assert self.waited(spec, sparse, 3) == self.SHARED
        assert self.waited(spec, sparse, 4) == {"dram_bandwidth": 4 + LATENCY + 4}


def gated(slots: int, count: int = 8) -> Program:
    """A stream uses weights but waits for another one until cycle 1000; its weights are loaded ahead."""
    return program(
        load(count),
        compute(SIMD, items(1, 1000)),
        compute(MAC, items(count), needs(0, *range(1, count + 1), reason=DRAM), needs(1, *[1] * count)),
        pool=Pool(slots, ((0, 2),)),
    )


def rivals(gate: int, second: Dependency | None = None) -> Program:
    """a loads at once and uses an item for 100 cycles; b begins to load at cycle *gate*; two slots for both."""
    more = [second] if second is not None else []
    return program(
        load(6, name="a"),
        load(6, needs(2, *[1] * 6), name="b"),
        compute(SIMD, items(1, gate)),
        compute(MAC, items(6, 100), needs(0, *range(1, 7), reason=DRAM), name="use a"),
        compute(MAC, items(6, 10), needs(1, *range(1, 7), reason=DRAM), *more, name="use b"),
        compute(SIMD, items(2, 5000), name="slow"),
        pool=Pool(2, ((0, 3), (1, 4))),
    )


class TestSlots:
    """Who gets the slots of a weight pool."""

    @pytest.mark.parametrize("slots", range(1, 8))
    def test_who_waits_for_more_than_weights_leaves_slots_free(self, spec: MachineSpec, slots: int) -> None:
        """The first weights are taken before it is known that something else is missing."""
        before = [cycle for cycle in starts(spec, gated(slots)).cycles["load"] if cycle < 1000]
        assert len(before) == max(1, slots - KEPT_FREE)

    def test_nobody_has_two_while_another_who_waits_for_weights_only_has_none(self, spec: MachineSpec) -> None:
        found = starts(spec, rivals(50))
        assert [name for name in found.order if name in "ab"][:5] == ["a", "a", "b", "a", "b"]
        assert found.cycles["b"][0] == LATENCY + 4 + 100  # when a's first slot is free

    def test_but_who_waits_for_something_else_too_does_not_count(self, spec: MachineSpec) -> None:
        """What b's user needs, too, is not even begun before all of a's are used."""
        found = starts(spec, rivals(50, needs(5, *[2] * 6)))
        assert [name for name in found.order if name in "ab"] == ["a"] * 6 + ["b"] * 6
        assert found.cycles["a"][2] == LATENCY + 4 + 100

    def test_the_oldest_work_first(self, spec: MachineSpec) -> None:
        """One slot: both tiles of a stream's before the other's, and then the next tile."""
        found = starts(
            spec,
            program(
                load(2, name="a"),
                load(2, name="b"),
                compute(MAC, items(2), needs(0, 1, 2, reason=DRAM)),
                compute(MAC, items(2), needs(1, 1, 2, reason=DRAM)),
                pool=Pool(1, ((0, 2), (1, 3))),
                tiles=2,
            ),
        )
        assert "".join(name for name in found.order if name in "ab") == "aabbaabb"

    def test_a_slot_is_free_when_the_weights_have_been_read(self, spec: MachineSpec) -> None:
        """The result comes 1000 cycles later, and is not waited for."""
        use = compute(MAC, items(2, 30, 1000), needs(0, 1, 2, reason=DRAM))
        found = starts(spec, program(load(2), use, pool=Pool(1, ((0, 1),))))
        assert found.cycles["load"] == [0, LATENCY + 4 + 30]

    def test_slots_are_shared_by_tiles_that_use_nothing(self, spec: MachineSpec) -> None:
        """Tiles without weights neither take slots nor give any back."""
        nothing, something = np.array([NOTHING, NOTHING]), np.array([0, 0])
        first = (nothing, something, nothing, something)  # something in the first tile of a layer: variants 1 and 3
        loads = replace(load(2), numbers=first)
        use = replace(compute(MAC, items(2, 30), needs(0, 1, 2, reason=DRAM)), numbers=first)
        found = starts(spec, program(loads, use, pool=Pool(1, ((0, 1),)), tiles=4, layers=3))
        assert len(found.cycles["load"]) == len(found.cycles[MAC]) == 2 * 3
