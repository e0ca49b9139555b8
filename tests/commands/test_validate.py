"""The command validate: what it writes, its exit code, and mistakes."""

from __future__ import annotations

import json
import shutil
from math import inf
from pathlib import Path

import pytest

from sim import validation
from sim.validation import SUITES
from sim.validation.cases import Case, SuiteSkipped
from tests.support.cases import case
from tests.support.command_line import call


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for name in ("a", "b"):
        code, output, _ = call("validate", "systolic", "--output", str(tmp_path / "new" / name))
        assert code == 0
        assert output.count("holds") == 5
        pages.append({path.name: path.read_bytes() for path in (tmp_path / "new" / name).iterdir()})
    assert pages[0] == pages[1]
    assert sorted(pages[0]) == ["validation.md", "validation.svg"]


def test_all_suites_go_into_the_results_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(validation, "SUITES", {name: lambda name=name: [case(1, 1, suite=name)] for name in SUITES})
    code, output, _ = call("validate")
    assert code == 0
    text = (tmp_path / "results" / "validation.md").read_text()
    for name in SUITES:
        assert f"## {name}\n" in text
        assert name in output


def test_a_broken_tolerance_is_written_down_and_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(SUITES, "fake", lambda: [case(100, 101), case(100, 120)])
    code, output, error = call("validate", "fake", "-o", str(tmp_path))
    assert (code, error) == (1, "")
    assert "1 out of tolerance" in output
    row = "| s | g | 2 | 20.00 % | 10.50 % | 10.00 % | 1 out of tolerance |  |"
    assert row in (tmp_path / "validation.md").read_text()


def test_suites_whose_tools_are_missing_are_named_on_the_terminal_and_on_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    kept = {name: lambda: [case(1, 1)] for name in ("systolic", "dram", "sram")}
    monkeypatch.setattr(validation, "SUITES", SUITES | kept)
    code, output, error = call("validate", "-o", str(tmp_path))
    assert (code, error) == (0, "")
    for name in ("rtl", "rtl-program"):
        assert f"skipped: {name}, which needs Verilator (Debian package: verilator)\n" in output
        assert (
            f"Skipped: {name}, which needs Verilator (Debian package: verilator).\n"
            in (tmp_path / "validation.md").read_text()
        )


def test_as_json_groups_and_cases_have_verdicts_and_a_reason_what_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing() -> list[Case]:
        raise SuiteSkipped("needs a board")

    cases = [case(100, 100), case(100, 125), case(100, 150, inf, "unclaimed")]
    monkeypatch.setattr(validation, "SUITES", {"fake": lambda: cases, "board": missing})
    code, output, _ = call("validate", "-o", str(tmp_path), "--json", "-")
    found = json.loads(output)
    assert code == 1 and found["holds"] is False and call("validate", "-o", str(tmp_path), "--json", "-")[1] == output
    assert found["groups"][0] == {
        "suite": "s", "group": "g", "cases": 2, "worst_error": 0.25, "median_error": 0.125, "tolerance": 0.1,
        "out_of_tolerance": 1, "verdict": "out of tolerance", "covers": "",
    }  # fmt: skip
    assert [(each["error"], each["tolerance"], each["verdict"]) for each in found["cases"]] == [
        (0.0, 0.1, "holds"), (0.25, 0.1, "out of tolerance"), (0.5, None, "no claim"),
    ]  # fmt: skip
    assert found["cases"][1] == {
        "suite": "s", "group": "g", "name": "100 125", "quantity": "cycles", "reference": 100, "predicted": 125,
        "error": 0.25, "tolerance": 0.1, "verdict": "out of tolerance",
    }  # fmt: skip
    assert found["skipped"] == [{"suite": "board", "reason": "needs a board"}] and found["uncovered"]
    assert [(each["kind"], each["name"]) for each in found["written"]] == [
        ("page", "validation"), ("figure", "validation"),
    ]  # fmt: skip


def test_a_suite_alone_whose_tools_are_missing_is_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    message = "stallscope: SUITE rtl: needs Verilator (Debian package: verilator)\n"
    assert call("validate", "rtl", "-o", str(tmp_path)) == (2, "", message)
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    message = f"stallscope: SUITE: found 'cache', expected {', '.join(SUITES)} or all\n"
    assert call("validate", "cache") == (2, "", message)
    file = tmp_path / "file"
    file.touch()
    assert call("validate", "systolic", "-o", str(file)) == (2, "", f"stallscope: --output {file}: is not a folder\n")
