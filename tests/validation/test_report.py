"""Comparisons with reference data: cases and their summaries, the page, the figure, the exit code."""

from __future__ import annotations

from importlib.resources import files
from math import inf
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim import validation
from sim.commands.cli import app
from sim.validation import SUITES, sram, systolic
from sim.validation.cases import Case, grouped, summarise, worst
from sim.validation.report import as_markdown, as_svg


def case(reference: float, predicted: float, tolerance: float = 0.1, group: str = "g", suite: str = "s") -> Case:
    return Case(suite, group, f"{reference} {predicted}", "cycles", reference, predicted, tolerance)


@pytest.mark.parametrize(
    ("reference", "predicted", "error", "holds"),
    [
        pytest.param(100, 100, 0.0, True, id="equal"),
        pytest.param(0, 0, 0.0, True, id="nothing of nothing"),
        pytest.param(100, 110, 0.1, True, id="as much as it may"),
        pytest.param(100, 90, -0.1, True, id="as little as it may"),
        pytest.param(100, 111, 0.11, False, id="too much"),
        pytest.param(100, 89, -0.11, False, id="too little"),
        pytest.param(0, 1, inf, False, id="something of nothing"),
    ],
)
def test_error(reference: float, predicted: float, error: float, holds: bool) -> None:
    assert case(reference, predicted).error == pytest.approx(error)
    assert case(reference, predicted).holds is holds


def test_summary_of_a_group() -> None:
    members = [case(100, 101), case(100, 80), case(100, 105, 0.2), case(100, 100, group="other")]
    first, other = summarise(members)
    assert (first.group, first.cases, first.broken, first.tolerance) == ("g", 3, 1, 0.2)
    assert (first.worst, first.median) == (pytest.approx(0.2), pytest.approx(0.05))
    assert (first.verdict, other.verdict) == ("1 out of tolerance", "holds")
    assert worst(members) is members[1]
    assert list(grouped(members)) == [("s", "g"), ("s", "other")]


def test_systolic_suite_is_exact_and_whole() -> None:
    cases = systolic.cases()
    assert len(cases) == 9
    assert all(each.error == 0 for each in cases)
    assert files("sim.validation").joinpath("data", "scalesim_32x32.csv").is_file()


def test_sram_suite_has_one_to_six_units_and_holds() -> None:
    cases = sram.cases(mixes=6, horizon=20_000)
    groups = grouped(cases)
    assert [group for _, group in groups] == ["1 unit", *(f"{units} units" for units in range(2, 7))]
    assert [len(members) for members in groups.values()] == [1, 2, 3, 4, 5, 6]
    assert all(each.holds for each in cases)


def test_mixes_are_the_same_every_time_and_of_many_kinds() -> None:
    mixes = [sram.random_mix(number) for number in range(60)]
    assert mixes == [sram.random_mix(number) for number in range(60)]
    assert {mix.spec.banks for mix in mixes} == {1, 2, 4, 8, 16, 32}
    assert {len(mix.work) for mix in mixes} == {1, 2, 3, 4, 5, 6}


def test_the_page_has_every_suite_and_group() -> None:
    cases = [*systolic.cases(), case(100, 103.5), *(case(100, 100 + n, 0.5, "many") for n in range(-12, 13))]
    text = as_markdown(cases, "all")
    for part in (
        "Written by `python -m sim validate`, stallscope ",
        "## systolic\n",
        "| weight stationary | 3 | 0.00 % | 0.00 % | 0.00 % | holds |",
        "### systolic: input stationary\n",
        "| 1024 x 16 x 4096 | cycles | 450,559 | 450,559 | 0.00 % |",
        "| 100 103.5 | cycles | 100 | 103.50 | +3.50 % |",
        "| 100 88 | cycles | 100 | 88 | -12.00 % |",
        "The 10 worst of 25; the others are closer.",
    ):
        assert part in text
    assert "| 100 100 |" not in text
    assert "`python -m sim validate systolic`" in as_markdown(systolic.cases(), "systolic")


def call(*arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command."""
    result = CliRunner().invoke(app, ["validate", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for name in ("a", "b"):
        code, output, _ = call("systolic", "--output", str(tmp_path / "new" / name))
        assert code == 0
        assert output.count("holds") == 3
        pages.append({path.name: path.read_bytes() for path in (tmp_path / "new" / name).iterdir()})
    assert pages[0] == pages[1]
    assert sorted(pages[0]) == ["validation.md", "validation.svg"]


def test_the_figure_names_suites_and_has_no_date() -> None:
    text = as_svg([*systolic.cases(), case(100, 105), case(50, 49, group="h")])
    assert text.startswith("<?xml")
    assert "dc:date" not in text
    for word in ("systolic", "weight stationary", "predicted", "error"):
        assert f"<!-- {word} -->" in text


def test_all_suites_go_into_the_results_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(validation, "SUITES", {name: lambda name=name: [case(1, 1, suite=name)] for name in SUITES})
    code, output, _ = call()
    assert code == 0
    text = (tmp_path / "results" / "validation.md").read_text()
    for name in SUITES:
        assert f"## {name}\n" in text
        assert name in output


def test_a_broken_tolerance_is_written_down_and_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(SUITES, "fake", lambda: [case(100, 101), case(100, 120)])
    code, output, error = call("fake", "-o", str(tmp_path))
    assert (code, error) == (1, "")
    assert "1 out of tolerance" in output
    assert "| g | 2 | 20.00 % | 10.50 % | 10.00 % | 1 out of tolerance |" in (tmp_path / "validation.md").read_text()


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    assert call("cache") == (2, "", f"stallscope: SUITE: found 'cache', expected {', '.join(SUITES)} or all\n")
    file = tmp_path / "file"
    file.touch()
    assert call("systolic", "-o", str(file)) == (2, "", f"stallscope: --output {file}: is not a folder\n")
