"""What none beats."""

from __future__ import annotations

import random

import pytest

from sim.studies.tradeoffs import unbeaten


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(5.0, 3.0)], [0], id="one"),
        pytest.param([(1.0, -1.0), (2.0, -2.0), (3.0, -1.5)], [0, 1], id="a beaten one"),
        pytest.param([(1.0, -2.0), (1.0, -1.0)], [0], id="as cheap and slower"),
        pytest.param([(1.0, 1.0), (2.0, 1.0)], [0], id="as fast and dearer"),
        pytest.param([(1.0, 1.0), (1.0, 1.0)], [0, 1], id="equal ones"),
        pytest.param([(1.0, 2.0, 3.0), (1.0, 2.0, 4.0), (3.0, 2.0, 1.0)], [0, 2], id="three figures"),
    ],
)
def test_unbeaten(values: list[tuple[float, float]], expected: list[int]) -> None:
    assert unbeaten(values) == expected


def test_it_is_what_the_definition_says() -> None:
    chance = random.Random(3)
    values = [(float(chance.randint(0, 9)), float(chance.randint(0, 9))) for _ in range(60)]
    beaten = [any(a <= x and b <= y and (a, b) != (x, y) for a, b in values) for x, y in values]
    assert sorted(unbeaten(values)) == [at for at, is_beaten in enumerate(beaten) if not is_beaten]
