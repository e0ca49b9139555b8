"""Counters, those who wait at them, and records of transfers, in programs that need many of them."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.execution.run import run_program
from sim.lowering.program import NOTHING, VARIANTS, StreamPlan
from tests.support.plain_model import reference_makespan
from tests.support.programs import LATENCY, MAC, SIMD, compute, items, load, makespan, needs, program, starts

DRAM = Reason.DRAM

LANDINGS = 256  # of the same name in sim/execution: compiled, it has no name any more


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
