"""Confidence intervals: Student's t against its tables, and how often an interval holds the mean."""

from __future__ import annotations

from random import Random

import pytest

from sim.confidence import half_width, mean, student

TABLE = {2: 9.925, 3: 5.841, 4: 4.604, 5: 4.032, 6: 3.707, 10: 3.169, 20: 2.845, 40: 2.704, 120: 2.617}  # 0.995


@pytest.mark.parametrize(("freedom", "quantile"), TABLE.items())
def test_quantiles(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.05 if freedom == 2 else 0.01)


@pytest.mark.parametrize("count", [3, 7, 24])
def test_intervals_hold_the_mean_in_99_of_100_cases(count: int) -> None:
    random, trials = Random(count), 20_000
    drawn = ([random.gauss(5, 2) for _ in range(count)] for _ in range(trials))
    held = sum(abs(mean(samples) - 5) <= half_width(samples) for samples in drawn)
    assert held / trials == pytest.approx(0.99, abs=0.003)


def test_what_is_always_the_same_is_known() -> None:
    assert half_width([4.0, 4.0, 4.0]) == 0
