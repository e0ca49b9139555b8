"""Makespans in an order that is kept: convex, exact where no order can change, and where their lines end."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.accounting.scaling import lengths
from sim.execution.run import run_program
from sim.explanation.elasticity import Duration
from sim.explanation.held_order import FASTER, SLOWER, Scaling, counts, record
from sim.lowering.program import Program
from sim.simulation import makespan_cycles
from tests.support.held import run_of, scaling, small, whole_cycles
from tests.support.programs import MAC, SIMD, compute, items, needs, one_channel, program, programs

SPEC = one_channel()
# array 0-10, 10-20, results at 13 and 23; lanes 13-18, 23-28
CHAIN = program(compute(MAC, items(2, 10, 3)), compute(SIMD, items(2, 5), needs(0, 1, 2)))


def test_a_chain_by_hand() -> None:
    """A faster array gains its 20 cycles until the lanes have no pause any more: results at 8 and 13, half as long."""
    array = scaling(SPEC, CHAIN, MAC)
    assert (array.makespan, array.cycles) == (28, 20)
    assert [array.slope(side) for side in (FASTER, SLOWER)] == [20, 20]
    faster = array.bend(FASTER)
    assert faster is not None
    assert (faster.change, faster.gains) == (Fraction(-1, 2), "simd on simd")
    assert array.bend(SLOWER) is None
    lanes = scaling(SPEC, CHAIN, SIMD)
    assert [lanes.slope(side) for side in (FASTER, SLOWER)] == [5, 5]
    assert (lanes.bend(FASTER), lanes.bend(SLOWER)) == (None, None)  # twice as long they just have no pause
    tail = scaling(SPEC, CHAIN, MAC, part="tail")
    assert (tail.slope(SLOWER), tail.cycles) == (3, 6)
    both = scaling(SPEC, CHAIN, "")
    assert (both.slope(SLOWER), both.time(Fraction(1))) == (28, 56)


def test_where_a_line_is_off_by_a_percent() -> None:
    """Beyond a half it is ten cycles a unit too low, and a percent of 28 is 0.28 cycles."""
    leaves = scaling(SPEC, CHAIN, MAC).leaves(FASTER)
    assert leaves is not None
    assert float(leaves.change) == pytest.approx(-0.528, abs=1e-3)
    assert leaves.gains == "simd on simd"
    assert scaling(SPEC, CHAIN, MAC).leaves(SLOWER) is None


UNITS = (MAC, SIMD)
CHANGES = st.fractions(-1, 1, max_denominator=50)


@given(built=programs(), unit=st.sampled_from(UNITS), changes=st.tuples(CHANGES, CHANGES))
@settings(max_examples=100, deadline=None)
def test_makespans_are_convex(built: Program, unit: str, changes: tuple[Fraction, Fraction]) -> None:
    found = scaling(SPEC, built, unit)
    one, two = map(found.time, changes)
    assert found.time(sum(changes, Fraction(0)) / 2) <= (one + two) / 2
    for change in changes:
        side = FASTER if change < 0 else SLOWER
        assert found.time(change) >= found.makespan + found.slope(side) * change


@given(built=programs(), unit=st.sampled_from(UNITS), side=st.sampled_from([FASTER, SLOWER]))
@settings(max_examples=100, deadline=None)
def test_a_line_holds_to_its_bend_and_not_beyond(built: Program, unit: str, side: int) -> None:
    found = scaling(SPEC, built, unit)
    bend = found.bend(side)
    end = Fraction(side) if bend is None else bend.change

    def off(change: Fraction) -> Fraction:
        return found.time(change) - found.makespan - found.slope(side) * change

    assert [off(end * part) for part in (Fraction(1, 3), Fraction(1, 2), Fraction(1))] == [0, 0, 0]
    if bend is not None:
        assert off(end + Fraction(side, 10**6)) > 0


@given(built=programs(), times=st.integers(2, 3))
@settings(max_examples=100, deadline=None)
def test_it_is_a_rerun_where_no_order_can_change(built: Program, times: int) -> None:
    """With a stream for each unit, which starts its items in turn: times as long by timing anew and by a run."""
    one_each = tuple({plan.unit: plan for plan in reversed(built.streams)}.values())
    alone = [replace(plan, dependencies=[]) for plan in one_each]
    for number, plan in enumerate(one_each):
        known = [each for each in plan.dependencies if built.streams[each.producer] is plan]
        alone[number] = replace(plan, dependencies=[replace(each, producer=number) for each in known])
    if len(alone) > 1:  # the second also needs what the first has done of as many items of earlier tiles
        first, second = alone
        table = [min(item, first.items) for item in range(second.items)]
        alone[1] = replace(second, dependencies=[*second.dependencies, needs(0, *table)])
    found = program(*alone, layers=built.layers, tiles=built.tiles_per_layer)
    assert scaling_all(found).time(Fraction(times - 1)) == run_program(whole_cycles(found, times), SPEC).makespan


def scaling_all(built: Program) -> Scaling:
    """The work of every unit, tails as they are."""
    run = run_of(SPEC, built)
    found = Scaling([run], Duration("", "", "work"))
    for each in found._runs:
        for place in range(2, len(each.scaled), 3):
            each.scaled[place] = 0
    return found


COUNTS = [(48, 2), (48, 1), (48, None), (3, 3), (2, 5), (5, 2)]


@pytest.mark.parametrize(("layers", "simulated"), COUNTS)
def test_runs_count_as_often_as_layers_are(layers: int, simulated: int | None) -> None:
    pairs = zip(counts(layers, simulated), lengths(layers, simulated), strict=True)
    assert sum(times * length for times, length in pairs) == layers


@pytest.mark.parametrize("case", ["mamba1-edge-prefill", "mamba-130m-edge-decode", "ragged"])
@pytest.mark.parametrize("layers", [1, 2, None])
def test_the_makespan_is_that_of_the_job(case: str, layers: int | None) -> None:
    job = small(case)
    found = Scaling(record(job, layers), Duration("simd", "", "work"))
    assert found.makespan == makespan_cycles(job, layers)
    assert found.time(Fraction(0)) == found.makespan
    bend = found.bend(SLOWER)
    end = Fraction(1) if bend is None else bend.change
    for part in (Fraction(1, 2), Fraction(1)):
        assert found.time(end * part) == found.makespan + found.slope(SLOWER) * end * part
