"""The notebook of the reviewer comes to what it shows."""

from __future__ import annotations

from tests.support.notebooks import said


def test_it_comes_to_what_it_shows() -> None:
    before, now = said("review-the-paper")
    assert len(before) > 5 and now == before
