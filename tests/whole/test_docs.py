"""The documents say what is: the published schema, the examples, and the fields and reasons that they list."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import stallscope
from bench.stranger import commands
from sim import Result
from sim.commands.cli import COMMANDS
from sim.presentation.titles import AHEAD, KEYS
from tests.support.command_line import call
from tests.support.folders import DOCS, ROOT
from tests.support.recipes import FOLLOWED

pytest_plugins = ["pytester"]


def test_published_schema_is_that_of_the_result() -> None:
    assert json.loads((DOCS / "result.schema.json").read_text()) == Result.model_json_schema()


def test_every_field_and_reason_is_explained() -> None:
    text = (DOCS / "result.md").read_text()
    named = set(re.findall(r"`\.?(?:[a-z]+\.(?:NAME\.)?)?([a-z_0-9]+)`", text))
    assert set(Result.model_fields) - named <= {"bounds", "units"}  # these stand with their parts
    assert set(KEYS) - {"work_elsewhere", AHEAD} <= named


README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *DOCS.glob("*.md"))}
WRITTEN = re.compile(r"(?:python -m sim|stallscope|python -m stallscope) ([a-z]+[^`#\n]*(?:\n +\[[^`#\n]*)*)")
COMMAND_LINES = sorted({(page, found.strip()) for page, text in PAGES.items() for found in WRITTEN.findall(text)})
LONG = ("reproduce", "validate", "trace view", "import")
SHOWN = "run mamba3_mimo"  # in the README, with what it prints
TYPED = {line.removeprefix("python -m sim ") for line in commands(README)}  # by a test of bench.stranger, one by one
ELSEWHERE = {path.name for path in FOLLOWED}  # their commands are run, and what they print looked at, by other tests


def verb_of(line: str) -> str:
    """``trace view`` is a command as ``run`` is one."""
    words = line.split()
    return " ".join(words[: 2 if words[0] in ("trace", "import", "export") else 1]).split("|")[0]


@pytest.mark.parametrize(
    ("page", "line"), [each for each in COMMAND_LINES if verb_of(each[1]).split()[0] in COMMANDS], ids=str
)
def test_options_that_are_written_of_exist(page: str, line: str) -> None:
    code, helped, _ = call(*verb_of(line).split(), "--help")
    assert code == 0
    for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", helped), option


def test_commands_that_can_be_typed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those without a word in capitals, in the order of their page; the README's own run is that of another test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    ran = 0
    for page, text in PAGES.items():
        for line in (found.strip() for found in WRITTEN.findall(text) if page not in ELSEWHERE):
            open_ended = re.search(r"\b[A-Z]{2,}\b(?!.*GROUP BY)|\[|\|| \.\.\.", line)
            typed = line.split("   ")[0].removesuffix("-->").strip()
            elsewhere = line.startswith(LONG) or line == SHOWN or typed in TYPED
            if not open_ended and verb_of(line).split()[0] in COMMANDS and not elsewhere:
                done = call(*shlex.split(typed))
                assert (done[0], done[2]) == (0, ""), line
                ran += 1
    assert ran >= 8


def test_python_of_the_readme_runs(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    exec(first, {})
    assert "mamba2 on edge" in capsys.readouterr().out
    pytester.makepyfile(second)
    pytester.runpytest().assert_outcomes(passed=1)


def test_python_of_its_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snippet after the other, each by itself; lines without effect are looked at, as a notebook does."""
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text(encoding="utf-8"), flags=re.S)
    assert len(snippets) >= 5
    for snippet in snippets:
        exec(snippet, {})


def test_every_name_is_told_of_in_the_page_about_python() -> None:
    told = (DOCS / "python.md").read_text(encoding="utf-8")
    assert [name for name in stallscope.__all__ if f"`{name}" not in told and f"stallscope.{name}" not in told] == [
        "__version__"
    ]


def test_example_scenarios_run(pytester: pytest.Pytester) -> None:
    example = re.findall(r"```python\n(.*?)```", (DOCS / "scenarios.md").read_text(), flags=re.S)[0]
    pytester.makepyfile("\n".join(line for line in example.splitlines() if "my_model" not in line))
    pytester.runpytest().assert_outcomes(passed=3)


def test_readme_shows_the_run_as_it_comes_out() -> None:
    shown = re.search(rf"<!-- stallscope {SHOWN} -->\n```\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)
    command = [sys.executable, "-m", "sim", *SHOWN.split()]
    settings = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=settings).stdout
    assert shown is not None
    assert [line.rstrip() for line in printed.rstrip().split("\n")] == shown[1].split("\n")
