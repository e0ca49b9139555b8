"""What is certain whatever the schedules, and what is only so by those that were found."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.paper.ranking import VARIANTS, WAYS, standings
from sim.paper.runs import Runs
from tests.support.reproduction import fake, standing


@pytest.mark.parametrize(
    ("runs", "order", "settled"),
    [
        pytest.param([(300, 290), (100, 99), (200, 190)], [1, 2, 0], [True, True], id="all settled"),
        pytest.param([(300, 150), (100, 99), (200, 190)], [1, 2, 0], [True, False], id="the last two are open"),
        pytest.param([(300, 290), (100, 99), (101, 100)], [1, 2, 0], [False, True], id="equal to the bound is open"),
    ],
)
def test_an_order_is_settled_where_a_run_is_below_the_others_bound(
    runs: list[tuple[int, int]], order: list[int], settled: list[bool]
) -> None:
    found = standing(*runs)
    assert found.order() == order
    assert [found.settled(*pair) for pair in pairwise(order)] == settled


def test_a_penalty_lies_between_what_the_bounds_allow() -> None:
    assert standing((1, 1), (100, 80), (120, 110)).penalty() == pytest.approx((10, 20, 50))


def test_every_machine_in_every_way() -> None:
    found = standings(Runs(simulate=fake))
    assert set(found) == set(WAYS)
    for those in found.values():
        assert [each.variant for each in those] == list(VARIANTS)
        assert all(len(each.runs) == 3 for each in those)
