"""Traces: what they show is what the result counts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.result import Result
from sim.simulation import prepare, run
from sim.trace import TraceWriter, Window, parse_window

CYCLE_US = 0.004  # 250 MHz


def traced(
    path: Path, window: str | None = None, machine: str = "edge", **settings: Any
) -> tuple[Result, list[dict[str, Any]]]:
    assignments = [f"{key.replace('__', '.')}={value}" for key, value in settings.items()]
    job = prepare("mamba3_mimo", machine, assignments)
    recorder = TraceWriter(path, parse_window(window))
    with recorder.writing(job.machine):
        result = run(job, recorder=recorder)
    return result, json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, list[dict[str, Any]]]:
    return traced(tmp_path_factory.mktemp("trace") / "t.json.gz", layers=2, sequence_length=70)


def lanes(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    names = {e["tid"]: e["args"]["name"] for e in events if e.get("name") == "thread_name"}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names.values()}
    for event in events:
        if event.get("ph") == "X":
            found[names[event["tid"]]].append(event)
    return found


def cycles(events: list[dict[str, Any]], stall: bool) -> int:
    chosen = [event for event in events if event["name"].startswith("stall:") == stall]
    return round(sum(float(event["dur"]) for event in chosen) / CYCLE_US)


@pytest.mark.parametrize("unit", ["mac_array", "simd", "dma"])
def test_slices_add_up_to_the_accounts(whole: tuple[Result, list[dict[str, Any]]], unit: str) -> None:
    result, events = whole
    slices = lanes(events)[unit]
    assert cycles(slices, stall=False) == result.units[unit].busy_cycles
    assert cycles(slices, stall=True) == sum(result.units[unit].stalls.values())


@pytest.mark.parametrize("unit", ["mac_array", "simd", "dma", "dram.channel0", "dram.channel1"])
def test_slices_of_a_lane_do_not_overlap(whole: tuple[Result, list[dict[str, Any]]], unit: str) -> None:
    ordered = sorted(lanes(whole[1])[unit], key=lambda event: event["ts"])
    assert len(ordered) > 10
    for before, after in pairwise(ordered):
        assert after["ts"] >= before["ts"] + before["dur"] - 1e-6


CONTENDED: dict[str, dict[str, Any]] = {
    "narrow-banks": {"sram__bank_width": "8B"},
    "one-bank": {"sram__banks": 1, "sram__interleave": 1},
    "elementwise-pes": {"machine": "edge_flexpe"},
}


@pytest.fixture(scope="module", params=CONTENDED)
def contended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Result, list[dict[str, Any]]]:
    """A run in which the units ask some banks for more than these give."""
    mapping = {f"mapping__{key}": value for key, value in {"token_tile": 16, "blocks": 4, "lanes": 1}.items()}
    path = tmp_path_factory.mktemp("trace") / "t.json.gz"
    return traced(
        path, layers=1, sequence_length=40, mapping__weight_slot_kib=64, **mapping, **CONTENDED[request.param]
    )


@pytest.mark.parametrize("unit", ["mac_array", "simd"])
def test_bank_conflicts_are_stalls_that_follow_the_request_they_lengthen(
    contended: tuple[Result, list[dict[str, Any]]], unit: str
) -> None:
    result, events = contended
    slices = lanes(events)[unit]
    conflicts = [event for event in slices if event["name"] == "stall: bank_conflict"]
    assert cycles(conflicts, stall=True) == result.units[unit].stalls.get("bank_conflict", 0)
    assert any("bank_conflict" in result.units[each].stalls for each in ("mac_array", "simd"))
    assert cycles(slices, stall=False) == result.units[unit].busy_cycles
    for before, after in pairwise(sorted(slices, key=lambda event: event["ts"])):
        if after in conflicts:
            assert not before["name"].startswith("stall:")
            assert after["ts"] == pytest.approx(before["ts"] + before["dur"], abs=1e-6)


@pytest.mark.parametrize("unit", ["mac_array", "simd", "dma", "dram.channel0"])
def test_slices_of_a_lane_do_not_overlap_where_banks_conflict(
    contended: tuple[Result, list[dict[str, Any]]], unit: str
) -> None:
    result, events = contended
    ordered = sorted(lanes(events)[unit], key=lambda event: event["ts"])
    assert len(ordered) > 10
    for before, after in pairwise(ordered):
        assert after["ts"] >= before["ts"] + before["dur"] - 1e-6
    if unit != "dram.channel0":  # of channels a trace shows the data only
        assert sum(event["dur"] for event in ordered) / CYCLE_US == pytest.approx(result.makespan_cycles, abs=0.5)
        assert ordered[0]["ts"] == 0


def test_slices_say_what_and_where(whole: tuple[Result, list[dict[str, Any]]]) -> None:
    update = [event for event in lanes(whole[1])["simd"] if event["name"] == "update"]
    tokens = {(event["args"]["layer"], event["args"]["token"]) for event in update}
    assert tokens == {(layer, token) for layer in range(2) for token in range(70)}
    assert {"block", "lane"} <= set(update[0]["args"])
    loads = [event for event in lanes(whole[1])["dram.channel0"] if event["name"].startswith("load.weights")]
    assert all(event["args"]["bytes"] > 0 for event in loads)


def test_stalls_name_their_reason_and_what_ended_them(whole: tuple[Result, list[dict[str, Any]]]) -> None:
    stalls = [event for event in lanes(whole[1])["simd"] if event["name"].startswith("stall:")]
    assert {event["args"]["reason"] for event in stalls if event["args"]} >= {"waits_for_mac_array"}
    assert any(event["args"].get("before") == "update" for event in stalls)


def test_recording_changes_no_cycle_and_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"layers": 1, "sequence_length": 40}
    first, _ = traced(tmp_path / "a", **settings)
    second, _ = traced(tmp_path / "b", **settings)
    silent = run(prepare("mamba3_mimo", "edge", [f"{key}={value}" for key, value in settings.items()]))
    assert first == second == silent
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def inside(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (event for event in events if event.get("ph") == "X" and not event["name"].startswith("stall:"))


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        pytest.param("layer:1", lambda e: e["args"]["layer"] == 1, id="layer"),
        pytest.param("token:64-66", lambda e: int(str(e["args"]["token"]).split("-")[-1]) >= 64, id="token"),
        pytest.param("cycle:1000-5000", lambda e: e["ts"] <= 5000 * CYCLE_US, id="cycle"),
    ],
)
def test_window_keeps_only_its_part(tmp_path: Path, window: str, expected: Any) -> None:
    _, events = traced(tmp_path / "t", window, layers=2, sequence_length=70)
    kept = list(inside(events))
    assert kept
    assert all(expected(event) for event in kept)


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


def test_a_run_that_fails_leaves_no_file(tmp_path: Path) -> None:
    job = prepare("mamba2", "edge", ["layers=1", "sequence_length=8"])
    recorder = TraceWriter(tmp_path / "t.json.gz")
    with pytest.raises(KeyboardInterrupt), recorder.writing(job.machine):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_head_follows_in_the_trace(tmp_path: Path) -> None:
    job = prepare("mamba-130m", "edge", ["layers=2", "sequence_length=40", "head=true"])
    recorder = TraceWriter(tmp_path / "t.json.gz")
    with recorder.writing(job.machine):
        result = run(job, recorder=recorder)
    events = json.loads(gzip.decompress((tmp_path / "t.json.gz").read_bytes()))["traceEvents"]
    for unit in ("mac_array", "simd", "dma"):
        lane = lanes(events)[unit]
        stalled = result.makespan_cycles - result.units[unit].busy_cycles
        assert cycles(lane, stall=True) == pytest.approx(stalled, abs=result.units[unit].stalls.get("bank_conflict", 0))
        ends = [float(event["ts"]) + float(event["dur"]) for event in lane]
        assert all(end <= float(event["ts"]) + 1e-6 for end, event in zip(ends, lane[1:], strict=False))
        work = [event for event in lane if not event["name"].startswith("stall:")]
        last_layer = max(float(event["ts"]) for event in work if event["args"]["layer"] == 1)
        heads = [event for event in work if event["args"]["layer"] == "head"]
        assert heads and all(float(event["ts"]) > last_layer for event in heads)
        assert all(event["name"].startswith("head.") for event in heads)


def test_tokens_of_a_chunk(tmp_path: Path) -> None:
    job = prepare("mamba2_ssd", "edge", ["layers=1", "sequence_length=130"])
    recorder = TraceWriter(tmp_path / "t.json.gz", parse_window("token:64-127"))
    with recorder.writing(job.machine):
        run(job, recorder=recorder)
    events = json.loads(gzip.decompress((tmp_path / "t.json.gz").read_bytes()))["traceEvents"]
    tokens = {event["args"]["token"] for event in lanes(events)["simd"] if "token" in event["args"]}
    assert tokens == {"64-127"}
