"""Decode on a GPU: where one curve overtakes another, as simulated and as measured."""

from __future__ import annotations

import pytest

from sim.paper.gpu_decode import crossing


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([1, 2, 4, 8], [0.5, 1, 8, 16], 2**1.5, id="as far behind as ahead: the geometric mean"),
        pytest.param([1, 2, 4, 8], [0.5, 1, 2, 4], None, id="never"),
        pytest.param([1, 2, 4, 8], [2, 4, 8, 16], 1, id="always"),
        pytest.param([1, 2, 4, 8], [2, 1, 8, 16], 2**1.5, id="the last crossing"),
    ],
)
def test_crossing(first: list[float], second: list[float], expected: float | None) -> None:
    assert crossing([1, 2, 4, 8], first, second) == (expected if expected is None else pytest.approx(expected))
