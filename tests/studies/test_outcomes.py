"""What is known is asked of the store, the rest of workers, once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from sim.studies.evaluate import Outcome
from sim.studies.outcomes import Keyed, Outcomes
from sim.studies.points import Point
from sim.studies.store import opened
from sim.studies.workers import this_process
from tests.support.sweeps import nobody, small_point

A, B = Keyed("a", small_point("simd.lanes=8")), Keyed("b", small_point("simd.lanes=16"))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[Point]:
    """The points that workers compute, in place of doing so; what has the key "b" dies."""
    found: list[Point] = []

    def evaluate_all(points: Sequence[Point]) -> list[Outcome]:
        found.extend(points)
        return [Outcome({"cycles": 1}, died=point is B.point) for point in points]

    monkeypatch.setattr("sim.studies.workers.evaluate_all", evaluate_all)
    return found


def test_each_is_computed_once_and_told_in_order(tmp_path: Path, computed: list[Point]) -> None:
    told: list[tuple[int, int]] = []
    with opened(tmp_path / "store") as store, ExitStack() as stack:
        outcomes = Outcomes(store, this_process, stack, lambda *each: told.append(each))
        first = outcomes.of([B, A, B])
        assert first[0] is first[2] and [each.died for each in first] == [True, False, True]
        assert [each.died for each in outcomes.of([A, B])] == [False, True]
    assert computed == [B.point, A.point] and told == [(1, 2), (2, 2)]


def test_what_died_is_computed_another_time_and_nothing_else(tmp_path: Path, computed: list[Point]) -> None:
    for _ in range(2):
        with opened(tmp_path / "store") as store, ExitStack() as stack:
            Outcomes(store, this_process, stack).of([A, B])
    assert computed == [A.point, B.point, B.point]


def test_nobody_is_asked_for_what_is_known(tmp_path: Path, computed: list[Point]) -> None:
    with opened(tmp_path / "store") as store:
        with ExitStack() as stack:
            found = Outcomes(store, this_process, stack).of([A])
        with ExitStack() as stack:
            assert Outcomes(store, nobody, stack).of([A]) == found
    assert len(computed) == 1
