"""The notebook of the designer comes to what it shows."""

from __future__ import annotations

from tests.support.notebooks import check


def test_it_comes_to_what_it_shows() -> None:
    check("compare-recurrences", always=True)
