"""Comparisons with reference data as a page and as a figure."""

from __future__ import annotations

from math import inf

from sim.validation import systolic
from sim.validation.report import as_markdown, as_svg
from tests.support.cases import case


def test_the_page_has_every_suite_and_group() -> None:
    cases = [*systolic.cases(), case(100, 103.5), *(case(100, 100 + n, 0.5, "many") for n in range(-12, 13))]
    text = as_markdown(cases, "all")
    for part in (
        "Written by `python -m sim validate`, stallscope ",
        "## systolic\n",
        "| systolic | weight stationary | 3 | 0.00 % | 0.00 % | 0.00 % | holds | SCALE-Sim 3.0.0: serial folds ",
        "No evidence covers:\n\n- a board or a chip of this kind",
        "### systolic: input stationary\n",
        "| 1024 x 16 x 4096 | cycles | 450,559 | 450,559 | 0.00 % |",
        "| 100 103.5 | cycles | 100 | 103.50 | +3.50 % |",
        "| 100 88 | cycles | 100 | 88 | -12.00 % |",
        "The 10 worst of 25; the others are closer.",
    ):
        assert part in text
    assert "| 100 100 |" not in text
    assert "Skipped" not in text
    assert "\nSkipped: x, which is not there.\n" in as_markdown(cases, "all", {"x": "is not there"})
    assert "`python -m sim validate systolic`" in as_markdown(systolic.cases(), "systolic")


def test_the_figure_names_suites_and_has_no_date() -> None:
    text = as_svg([*systolic.cases(), case(100, 105), case(50, 49, group="h")])
    assert text.startswith("<?xml")
    assert "dc:date" not in text
    for word in ("systolic", "weight stationary", "predicted", "error"):
        assert f"<!-- {word} -->" in text


def test_who_claims_nothing_is_shown_without_a_band() -> None:
    cases = [case(100, 160, inf), case(100, 100, inf)]
    assert all(each.holds for each in cases)
    assert "| s | g | 2 | 60.00 % | 30.00 % | none | no claim |  |" in as_markdown(cases, "all")
    assert "nan" not in as_svg(cases)


def test_a_figure_of_many_cases_and_groups_shows_some_of_each_and_numbers_them() -> None:
    cases = [case(100, 100 + n, 0.5, f"group {m}") for m in range(9) for n in range(200 if m == 0 else 2)]
    text = as_svg(cases)
    assert "<!-- 9 group 8 -->" in text
    few = as_svg([case(100, 100 + n, 0.5, f"group {m}") for m in range(9) for n in range(100 if m == 0 else 2)])
    assert abs(len(text) - len(few)) < 0.1 * len(few)
