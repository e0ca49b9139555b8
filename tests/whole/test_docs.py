"""The documents say what is: the published schema, the examples, and the fields and reasons that they list."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from sim import Result
from sim.presentation.titles import AHEAD, TITLES
from tests.support.folders import DOCS, ROOT

pytest_plugins = ["pytester"]


def test_published_schema_is_that_of_the_result() -> None:
    assert json.loads((DOCS / "result.schema.json").read_text()) == Result.model_json_schema()


def test_every_field_and_reason_is_explained() -> None:
    text = (DOCS / "result.md").read_text()
    named = set(re.findall(r"`\.?(?:[a-z]+\.(?:NAME\.)?)?([a-z_]+)`", text))
    assert set(Result.model_fields) - named <= {"bounds", "units"}  # these stand with their parts
    assert set(TITLES) - {"work_elsewhere", AHEAD} <= named


def test_example_scenarios_run(pytester: pytest.Pytester) -> None:
    example = re.findall(r"```python\n(.*?)```", (DOCS / "scenarios.md").read_text(), flags=re.S)[0]
    pytester.makepyfile("\n".join(line for line in example.splitlines() if "my_model" not in line))
    pytester.runpytest().assert_outcomes(passed=3)


def test_readme_shows_the_run_as_it_comes_out() -> None:
    shown = re.search(
        r"<!-- stallscope run mamba3_mimo -->\n```\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    command = [sys.executable, "-m", "sim", "run", "mamba3_mimo"]
    settings = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=settings).stdout
    assert shown is not None
    assert [line.rstrip() for line in printed.rstrip().split("\n")] == shown[1].split("\n")
