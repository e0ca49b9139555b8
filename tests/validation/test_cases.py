"""Cases of comparisons with reference data, and their summaries."""

from __future__ import annotations

from math import inf

import pytest

from sim.validation.cases import grouped, summarise, worst
from tests.support.cases import case


@pytest.mark.parametrize(
    ("reference", "predicted", "error", "holds"),
    [
        pytest.param(100, 100, 0.0, True, id="equal"),
        pytest.param(0, 0, 0.0, True, id="nothing of nothing"),
        pytest.param(100, 110, 0.1, True, id="as much as it may"),
        pytest.param(100, 90, -0.1, True, id="as little as it may"),
        pytest.param(100, 111, 0.11, False, id="too much"),
        pytest.param(100, 89, -0.11, False, id="too little"),
        pytest.param(0, 1, inf, False, id="something of nothing"),
    ],
)
def test_error(reference: float, predicted: float, error: float, holds: bool) -> None:
    assert case(reference, predicted).error == pytest.approx(error)
    assert case(reference, predicted).holds is holds


def test_summary_of_a_group() -> None:
    members = [case(100, 101), case(100, 80), case(100, 105, 0.2), case(100, 100, group="other")]
    first, other = summarise(members)
    assert (first.group, first.cases, first.broken, first.tolerance) == ("g", 3, 1, 0.2)
    assert (first.worst, first.median) == (pytest.approx(0.2), pytest.approx(0.05))
    assert (first.verdict, other.verdict) == ("out of tolerance", "holds")
    assert worst(members) is members[1]
    assert list(grouped(members)) == [("s", "g"), ("s", "other")]
