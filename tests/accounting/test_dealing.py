"""Work dealt out between classes of units: no way to deal it out is quicker than the bound, which is near to it."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from sim.accounting.dealing import Loads, Weights, dealt, ways_of


def quickest(loads: Loads) -> float:
    """The least time of the busiest class, over every way to deal out whole operations."""
    times = [loads.fixed]
    for row in loads.either:
        times = [
            (*time[:number], time[number] + cycles, *time[number + 1 :])
            for time in times
            for number, cycles in enumerate(row)
            if cycles < inf
        ]
    return min(map(max, times))


def drawn(random: Random, classes: int, operations: int) -> Loads:
    """Operations that some classes can do, both of two."""
    able = 1.0 if classes < 3 else 0.5
    either = [[random.uniform(1, 100) if random.random() < able else inf for _ in range(classes)]
              for _ in range(operations)]  # fmt: skip
    for row in either:
        row[random.randrange(classes)] = random.uniform(1, 100)
    return Loads(tuple(random.uniform(0, 50) for _ in range(classes)), tuple(map(tuple, either)))


@pytest.mark.parametrize("classes", [1, 2, 3, 4])
def test_no_way_to_deal_out_is_quicker(classes: int) -> None:
    random, weights = Random(classes), Weights(classes)
    for _ in range(40):
        loads = drawn(random, classes, 5)
        found = weights.least(loads, inf)
        assert 0 < found <= quickest(loads) * (1 + 1e-9)
        if classes == 2:
            assert dealt(loads, None) <= quickest(loads) * (1 + 1e-9)
            assert dealt(loads, ways_of(loads.either)) == pytest.approx(quickest(loads))


def test_fractions_between_two_classes_are_dealt_out_exactly_or_nearly() -> None:
    random, weights = Random(0), Weights(2)
    for _ in range(40):
        loads = drawn(random, 2, 8)
        assert 0.999 * dealt(loads, None) <= weights.least(loads, inf) <= dealt(loads, None) * (1 + 1e-9)


@pytest.mark.parametrize("classes", [3, 6, 12, 18])
def test_classes_that_are_equally_fast_for_everything_share_it_by_their_rates(classes: int) -> None:
    """Operations that differ in nothing but their size: the time is all of them at all rates together."""
    rates = [1.0 + number for number in range(classes)]
    sizes = (100.0, 40.0, 7.0)
    loads = Loads((0.0,) * classes, tuple(tuple(size / rate for rate in rates) for size in sizes))
    assert Weights(classes).least(loads, inf) == pytest.approx(sum(sizes) / sum(rates))


def test_it_is_enough_to_know_that_it_is_enough() -> None:
    loads = Loads((5.0, 0.0, 0.0), ((1.0, 1.0, inf),))
    assert Weights(3).least(loads, 0.1) >= 0.1
