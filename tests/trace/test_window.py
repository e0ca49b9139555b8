"""The part of a run that a trace shows: all of it and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.accounting.result import Result
from sim.files.errors import InputError
from sim.simulation import prepare
from sim.trace import Window, parse_window
from sim.trace.window import NothingShown
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
        pytest.param("layer:" + "9" * 19, "must be layer:0-1", id="more digits than a number has"),
        pytest.param("layer:\u0663", "must be layer:0-1", id="other digits"),
    ],
)
def test_bad_window_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_window(text)


@pytest.mark.parametrize(
    ("window", "settings", "shown"),
    [
        pytest.param("layer:2", {}, "layers 0 to 1", id="layer"),
        pytest.param("layer:1-9", {"simulate_layers": 1}, "layers 0", id="layer that is not simulated"),
        pytest.param("token:20-99", {}, "tokens 0 to 19", id="token"),
        pytest.param("token:1", {"phase": "decode"}, "tokens 0", id="token of a decode"),
        pytest.param("layer:1-9", {}, "", id="in part a layer"),
        pytest.param("token:19-99", {}, "", id="in part a token"),
        pytest.param("token:31", {"workload": "mamba2_ssd", "chunk": 32}, "", id="a token of padding"),
        pytest.param("cycle:999999999999", {}, "", id="cycles are not known yet"),
    ],
)
def test_a_window_outside_of_the_run(window: str, settings: dict[str, Any], shown: str) -> None:
    simulated = settings.pop("simulate_layers", None)
    assignments = {"layers": 2, "sequence_length": 20} | settings
    job = prepare(assignments.pop("workload", "mamba2"), "edge", [f"{k}={v}" for k, v in assignments.items()])
    found = parse_window(window)
    assert found is not None
    if not shown:
        found.check(job.sections, simulated)
        return
    with pytest.raises(InputError) as caught:
        found.check(job.sections, simulated)
    assert str(caught.value) == f"--window {window}: holds nothing of the run, which shows {shown}"


def test_a_window_after_the_run_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    result = traced(tmp_path / "all.csv.gz", layers=1, sequence_length=8)
    last = result.makespan_cycles - 1
    with pytest.raises(NothingShown) as caught:
        traced(tmp_path / "t.csv.gz", f"cycle:{last + 1}-{last + 9}", layers=1, sequence_length=8)
    assert str(caught.value).endswith(f"holds nothing of the run, which shows cycles 0 to {last}")
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv.gz"]
