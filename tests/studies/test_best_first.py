"""A search finds what running the whole grid finds, with fewer runs, and drops nothing that could be better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.files.errors import InputError
from sim.studies.answer import status
from tests.support.goals import MORE, found_of, front_by_force, front_found, small_goal

TWO: dict[str, Any] = {
    "runs": {"mamba2": {"workload": "mamba2-d96"}, "mimo": {"workload": "mamba3_mimo-d48"}},
    "axes": {"simd.lanes": [8, 64], "mac_array.rows": [8, 32]},
}  # fmt: skip
GOALS: dict[str, dict[str, Any]] = {
    "area": {"constraints": ["tokens_per_second >= 80000"]},
    "area, by monotony": {"constraints": ["tokens_per_second >= 80000"], "more_is_not_slower": MORE},
    "speed": {"minimise": None, "maximise": ["tokens_per_second"], "constraints": ["area_mm2 <= 2.7"]},
    "energy": {"minimise": "energy_mj_per_token"},
    "a front of two": {"minimise": ["seconds", "area_mm2"]},
    "a front of three": {"minimise": ["area_mm2", "energy_delay_js"], "maximise": ["tokens_per_second"]},
    "two runs": TWO | {"constraints": ["mimo.tokens_per_second >= 0.45 * mamba2.tokens_per_second"]},
    "a figure without bounds": {"constraints": ["utilisation.simd <= 0.97"]},
    "several at once": {"constraints": ["tokens_per_second >= 80000"], "at_once": 3, "more_is_not_slower": MORE},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where outcomes are kept for all goals."""
    return tmp_path_factory.mktemp("goals") / "store.sqlite"


@pytest.mark.parametrize("keys", GOALS.values(), ids=GOALS)
def test_it_finds_what_running_everything_finds(keys: dict[str, Any], store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, **keys)
    points, found = found_of(goal, store)
    by_force = front_by_force(goal, points, store)
    assert front_found(goal, points, found) == by_force and by_force
    assert found.open == 0 and found.run + found.excluded + found.assumed == len(points.candidates)
    assert bool(found.assumed) <= bool(goal.spec.more_is_not_slower)


def test_what_cannot_win_is_not_run(store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, minimise=["area_mm2"], constraints=["tokens_per_second >= 150000"])
    points, found = found_of(goal, store)
    assert len(found.made) < len(points.candidates) / 2 and status(found) == "proven"
    assert found.excluded + found.run == len(points.candidates)


def test_a_goal_that_cannot_be_met_takes_no_run(store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, constraints=["tokens_per_second >= 1000000"])
    points, found = found_of(goal, store)
    assert not found.made and not found.best and found.excluded == len(points.candidates)


def test_it_gives_up_after_so_many_runs_and_says_so(store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, minimise=["energy_mj_per_token"], most_runs=2)
    _, found = found_of(goal, store)
    assert len(found.made) == 2 and found.open > 0 and status(found) == "open"


def test_what_is_hardly_better_is_left_out(store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, minimise=["seconds"])
    near = small_goal(tmp_path, minimise=["seconds"], within=0.5)
    points, found = found_of(goal, store)
    _, rough = found_of(near, store)
    ((best,), (other,)) = front_found(goal, points, found), front_found(near, points, rough)
    assert len(rough.made) < len(found.made) and best[0] <= other[0] <= best[0] / (1 - 0.5)


def test_a_point_that_does_not_fit_is_no_answer(store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, axes={"sram.capacity": ["16KiB", "2MiB"]})
    points, found = found_of(goal, store)
    assert [points.candidates[at].coordinates["sram.capacity"] for at in found.best] == ["2MiB"]
    assert [bool(made.outcome.error) for made in found.made] == [True, False]


def test_a_figure_that_there_is_not(store: Path, tmp_path: Path) -> None:
    goal = small_goal(tmp_path, constraints=["tokens_per_secnd >= 7"])
    said = (
        r"goal.yaml:6: constraints.0: results have no number that is called 'tokens_per_secnd'; did you mean 'tokens_"
    )
    with pytest.raises(InputError, match=said):
        found_of(goal, store)
