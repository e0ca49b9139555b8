"""Integer arithmetic that loses nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.integers import apportion, ceil_div


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [
        pytest.param(0, 3, 0, id="zero"),
        pytest.param(6, 3, 2, id="exact"),
        pytest.param(7, 3, 3, id="one over"),
        pytest.param(1, 10**18, 1, id="small over large"),
        pytest.param(10**18 + 1, 10**9, 10**9 + 1, id="beyond the precision of floats"),
    ],
)
def test_ceil_div_rounds_up(numerator: int, denominator: int, quotient: int) -> None:
    assert ceil_div(numerator, denominator) == quotient


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        pytest.param(10, {"a": 1, "b": 1}, {"a": 5, "b": 5}, id="even"),
        pytest.param(1, {"a": 1, "b": 1}, {"a": 1, "b": 0}, id="a tie goes to the earlier key"),
        pytest.param(10, {"a": 1, "b": 2}, {"a": 3, "b": 7}, id="3.33 and 6.67"),
        pytest.param(7, {"a": 0, "b": 5}, {"a": 0, "b": 7}, id="weight zero gets nothing"),
        pytest.param(7, {"a": 0, "b": 0}, {"a": 7, "b": 0}, id="no weights at all"),
        pytest.param(0, {"a": 3, "b": 4}, {"a": 0, "b": 0}, id="nothing to split"),
    ],
)
def test_apportion_by_largest_remainder(total: int, weights: dict[str, int], parts: dict[str, int]) -> None:
    assert apportion(total, weights) == parts


@settings(deadline=None)
@given(
    total=st.integers(0, 10**15),
    weights=st.dictionaries(st.text(max_size=3), st.integers(0, 10**9), min_size=1, max_size=8),
)
def test_apportioned_parts_sum_exactly_and_are_proportional_within_one(total: int, weights: dict[str, int]) -> None:
    parts = apportion(total, weights)
    assert list(parts) == list(weights)
    assert sum(parts.values()) == total
    assert min(parts.values()) >= 0
    scale = sum(weights.values())
    if scale:
        assert all(abs(parts[key] - Fraction(total * weights[key], scale)) < 1 for key in weights)
