"""The notebook of the architect comes to what it shows."""

from __future__ import annotations

from tests.support.notebooks import said


def test_it_comes_to_what_it_shows() -> None:
    before, now = said("size-an-npu")
    assert len(before) > 5 and now == before
