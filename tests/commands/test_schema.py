"""The command schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim import Result
from sim.presentation.keys import reference
from tests.support.command_line import call, check_prints, check_refused


def test_the_schema_of_the_result_is_printed() -> None:
    check_prints(["schema"], ['"makespan_cycles"'])


@pytest.mark.parametrize(
    ("what", "key"), [("result", "makespan_cycles"), ("machine", "clock"), ("workload", "model"), ("mapping", "set")]
)
def test_a_schema_in_a_file(tmp_path: Path, what: str, key: str) -> None:
    target = tmp_path / "schema.json"
    assert call("schema", what, "-o", str(target))[0] == 0
    schema = json.loads(target.read_text())
    assert key in schema["properties"]
    assert (schema == Result.model_json_schema()) == (what == "result")


def test_the_page_of_all_keys() -> None:
    assert call("schema", "--markdown") == (0, reference(), "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["schema", "machine", "--markdown"], "--markdown: is about all inputs", id="a page of one"),
        pytest.param(["schema", "-o", "no/such.json"], "'no' does not exist", id="no folder"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)
