"""Longest paths: small orders whose paths are worked out in the row."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from sim.accounting.max_plus import MaxPlus
from sim.accounting.moments import COMPLETION, END, MOMENTS, NONE, START

BUSY, RESULT = END, COMPLETION


def order(*requests: tuple[int, int, int, int, list[int]], bus: dict[int, int] | None = None) -> MaxPlus:
    """Requests (stream, work, rest, tail, moments that they wait for); *bus* says which move after which."""
    causes = [moment for *_, waits in requests for moment in waits]
    firsts = np.cumsum([0, *(len(waits) for *_, waits in requests)]).tolist()
    last: dict[int, int] = {}
    before = []
    for number, (stream, *_) in enumerate(requests):
        before.append(MOMENTS * last[stream] + COMPLETION if stream in last else NONE)
        last[stream] = number
    buses = [MOMENTS * (bus or {})[number] + END if number in (bus or {}) else NONE for number in range(len(requests))]
    streams, work, rest, tails = ([request[part] for request in requests] for part in range(4))
    columns = (firsts, causes, [0] * len(requests), buses, before, streams, work, rest, tails)
    return MaxPlus(*(array("q", column) for column in columns))


def after(request: int, moment: int) -> int:
    return MOMENTS * request + moment


def scaled(timed: MaxPlus, *parts: int, streams: int = 2) -> MaxPlus:
    timed.scale(array("q", [int(number in parts) for number in range(3 * streams)]))
    return timed


def test_moments_follow_each_other() -> None:
    """0-10, its result at 13; 13-18; a transfer issued at 0 that moves for 4 cycles after the first has ended."""
    timed = order((0, 8, 2, 3, []), (1, 5, 0, 1, [after(0, RESULT)]), (1, 4, 0, 0, [after(0, START)]), bus={2: 0})
    assert timed.makespan(0, 1, 1) == 19
    assert timed.times().tolist() == [[0, 10, 13], [13, 18, 19], [0, 14, 19]]  # results of a stream leave in order


CHAIN = ((0, 10, 0, 3, []), (0, 10, 0, 3, [after(0, BUSY)]), (1, 5, 0, 0, [after(0, RESULT)]),
         (1, 5, 0, 0, [after(2, BUSY), after(1, RESULT)]))  # fmt: skip
DERIVATIVES = [
    pytest.param([0], (0, 1), 28, 20, 20, id="work on the path"),
    pytest.param([2], (0, 1), 28, 3, 3, id="one tail of two"),
    pytest.param([3], (0, 1), 28, 5, 5, id="one request of two"),
    pytest.param([0, 2, 3], (0, 1), 28, 28, 28, id="everything"),
    pytest.param([0], (-1, 2), 2 * 18, 10, 20, id="at a bend"),  # 0-5, 5-10, result at 13; 8-13, 13-18
    pytest.param([0], (-3, 4), 4 * 15.5, 10, 10, id="beyond it"),  # 0-2.5, result at 5.5; 5.5-10.5-15.5
    pytest.param([0], (1, 3), 3 * 28 + 20, 20, 20, id="a third slower"),
]


@pytest.mark.parametrize(("parts", "change", "makespan", "left", "right"), DERIVATIVES)
def test_derivatives(parts: list[int], change: tuple[int, int], makespan: float, left: int, right: int) -> None:
    timed = scaled(order(*CHAIN), *parts)
    for most, rate in ((-1, left), (1, right)):
        assert timed.makespan(*change, most) == makespan
        assert timed.rate == rate


def test_ties_have_two_derivatives() -> None:
    timed = scaled(order((0, 10, 0, 0, []), (1, 10, 0, 0, [])), 0)
    assert [(timed.makespan(0, 1, most), timed.rate) for most in (-1, 1)] == [(10, 0), (10, 10)]
    assert np.asarray(timed.path()).tolist() == [10, 0, 0, 0, 0, 0, 0]
    timed.makespan(0, 1, -1)
    assert np.asarray(timed.path()).tolist() == [0, 0, 0, 10, 0, 0, 0]


def test_path_sums_to_the_makespan() -> None:
    timed = scaled(order(*CHAIN))
    assert timed.makespan(0, 1, 1) == 28
    assert np.asarray(timed.path()).tolist() == [20, 0, 3, 5, 0, 0, 0]
    timed = order((0, 8, 2, 0, []), (1, 7, 1, 6, []), bus={1: 0})
    assert timed.makespan(0, 1, 1) == 24
    assert np.asarray(timed.path()).tolist() == [8, 2, 0, 7, 1, 6, 0]
