"""What runs tell of other points, and which rows are beaten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.studies.candidates import grid
from sim.studies.evaluate import Outcome, evaluate
from sim.studies.knowledge import MARGIN, Knowledge, beaten
from tests.support.goals import small_goal


@pytest.fixture
def known(tmp_path: Path) -> Knowledge:
    """Of three numbers of lanes, at two chunks that do not compare."""
    axes = {"simd.lanes": [8, 16, 32], "batch": [1, 2]}
    goal = small_goal(
        tmp_path, axes=axes, constraints=["tokens_per_second >= 50000"], more_is_not_slower=["simd.lanes"]
    )
    return Knowledge(goal, grid(goal).candidates)


def test_a_run_tells_of_those_with_less_and_with_more(known: Knowledge) -> None:
    known.measure(2, "mamba2", Outcome({"makespan_cycles": 10**9, "tokens_per_second": 4.0}))
    rates = known.ranges(assumed=True)["tokens_per_second"]
    bounds = known.ranges()["tokens_per_second"]
    assert rates.least[2] == rates.most[2] == 4.0
    assert rates.most[0] == pytest.approx(4.0 * (1 + MARGIN)) and rates.least[0] == 0
    assert rates.least[4] == pytest.approx(4.0 / (1 + MARGIN)) and rates.most[4] == bounds.most[4]
    assert all(rates.most[odd] == bounds.most[odd] for odd in (1, 3, 5))  # another batch


def test_what_does_not_fit_fits_with_less_even_less(known: Knowledge) -> None:
    known.measure(2, "mamba2", Outcome({}, error="needs more"))
    met = known.met(known.ranges(assumed=True))
    assert known.failed.tolist() == [False, False, True, False, False, False]
    assert met.may.tolist()[0] is False and met.may.tolist()[4] is True


def test_a_bound_holds_for_what_is_run(known: Knowledge) -> None:
    side = known._candidates[5].sides["mamba2"]
    before = known.ranges()
    known.measure(5, "mamba2", evaluate(side.point))
    for text, span in known.ranges().items():
        assert before[text].least[5] <= span.least[5] == span.most[5] <= before[text].most[5]


def test_rows_that_are_no_better_in_any_column() -> None:
    values = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [3.0, 0.0]])
    assert beaten(values, np.array([[2.0, 1.0]])).tolist() == [False, True, True, False]
