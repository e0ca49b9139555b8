"""Counters of traces: means of a step function over bins that widen as the run goes on."""

from __future__ import annotations

import numpy as np
import pytest

from sim.trace.step_function import BINS, StepFunction

Span = tuple[int, int, float]  # from cycle, to cycle, higher by


def folded(spans: list[Span], shown: tuple[int, int], at_once: int) -> tuple[int, int, list[float]]:
    """The means of a step function that is told *spans*, *at_once* of them between foldings."""
    function = StepFunction()
    for first in range(0, len(spans), at_once):
        starts, ends, amounts = zip(*spans[first : first + at_once], strict=True)
        function.span(np.array(starts), np.array(ends), np.array(amounts, float))
        function.take_in(starts[-1], (shown[0], min(shown[1], max(ends))) if max(ends) > shown[0] else None)
    return function.means()


def mean(spans: list[Span], start: int, end: int) -> float:
    """What a bin should have."""
    return sum(amount * max(0, min(end, stop) - max(start, first)) for first, stop, amount in spans) / (end - start)


CASES: dict[str, tuple[list[Span], tuple[int, int], int]] = {  # spans; cycles shown; width of a bin
    "one": ([(0, 100, 1.0)], (0, 100), 1),
    "constant": ([(0, 10 * BINS, 3.0)], (0, 10 * BINS), 16),
    "a long time without a change": ([(0, 5, 1.0), (1000 * BINS, 1000 * BINS + 7, 2.0)], (0, 1000 * BINS + 7), 1024),
    "a change that ends on the last bin": ([(0, BINS, 1.0)], (0, BINS), 1),
    "one cycle more": ([(0, BINS + 1, 1.0)], (0, BINS + 1), 2),
    "began before": ([(0, 600, 1.0), (200, 700, 1.0)], (500, 700), 1),
    "goes on after": ([(500, 900, 1.0), (950, 5000 * BINS, 1.0)], (500, 1000), 1),
    "goes on after, then shown": ([(0, 9 * BINS, 1.0), (5, 7, 1.0), (8, 3 * BINS, 1.0)], (0, 3 * BINS), 4),
}


@pytest.mark.parametrize("at_once", [1, 2, 3])
@pytest.mark.parametrize(("spans", "shown", "width"), CASES.values(), ids=list(CASES))
def test_bins_have_the_mean(spans: list[Span], shown: tuple[int, int], width: int, at_once: int) -> None:
    start, found, values = folded(spans, shown, at_once)
    assert (start, found) == (shown[0], width)
    assert len(values) == -(-(shown[1] - shown[0]) // width) <= BINS
    for number, value in enumerate(values):
        begin = start + number * width
        assert value == pytest.approx(mean(spans, begin, begin + width))


def test_nothing_shown_has_no_bins() -> None:
    function = StepFunction()
    function.span(np.array([5]), np.array([9]))
    function.take_in(20, None)
    assert function.means() == (0, 1, [])
