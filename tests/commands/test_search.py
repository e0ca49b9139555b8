"""The command search."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import call, check_refused
from tests.support.goals import MORE, written_goal
from tests.support.sweeps import nobody

FILES = ("results.csv", "answer.json", "answer.md")


def test_it_answers_and_a_rerun_computes_nothing_and_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written_goal(tmp_path, constraints=["tokens_per_second >= 150000"], more_is_not_slower=MORE)
    out = tmp_path / "out"
    code, output, _ = call("search", str(path), "-o", str(out), "--workers", "1")
    assert code == 0 and output == (out / "answer.md").read_text()
    before = [(out / name).read_bytes() for name in FILES]
    monkeypatch.setattr("sim.studies.workers.processes", lambda count: nobody())
    assert call("search", str(path), "-o", str(out), "-q") == (0, "", "")
    assert call("search", str(path), "-o", str(out), "--json", "-") == (0, before[1].decode(), "")
    check_refused(["search", str(path), "-o", str(out), "--json", str(path)], "goal.yaml: is read as well")
    assert [(out / name).read_bytes() for name in FILES] == before
    best = json.loads(before[1])["best"]
    assert [each["keys"]["simd.lanes"] for each in best] == [32]


def test_a_goal_that_nothing_meets(tmp_path: Path) -> None:
    path = written_goal(tmp_path, constraints=["tokens_per_second >= 1e9"])
    code, _, error = call("search", str(path), "-o", str(tmp_path / "out"), "-q")
    assert code == 2 and error == f"stallscope: {path}: no point of the grid meets the constraints\n"
    assert json.loads((tmp_path / "out" / "answer.json").read_text())["status"] == "proven"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "-o", "out"], "no shipped goal is called 'nothing'"),
        (["least_are", "-o", "out"], "did you mean 'least_area'"),
        (["least_area", "-o", "/dev/null"], "/dev/null: is no folder that can be made"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    check_refused(["search", *arguments], message)
