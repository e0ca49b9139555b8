"""A sweep from its file to its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.files.errors import InputError
from sim.studies.evaluate import evaluate
from sim.studies.points import Sweep
from sim.studies.store import opened
from sim.studies.sweep import Row, compute, planned
from sim.studies.workers import this_process
from tests.support.sweeps import nobody, small

LANES = {"simd.lanes": [8, 16, 32]}


def rows(sweep: Sweep, store: Path, workers: Any = this_process) -> list[Row]:
    """What the points of *sweep* come to with a *store*."""
    with opened(store) as kept:
        return compute(sweep, planned(sweep), kept, workers, lambda done, total: None)


def test_constraints_leave_points_out(tmp_path: Path) -> None:
    sweep = small(tmp_path, axes=LANES, constraints=["simd.lanes <= 16", "simd.lanes * 2KiB > 16KiB"])
    assert [each.coordinates["simd.lanes"] for each in planned(sweep)] == [16]


def test_rows_are_in_the_order_of_the_axes_and_known_the_second_time(tmp_path: Path) -> None:
    sweep = small(tmp_path, axes=LANES)
    told: list[tuple[int, int]] = []
    with opened(tmp_path / "store") as kept:
        found = compute(sweep, planned(sweep), kept, this_process, lambda *each: told.append(each))
    assert [row.coordinates["simd.lanes"] for row in found] == [8, 16, 32] and told == [(1, 3), (2, 3), (3, 3)]
    assert [row.outcome.figures for row in found] == [evaluate(row.point).figures for row in found]
    assert rows(sweep, tmp_path / "store", nobody) == found
    more = small(tmp_path, axes={"simd.lanes": [8, 16, 32, 64]})
    assert rows(more, tmp_path / "store")[:3] == found


def test_points_that_are_the_same_are_computed_once(tmp_path: Path) -> None:
    sweep = small(tmp_path, axes={"simd.lanes": [8, 8]})
    first, second = rows(sweep, tmp_path / "store")
    assert first.outcome is second.outcome


def test_a_point_that_fails_stops_no_other(tmp_path: Path) -> None:
    sweep = small(tmp_path, axes={"simd.lanes": [0, 8]})
    wrong, right = rows(sweep, tmp_path / "store")
    assert wrong.outcome.error == "--set simd.lanes=0: simd.lanes: found 0, expected 1 at least"
    assert not right.outcome.error
    assert rows(sweep, tmp_path / "store", nobody)[0].outcome.error == wrong.outcome.error


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"axes": {"simd.lans": [1]}}, "sweep.yaml:5: simd.lans: unknown key"),
        ({"axes": {"lanes": [1]}}, "sweep.yaml:5: lanes: unknown key"),
        ({"workload": "mamba9"}, "mamba9: no such file, and no shipped workload"),
        ({"constraints": ["lanes"]}, "sweep.yaml:5: constraints.0: found 'lanes', expected one comparison"),
        ({"constraints": ["lanes > 1"]}, "sweep.yaml:5: constraints: lanes is no key"),
        ({"constraints": ["simd.lanes > 99"]}, "sweep.yaml:5: constraints: leave no point"),
    ],
)
def test_mistakes_of_the_sweep_itself(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(small(tmp_path, **keys), tmp_path / "store")
    assert message in str(caught.value)


def test_what_died_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = small(tmp_path, axes={"simd.lanes": [8]})
    with monkeypatch.context() as patch:
        patch.setattr("sim.studies.evaluate.run", lambda *_, **__: 1 / 0)
        assert rows(sweep, tmp_path / "store")[0].outcome.error == "ZeroDivisionError: division by zero"
    assert not rows(sweep, tmp_path / "store")[0].outcome.error


def test_points_try_the_mappings_of_their_neighbours(tmp_path: Path) -> None:
    few = {"sequence_length": 64, "layers": 1}
    sweep = small(tmp_path, set=few, search="short", axes={"simd.lanes": [16, 32, 64]})
    alone = small(tmp_path, set=few, search="short", axes={"simd.lanes": [16, 32, 64]}, neighbours=False)
    cycles = [[row.outcome.figures["makespan_cycles"] for row in rows(each, tmp_path / "s")] for each in (sweep, alone)]
    assert all(best <= own for best, own in zip(*cycles, strict=True))  # type: ignore[operator]
    assert cycles[0] == sorted(cycles[0], reverse=True)  # type: ignore[type-var]
    again = rows(sweep, tmp_path / "s", nobody)
    assert [row.outcome.figures["makespan_cycles"] for row in again] == cycles[0]
    for row in again:
        assert evaluate(row.point).figures == row.outcome.figures
