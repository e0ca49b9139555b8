"""What groups of comparisons cover, as the page in results/ has it."""

from __future__ import annotations

from sim.validation import SUITES
from sim.validation.coverage import COVERS, UNCOVERED, covers
from tests.support.folders import ROOT


def test_every_group_of_the_page_says_what_it_covers() -> None:
    head = (ROOT / "results" / "validation.md").read_text(encoding="utf-8").partition("\nNo evidence covers:")[0]
    rows = [line.strip("| ").split(" | ") for line in head.splitlines() if line.startswith("| ")][1:]
    assert {row[0] for row in rows} == set(SUITES)
    assert [row for row in rows if len(row) != 8 or row[-1] != covers(row[0], row[1])] == []


def test_the_first_that_fits_counts_and_an_unknown_group_has_nothing() -> None:
    assert covers("rtl", "array, 8 x 8, fewer rows") != covers("rtl", "array, 8 x 8") != ""
    assert covers("rtl", "something else") == ""
    assert {suite for suite, _, _ in COVERS} == set(SUITES)
    assert len(UNCOVERED) > 5
