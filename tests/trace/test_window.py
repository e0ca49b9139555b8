"""The part of a run that a trace shows: all of it and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.accounting.result import Result
from sim.files.errors import InputError
from sim.trace import Window, parse_window
from tests.support.traces import ACCOUNTED, Rows, counted, of, read, traced


@pytest.mark.parametrize(
    ("window", "holds"),
    [
        pytest.param("layer:1", lambda row: row["layer"] == 1, id="layer"),
        pytest.param("token:64-66", lambda row: row["last_token"] >= 64 and row["first_token"] <= 66, id="token"),
        pytest.param("cycle:1000-5000", lambda row: row["start_cycle"] <= 5000 < 10**9, id="cycle"),
    ],
)
def test_window_keeps_all_of_its_part_and_nothing_else(
    tmp_path: Path, whole: tuple[Result, Rows], window: str, holds: Any
) -> None:
    traced(tmp_path / "t.json.gz", window, layers=2, sequence_length=70)
    kept = read(tmp_path / "t.json.gz")

    def work(found: Rows) -> set[tuple[str, str, int, int]]:
        requests = [row for unit in ACCOUNTED for row in of(found, unit)]
        if window.startswith("cycle"):
            requests = [row for row in requests if row["end_cycle"] > 1000]
        return {(r["unit"], r["name"], r["start_cycle"], r["end_cycle"]) for r in requests if holds(r)}

    assert work(kept) == work(whole[1])
    assert len(work(kept)) == sum(len(of(kept, unit)) for unit in ACCOUNTED)
    slices = [row for row in kept if row["kind"] != "counter"]
    first, last = min(row["start_cycle"] for row in slices), max(row["end_cycle"] for row in slices)
    steps = [row for row in kept if row["kind"] == "counter"]
    assert steps and all(first <= row["start_cycle"] <= last for row in steps)


def test_counters_of_a_window_are_those_of_the_whole_run(tmp_path: Path, whole: tuple[Result, Rows]) -> None:
    """However long the run goes on after the window, the bins of the window stay as narrow as they were."""
    window = 200_000, 300_000
    traced(tmp_path / "t.json.gz", f"cycle:{window[0]}-{window[1]}", layers=2, sequence_length=70)
    kept = [row for row in read(tmp_path / "t.json.gz") if row["kind"] == "counter" and row["name"] == "busy"]
    for unit in ACCOUNTED:
        steps = [row for row in kept if row["unit"] == unit]
        first, last = steps[0]["start_cycle"], steps[-1]["end_cycle"]
        inside = [
            min(row["end_cycle"], last) - max(row["start_cycle"], first)
            for row in of(whole[1], unit)
            if row["end_cycle"] > first and row["start_cycle"] < last
        ]
        assert counted(steps, unit, "busy") == pytest.approx(100 * sum(inside), rel=1e-3)
        assert last - first < 3 * (window[1] - window[0])


@pytest.mark.parametrize(
    ("text", "window"),
    [
        pytest.param(None, None, id="everything"),
        pytest.param("layer:3", Window("layer", 3, 3), id="one"),
        pytest.param("cycle:0-99", Window("cycle", 0, 99), id="range"),
    ],
)
def test_window_is_read(text: str | None, window: Window | None) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("layer", "must be layer:0-1, token:64-95 or cycle:0-1000000", id="no-range"),
        pytest.param("row:3", "must be layer:0-1", id="unknown-kind"),
        pytest.param("token:9-3", "ends before it begins", id="backwards"),
    ],
)
def test_bad_window_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_window(text)
