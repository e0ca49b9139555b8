"""Traces: what they show is what the result counts."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sim.accounting.result import Result
from sim.simulation import prepare, run
from sim.trace import TraceWriter
from tests.support.traces import ACCOUNTED, Rows, expected, mapped, of, read, sums, traced, tracks


@pytest.mark.parametrize("unit", ACCOUNTED)
def test_slices_add_up_to_the_accounts(whole: tuple[Result, Rows], unit: str) -> None:
    result, found = whole
    assert sums(found)[unit] == expected(result, unit)


def test_bytes_add_up_to_the_traffic(whole: tuple[Result, Rows]) -> None:
    result, found = whole
    assert sum(row["bytes"] for row in of(found, "dma")) == result.dram_bytes
    to_and_from_sram = sum(row["bytes"] for unit in ("mac_array", "simd") for row in of(found, unit))
    assert -(-to_and_from_sram // (16 * 64)) == result.units["sram.banks0-15"].busy_cycles  # 16 banks of 64 B a cycle


def test_slices_of_a_track_do_not_overlap(whole: tuple[Result, Rows]) -> None:
    lanes = tracks(whole[1])
    assert {(unit, track) for unit in ACCOUNTED for track in ("work", "stalls")} <= set(lanes)
    assert {("dram.channel0", "data"), ("dram.channel1", "stalls"), ("dma", "in flight 1")} <= set(lanes)
    for lane in lanes.values():
        for before, after in pairwise(lane):
            assert after["start_cycle"] >= before["end_cycle"]


@pytest.mark.parametrize("unit", ACCOUNTED)
def test_work_and_stalls_cover_the_run_without_a_gap(whole: tuple[Result, Rows], unit: str) -> None:
    result, found = whole
    both = sorted(of(found, unit) + of(found, unit, "stall"), key=lambda row: (row["start_cycle"], row["end_cycle"]))
    assert both[0]["start_cycle"] == 0 and both[-1]["end_cycle"] == result.makespan_cycles
    assert all(before["end_cycle"] == after["start_cycle"] for before, after in pairwise(both))


def test_a_request_waits_for_its_cause_and_starts_when_it_is_ready(whole: tuple[Result, Rows]) -> None:
    _, found = whole
    requests = {row["id"]: row for unit in ACCOUNTED for row in of(found, unit)}
    caused = [row for row in requests.values() if "cause" in row]
    assert len(caused) > 0.7 * len(requests)
    for row in caused:
        assert requests[row["cause"]]["end_cycle"] <= row["start_cycle"]
    assert all(row["ready_cycle"] <= row["start_cycle"] for row in requests.values())


def test_a_stall_is_explained_by_the_cause_of_the_request_that_ends_it(whole: tuple[Result, Rows]) -> None:
    _, found = whole
    requests = {row["id"]: row for unit in ACCOUNTED for row in of(found, unit)}
    after = {(row["unit"], row["start_cycle"]): row for row in requests.values()}
    checked = 0
    for stall in of(found, "simd", "stall"):
        if stall["reason"] == "waits_for_mac_array":
            request = after["simd", stall["end_cycle"]]
            assert requests[request["cause"]]["unit"] == "mac_array"
            checked += 1
    assert checked > 20


CONTENDED: dict[str, dict[str, Any]] = {
    "narrow-banks": {"sram__bank_width": "8B"},
    "one-bank": {"sram__banks": 1, "sram__interleave": 1},
    "elementwise-pes": {"machine": "edge_flexpe", "mapping__placement": "mac_array"},
}


@pytest.fixture(scope="module", params=CONTENDED)
def contended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Rows]:
    """A run in which the units ask some banks for more than these give."""
    mapping = {f"mapping__{key}": value for key, value in {"token_tile": 16, "blocks": 4, "lanes": 1}.items()}
    path = tmp_path_factory.mktemp("trace") / "t.json.gz"
    settings: dict[str, Any] = {"layers": 1, "sequence_length": 40, "mapping__weight_slot_kib": 64}
    return traced(path, **settings, **mapping, **CONTENDED[request.param]), read(path)


def test_bank_conflicts_follow_the_request_they_lengthen(contended: tuple[Result, Rows]) -> None:
    result, found = contended
    for unit in ("mac_array", "simd"):
        assert sums(found)[unit] == expected(result, unit)
        ends = {row["end_cycle"]: row["name"] for row in of(found, unit)}
        for row in of(found, unit, "stall"):
            if row["reason"] == "bank_conflict":
                assert ends[row["start_cycle"]] == row["request"]
    assert any("bank_conflict" in result.units[unit].stalls for unit in ("mac_array", "simd"))
    for lane in tracks(found).values():
        assert all(after["start_cycle"] >= before["end_cycle"] for before, after in pairwise(lane))


def test_slices_say_what_and_where(whole: tuple[Result, Rows]) -> None:
    _, found = whole
    update = [row for row in of(found, "simd") if row["name"] == "update"]
    tokens = {(row["layer"], row["first_token"]) for row in update}
    assert tokens == {(layer, token) for layer in range(2) for token in range(70)}
    assert {"block", "lane", "tile", "bytes", "ready_cycle"} <= set(update[0])
    fused = next(row for row in of(found, "simd") if row["name"] == "skip..gate")
    assert fused["operations"] == "skip, gate"


def test_stalls_name_their_reason_and_the_request_that_ended_them(whole: tuple[Result, Rows]) -> None:
    stalls = of(whole[1], "simd", "stall")
    assert {row["name"] for row in stalls} == {row["reason"] for row in stalls} >= {"waits_for_mac_array"}
    assert any(row.get("request") == "update" and row["layer"] == 1 for row in stalls)


def test_recording_changes_no_cycle(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"layers": 1, "sequence_length": 40}
    silent = run(prepare("mamba3_mimo", "edge", [*mapped(), *(f"{key}={value}" for key, value in settings.items())]))
    assert traced(tmp_path / "t.json.gz", **settings) == silent


def without_ids(found: Rows) -> Counter[tuple[Any, ...]]:
    """The rows in any order, a cause told by its place instead of its id."""
    places = {row["id"]: (row["unit"], row["start_cycle"], row["name"]) for row in found if "id" in row}
    assert len(places) == sum("id" in row for row in found)
    causes = [row | ({"cause": places[row["cause"]]} if "cause" in row else {}) for row in found]
    return Counter(tuple(sorted((name, row[name]) for name in row if name != "id")) for row in causes)


@pytest.mark.parametrize("chunk", [1, 7])
@pytest.mark.parametrize("window", [None, "layer:1", "token:3-4", "cycle:5000-9000"])
@pytest.mark.parametrize("suffix", [".json.gz", ".csv.gz"])
def test_it_does_not_matter_where_a_chunk_ends(tmp_path: Path, suffix: str, window: str | None, chunk: int) -> None:
    settings: dict[str, Any] = {"workload": "mamba3_mimo-d48", "layers": 2, "sequence_length": 12}
    settings |= {"head": "true", "vocabulary": 1000}
    paths = [tmp_path / f"{name}{suffix}" for name in ("whole", "parts")]
    traced(paths[0], window, **settings)
    traced(paths[1], window, chunk=chunk, **settings)
    whole, parts = map(read, paths)
    assert whole and without_ids(parts) == without_ids(whole)


def arrows(path: Path) -> Counter[tuple[Any, ...]]:
    """Beginnings and ends of the arrows of a trace in JSON: track and time."""
    events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    ends: defaultdict[int, list[Any]] = defaultdict(list)
    for event in events:
        if event["ph"] in "sf":
            ends[event["id"]].append((event["ph"], event["pid"], event["tid"], event["ts"]))
    return Counter(tuple(sorted(both)) for both in ends.values())


def test_arrows_cross_the_borders_of_chunks(tmp_path: Path) -> None:
    paths = [tmp_path / "whole.json.gz", tmp_path / "parts.json.gz"]
    for path, chunk in zip(paths, (10_000, 7), strict=True):
        traced(path, chunk=chunk, layers=1, sequence_length=8)
    assert arrows(paths[0]) == arrows(paths[1]) and arrows(paths[0]).total() > 100


def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    """Beyond what is kept of the latest chunks."""
    peaks = []
    for layers in (1, 4):
        job = prepare("mamba3_mimo", "edge", [f"layers={layers}", "sequence_length=32"])
        recorder = TraceWriter(tmp_path / "t.csv.gz", chunk=256)
        tracemalloc.start()
        with recorder.writing(job.machine) as observer:
            run(job, observer=observer)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_head_follows_in_the_trace(tmp_path: Path) -> None:
    path = tmp_path / "t.json.gz"
    result = traced(path, workload="mamba-130m", layers=2, sequence_length=40, head="true")
    found = read(path)
    for unit in ACCOUNTED:
        assert sums(found)[unit] == expected(result, unit)
        heads = [row for row in of(found, unit) if row["name"].startswith("head.")]
        layers = [row for row in of(found, unit) if "layer" in row]
        assert heads and len(heads) + len(layers) == len(of(found, unit))
        assert min(row["start_cycle"] for row in heads) > max(row["start_cycle"] for row in layers)
    for lane in tracks(found).values():
        assert all(after["start_cycle"] >= before["end_cycle"] for before, after in pairwise(lane))


def test_transfers_that_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "t.json.gz"
    result = traced(path, workload="mamba2", layers=1, sequence_length=16, ideal="[dram_bandwidth,dram_latency]")
    found = read(path)
    for unit in ACCOUNTED:
        assert sums(found)[unit] == expected(result, unit)


def test_tokens_of_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "t.json.gz"
    traced(path, "token:64-127", workload="mamba2_ssd", layers=1, sequence_length=130)
    tokens = {(row["first_token"], row["last_token"]) for row in of(read(path), "simd")}
    assert tokens == {(64, 127)}


def test_a_run_that_fails_leaves_no_file(tmp_path: Path) -> None:
    job = prepare("mamba2", "edge", ["layers=1", "sequence_length=8"])
    recorder = TraceWriter(tmp_path / "t.json.gz")
    with pytest.raises(KeyboardInterrupt), recorder.writing(job.machine):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
