"""The comparison of searches with black boxes: by how much constraints are broken, and its page."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from bench.goals import GOALS, Black, Side, page, violation
from tests.support.goals import found_of, small_goal


def test_what_is_broken_counts_by_its_share(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, constraints=["tokens_per_second >= 100", "area_mm2 < 2"])
    assert violation(goal, {"tokens_per_second": 120, "area_mm2": 1.5}) == 0
    assert violation(goal, {"tokens_per_second": 75, "area_mm2": 2.5}) == pytest.approx(0.25 + 0.2)


def test_the_page_says_what_was_found_and_what_was_not(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, constraints=["tokens_per_second >= 150000"])
    side = Side(goal, *found_of(goal, tmp_path / "store"), 1.0)
    black = [Black("TPE", [12.0, 7.0, inf]), Black("NSGA-II", [inf, inf, 3.0])]
    text = page(list(GOALS), [side] * len(GOALS), [black] * len(GOALS), 3, 50, "a command")
    row = next(line for line in text.splitlines() if line.startswith("| `least_area`"))
    assert row.endswith("| proven | 12, 7, none | none, none, 3 | 12 | none |")
