"""The command validate: what it writes, its exit code, and mistakes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim import validation
from sim.validation import SUITES
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
