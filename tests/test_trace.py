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
from sim.files.errors import InputError
from sim.simulation import prepare, run
from sim.trace import TraceWriter, Window, parse_window
from tests.traces import ACCOUNTED, check_channel, expected, read, sums, traced

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Rows]:
    path = tmp_path_factory.mktemp("trace") / "t.json.gz"
    return traced(path, layers=2, sequence_length=70), read(path)


def tracks(found: Rows) -> dict[tuple[str, str], Rows]:
    """Slices by unit and track, in order of time."""
    lanes: defaultdict[tuple[str, str], Rows] = defaultdict(list)
    for row in found:
        if row["kind"] != "counter":
            lanes[row["unit"], row["track"]].append(row)
    return {
        place: sorted(lane, key=lambda row: (row["start_cycle"], row["end_cycle"])) for place, lane in lanes.items()
    }


def of(found: Rows, unit: str, kind: str = "work") -> Rows:
    return [row for row in found if row["unit"] == unit and row["kind"] == kind]


@pytest.mark.parametrize("unit", ACCOUNTED)
def test_slices_add_up_to_the_accounts(whole: tuple[Result, Rows], unit: str) -> None:
    result, found = whole
    assert sums(found)[unit] == expected(result, unit)


@pytest.mark.parametrize("unit", ["dram.channel0", "dram.channel1"])
def test_clocks_of_a_channel_add_up_to_its_account(whole: tuple[Result, Rows], unit: str) -> None:
    result, found = whole
    clocks: Counter[str] = Counter()
    for row in of(found, unit) + of(found, unit, "stall"):
        clocks[row.get("reason", "busy")] += row["clocks"]
    check_channel(result, unit, clocks)


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
    assert len(caused) > 0.8 * len(requests)
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
    "elementwise-pes": {"machine": "edge_flexpe"},
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


def counted(found: Rows, component: str, name: str) -> float:
    steps = [row for row in found if row["kind"] == "counter" and (row["unit"], row["name"]) == (component, name)]
    assert steps
    return sum(row["value"] * (row["end_cycle"] - row["start_cycle"]) for row in steps)


def test_counters_are_the_slices_averaged_over_time(whole: tuple[Result, Rows]) -> None:
    result, found = whole
    for unit in ACCOUNTED:
        assert counted(found, unit, "busy") == pytest.approx(100 * result.units[unit].busy_cycles, rel=1e-6)
    moved = sum(counted(found, "dram", f"{kind} bandwidth") for kind in ("read", "write"))  # GB/s times cycles
    assert moved * 1e9 / result.clock_hz == pytest.approx(result.dram_bytes, rel=1e-6)
    flights = [row for row in found if row["kind"] == "flight"]
    flown = sum(row["end_cycle"] - row["start_cycle"] for row in flights)
    assert counted(found, "dma", "in flight") == pytest.approx(flown, rel=1e-6)
    for unit in ACCOUNTED[:2]:
        waited = sum(row["start_cycle"] - row["ready_cycle"] for row in of(found, unit))
        assert counted(found, unit, "ready and waiting") == pytest.approx(waited, rel=1e-6)


def test_what_is_in_use_fits_the_sram(whole: tuple[Result, Rows]) -> None:
    result, found = whole
    sram = [row for row in found if row["kind"] == "counter" and row["unit"] == "sram"]
    most = max(row["value"] for row in sram if row["name"] == "in use: all")
    assert 0.4 * result.mapping.sram_bytes < most * 1024 <= result.mapping.sram_bytes
    for role in ("weights", "tile", "step", "state", "parameters"):
        room = sum(b.slot_bytes * b.slots for b in result.mapping.buffers if b.role == role)
        values = [row["value"] * 1024 for row in sram if row["name"] == f"in use: {role}"]
        assert min(values) >= 0 and 0 < max(values) <= room * (1 + 1e-9), role


def test_recording_changes_no_cycle(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"layers": 1, "sequence_length": 40}
    silent = run(prepare("mamba3_mimo", "edge", [f"{key}={value}" for key, value in settings.items()]))
    assert traced(tmp_path / "t.json.gz", **settings) == silent


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


def test_json_is_one_document(tmp_path: Path) -> None:
    traced(tmp_path / "t.json.gz", layers=1, sequence_length=8)
    document = json.loads(gzip.decompress((tmp_path / "t.json.gz").read_bytes()))
    assert document["otherData"]["clock_hz"] == 250_000_000
    assert {event["ph"] for event in document["traceEvents"]} == {"M", "X", "s", "f", "C"}
