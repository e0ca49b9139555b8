"""Answers: counts that add up, words that say how sure they are, and commands that make the best again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from sim.studies.answer import answer, as_json, as_page, results
from sim.studies.table import as_csv
from tests.support.command_line import call
from tests.support.goals import MORE, found_of, small_goal


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where outcomes are kept for all goals."""
    return tmp_path_factory.mktemp("goals") / "store.sqlite"


def told(store: Path, folder: Path, **keys: Any) -> tuple[dict[str, Any], str, list[str]]:
    """The answer to a small goal, its page, and the lines of its table."""
    goal = small_goal(folder, **keys)
    points, found = found_of(goal, store)
    made = answer(goal, points, found)
    assert json.loads(as_json(made)) == made
    return made, as_page(goal, made, "a command"), as_csv(results(goal, points, found)).splitlines()


def test_counts_add_up_and_the_best_can_be_made_again(store: Path, tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "constraints": ["tokens_per_second >= 80000", "simd.lanes <= 16"],
        "more_is_not_slower": MORE,
    }
    made, page, rows = told(store, tmp_path, **keys)
    points = made["points"]
    counted = ("left_out_by_inputs", "wrong", "run", "excluded_for_certain", "excluded_by_assumption", "open")
    assert points["grid"] == sum(points[each] for each in counted) == 18 and points["left_out_by_inputs"] == 6
    (best,) = made["best"]
    assert best["meets_constraints_with_any_mapping"]
    assert best["constraints"]["tokens_per_second"] >= 80000 and "What binds mamba2: simd, busy" in page
    assert len(rows) == points["run"] + 1 and sum(",true,true," in row for row in rows) == 1
    words = shlex.split(best["commands"]["mamba2"])[3:]
    code, output, _ = call(*words, "--json", "-")
    assert code == 0 and json.loads(output)["tokens_per_second"] == best["constraints"]["tokens_per_second"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"constraints": ["tokens_per_second >= 150000"]}, "No other point of the grid is better: all were run, or"),
        ({"constraints": ["tokens_per_second >= 1e9"]}, "No point meets the constraints: all were run, or are"),
        ({"minimise": ["energy_mj_per_token"], "most_runs": 1}, "The search gave up: "),
        ({"minimise": ["seconds"], "within": 0.5}, "is better by more than 50.00%"),
        ({"constraints": ["tokens_per_second >= 80000"], "more_is_not_slower": MORE}, "No other point of the grid"),
    ],
)  # fmt: skip
def test_it_says_how_sure_it_is(keys: dict[str, Any], words: str, store: Path, tmp_path: Path) -> None:
    _, page, _ = told(store, tmp_path, **keys)
    assert words in page


def test_a_comparison_of_runs_may_hang_on_their_mappings(store: Path, tmp_path: Path) -> None:
    runs = {"one": {"workload": "mamba2-d96"}, "two": {"workload": "mamba3_mimo-d48"}}
    keys = {"runs": runs, "axes": {"simd.lanes": [8]}}
    close, page, _ = told(store, tmp_path, constraints=["two.seconds <= 2.5 * one.seconds"], **keys)
    assert not close["best"][0]["meets_constraints_with_any_mapping"] and "may miss a constraint" in page
    wide, page, _ = told(store, tmp_path, constraints=["two.seconds <= 25 * one.seconds"], **keys)
    assert wide["best"][0]["meets_constraints_with_any_mapping"] and "may miss" not in page
