"""Slots for weights: what they hide, who gets them, and when they are given back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.lowering.program import NOTHING, Dependency, Pool, Program
from tests.support.programs import LATENCY, MAC, OPEN, SIMD, compute, items, load, makespan, needs, program, starts

DRAM, NO_BUFFER = Reason.DRAM, Reason.NO_BUFFER
KEPT_FREE = 2  # of the same name in sim/execution: compiled, it has no name any more


def weights(slots: int, cycles: int, tiles: int = 1) -> Program:
    use = compute(MAC, [(cycles, 0)] * 4, needs(0, 1, 2, 3, 4, reason=DRAM))
    return program(load(4), use, pool=Pool(slots, ((0, 1),)), tiles=tiles)


@pytest.mark.parametrize(
    ("built", "cycles"),
    [
        # With one slot every tile is fetched on an idle bus, after the one before it has been used.
        pytest.param(weights(1, 100), LATENCY + 3 * OPEN + 4 * (4 + 100), id="one slot"),
        pytest.param(weights(2, 100), LATENCY + 4 + 4 * 100, id="two slots hide the fetch"),
        pytest.param(weights(3, 100), LATENCY + 4 + 4 * 100, id="a third is not needed"),
        pytest.param(weights(2, 100, tiles=3), LATENCY + 4 + 12 * 100, id="ahead into the next tile"),
        # With four slots all are fetched at once, 4 clocks apart.
        pytest.param(weights(4, 10), LATENCY + 4 + 4 * 10, id="four slots fetch all at once"),
    ],
)
def test_weight_pool(spec: MachineSpec, built: Program, cycles: int) -> None:
    assert makespan(spec, built) == cycles


def test_weights_that_wait_for_the_input_do_not_fill_the_pool(spec: MachineSpec) -> None:
    """The second user's weights must get a slot although the first, a tile ahead, waits for its own input."""
    built = program(
        load(1, needs(5, 0, reason=NO_BUFFER), name="load.input"),
        load(1, name="load.weights.in"),
        load(2, name="load.weights.out"),
        compute(MAC, [(5, 0)], needs(0, 1, reason=DRAM), needs(1, 1, reason=DRAM), name="in"),
        compute(SIMD, [(500, 0)], needs(3, 1), name="between"),
        compute(MAC, [(5, 0)] * 2, needs(4, 1, 1), needs(2, 1, 2, reason=DRAM), name="out"),
        pool=Pool(2, ((1, 3), (2, 5))),
        tiles=4,
    )
    assert makespan(spec, built) > 4 * (5 + 500 + 10)


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
