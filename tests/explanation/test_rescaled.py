"""Programs with requests that take longer or shorter, and runs of them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hw.requests import Work
from sim.explanation.elasticity import Duration
from sim.explanation.held_order import Scaling, record
from sim.explanation.rescaled import rerun_cycles, rescaled
from sim.lowering.program import Transfers
from sim.simulation import makespan_cycles
from tests.support.held import small
from tests.support.programs import MAC, compute, items, load

CASES = [
    pytest.param(Duration(MAC, "", "work"), Fraction(3, 2), (15, 4), id="work"),
    pytest.param(Duration(MAC, "", "tail"), Fraction(3, 2), (10, 6), id="tail"),
    pytest.param(Duration("", "", "work"), Fraction(1, 2), (5, 2), id="all compute units"),
    pytest.param(Duration(MAC, "", "work"), Fraction(1, 100), (1, 4), id="at least a cycle"),
]


@pytest.mark.parametrize(("duration", "factor", "expected"), CASES)
def test_requests_take_so_much_longer(duration: Duration, factor: Fraction, expected: tuple[int, int]) -> None:
    (work,) = rescaled(compute(MAC, items(1, 10, 4)), factor, duration).requests
    assert isinstance(work, Work)
    assert (work.cycles, work.tail_cycles) == expected


def test_transfers_move_so_many_bytes() -> None:
    found = rescaled(load(1), Fraction(3, 2), Duration("dma", "", "work")).requests
    assert isinstance(found, Transfers)
    assert found.sizes.tolist() == [96]


def test_nothing_changed_is_the_run() -> None:
    job = small("mamba1-edge-prefill")
    runs = record(job, None)
    assert rerun_cycles(job, runs, Duration("simd", "", "work"), Fraction(0)) == makespan_cycles(job)
    assert rerun_cycles(job, runs, Duration("dma", "", "rest"), Fraction(1)) is None


@pytest.mark.parametrize("case", ["mamba1-edge-prefill", "mamba2-edge-prefill", "mamba3_mimo-edge-prefill"])
@pytest.mark.parametrize("percent", [-10, 10])
def test_all_units_faster_or_slower_are_what_was_foretold(case: str, percent: int) -> None:
    """All compute units together leave the order nearly as it is: within 3 % of the makespan."""
    job, duration, change = small(case), Duration("", "", "work"), Fraction(percent, 100)
    runs = record(job, None)
    again = rerun_cycles(job, runs, duration, change)
    assert again is not None
    found = Scaling(runs, duration)
    assert abs(float(found.time(change)) - again) < 0.03 * found.makespan
