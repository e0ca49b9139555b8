"""Goals as files have them: the grid, the runs at a point, and what names mean; every mistake with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.files.catalog import shipped
from sim.files.errors import InputError
from sim.studies.candidates import grid
from sim.studies.goal import Wanted, read_goal
from tests.support.goals import small_goal

TWO = {"one": {"workload": "mamba2-d96"}, "other": {"workload": "mamba2-d96", "set": {"batch": 2}}}


def test_the_grid_and_the_runs_of_a_point(tmp_path: Path) -> None:
    shape = {"mac_array.rows": [8, 16], "mac_array.columns": [16, 8]}
    goal = small_goal(tmp_path, runs=TWO, axes={"simd.lanes": [8, 16], "shape": shape})
    assert goal.size == 4 and goal.columns == ("simd.lanes", "mac_array.rows", "mac_array.columns")
    points = goal.points(list(goal.coordinates())[1])
    assert str(points["other"].assignments[0]) == "batch=2"
    assert [str(each) for each in points["one"].assignments][-3:] == [
        "simd.lanes=8", "mac_array.rows=16", "mac_array.columns=8",
    ]  # fmt: skip


def test_names_are_of_runs(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, runs=TWO, maximise=["other.tokens_per_second"])
    assert goal.wanted("other.stall.simd.other") == Wanted("other.stall.simd.other", "other", "stall.simd.other")
    assert goal.wanted("area_mm2").run == "one" and goal.wanted("simd.lanes").key == "simd.lanes"
    with pytest.raises(ValueError, match="of which run is energy_mj_per_token"):
        goal.wanted("energy_mj_per_token")


@pytest.mark.parametrize("name", shipped("goal"))
def test_what_is_shipped_can_be_read(name: str) -> None:
    goal = read_goal(name)
    assert goal.size >= 100 and goal.objectives
    number, coordinates = next((n, each) for n, each in enumerate(goal.coordinates()) if n == goal.size // 2)
    assert number == goal.size // 2 and goal.points(coordinates).keys() == goal.spec.runs.keys()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"minimise": None}, "expected something to minimise or to maximise"),
        ({"maximise": ["area_mm2"]}, "area_mm2 cannot be least and most"),
        ({"runs": {}}, "runs: found {}, expected 1 entry at least"),
        ({"constraints": ["area_mm2"]}, "goal.yaml:6: constraints.0: found 'area_mm2', expected one comparison"),
        ({"runs": TWO, "constraints": ["seconds < 1"]}, "is seconds? expected one.seconds or other.seconds"),
        ({"more_is_not_slower": ["simd.lane"]}, "simd.lane is no free key; did you mean 'simd.lanes'"),
        ({"set": {"simd.lanes": 8}}, "goal.yaml:4: axes.simd.lanes: simd.lanes is set already"),
        ({"axes": {"dma.outstanding": list(range(1000)), "batch": list(range(299))}}, "makes 299,000 points"),
        ({"within": 2}, "within: found 2, expected"),
        ({"most_run": 2}, "unknown key"),
    ],
)  # fmt: skip
def test_mistakes_have_their_line(keys: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        small_goal(tmp_path, **keys)
    assert message in str(error.value.problems[0])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"set": {"energy": "paper"}}, "goal.yaml:5: minimise.0: area_mm2 is not known: energy.node"),
        ({"axes": {"simd.lane": [8, 16]}}, "simd.lane"),
        ({"constraints": ["simd.lanes > 64"]}, "constraints: leave no point"),
        (
            {"axes": {"precision": ["16bit"]}, "more_is_not_slower": ["precision"]},
            "expected a key whose value is a number",
        ),
        ({"runs": {"a": {"workload": "nothing"}}}, "no shipped workload is called 'nothing'"),
    ],
)
def test_mistakes_of_all_points(keys: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        grid(small_goal(tmp_path, **keys))
    assert message in str(error.value.problems[0])
