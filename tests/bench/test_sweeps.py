"""The page about sweeps: its points, and that killing is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import sweeps
from sim.studies.evaluate import evaluate
from sim.studies.workers import Workers
from tests.support.sweeps import small_point


def test_there_are_a_thousand_points_and_a_given_mapping_leaves_nothing_to_search() -> None:
    points = sweeps.thousand()
    assert len(set(points)) == 1000
    (fixed,) = sweeps.given([points[-1]])
    outcome = evaluate(fixed)
    assert outcome.figures["mapping.origin"] == "given" and outcome.figures["workload"] == "mamba3_mimo_ssd"


def test_the_page_says_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def nobody(count: int) -> Iterator[Workers]:
        yield Workers(None, count)  # type: ignore[arg-type]

    found = evaluate(small_point())
    monkeypatch.setattr(sweeps, "processes", nobody)
    monkeypatch.setattr(Workers, "outcomes", lambda self, points: ((number, found) for number in range(len(points))))
    monkeypatch.setattr(sweeps, "on_a_cluster", lambda points: [])
    monkeypatch.setattr(sweeps, "killed", lambda folder: iter([True, False, True]))
    page = sweeps.page(every=100)
    assert "| quick search | 2 | 10 | 0 | 0.0 | 0.00 |" in page and "**not what the serial run says**" in page
    assert "2 of 3 tables" in page and "`python -m bench.sweeps --every 100`" in page


def test_a_sweep_that_is_killed_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "KILLED", {"workload": "mamba2_ssd", "lanes": [32, 64], "channels": [2]})
    monkeypatch.setattr(sweeps, "KILLS", 1)
    assert list(sweeps.killed(tmp_path)) == [True]
