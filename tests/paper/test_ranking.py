"""What is certain whatever the schedules, and what is only so by those that were found."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from sim.paper.ranking import VARIANTS, WAYS, Standing, standings
from sim.paper.runs import Runs, Simulated
from tests.support.reproduction import fake, small


def taking(cycles: int, at_least: int) -> Simulated:
    """A run of so many cycles a token, where any mapping takes *at_least* so many."""
    result = small().result
    bounds = result.bounds.model_copy(update={"any_mapping_cycles": at_least * result.tokens})
    return replace(
        small(), result=result.model_copy(update={"makespan_cycles": cycles * result.tokens, "bounds": bounds})
    )


def standing(*runs: tuple[int, int]) -> Standing:
    return Standing(VARIANTS[0], tuple(taking(*run) for run in runs))


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
