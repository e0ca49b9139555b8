"""Traces of small runs, for the tests of traces."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hw.integers import apportion
from sim.accounting.result import Result
from sim.simulation import prepare, run
from sim.trace import TraceWriter, parse_window
from sim.trace.read.rows import rows
from sim.trace.recorder import CHUNK

SUFFIXES = (".json.gz", ".pftrace", ".parquet", ".csv.gz", ".vcd")
PACKAGES = {".pftrace": "perfetto", ".parquet": "pyarrow", ".vcd": "vcd"}
FORMATTED = {"layers": 1, "sequence_length": 20}  # the run whose traces are compared from format to format
MAPPED = {
    "token_tile": 16,
    "blocks": 2,
    "lanes": 1,
    "weight_slot_kib": 128,
    "spill": False,
    "sram_kib": 2048,
    "spare_sram": "evenly",
    "head_first": False,
    "steps_first": False,
    "place": {"outer": "mac_array", "readout": "mac_array"},
}  # how mamba3_mimo is laid out unless a test says otherwise
ACCOUNTED = ("mac_array", "simd", "dma")
Rows = list[dict[str, Any]]
Written = Callable[[str], Path]
"""The trace of one run in the format of a suffix."""


def mapped() -> list[str]:
    """The assignments of MAPPED."""
    return [f"mapping.{key}={json.dumps(value)}" for key, value in MAPPED.items()]


def traced(path: Path, window: str | None = None, machine: str = "edge", chunk: int = CHUNK, **settings: Any) -> Result:
    """Run ``workload`` (mamba3_mimo) with *settings* and write its trace to *path*, *chunk* requests at a time."""
    workload = settings.pop("workload", "mamba3_mimo")
    assignments = mapped() if workload == "mamba3_mimo" and machine == "edge" else []
    assignments += [f"{key.replace('__', '.')}={value}" for key, value in settings.items()]
    job = prepare(workload, machine, assignments)
    recorder = TraceWriter(path, parse_window(window), chunk)
    with recorder.writing(job.machine) as observer:
        return run(job, observer=observer)


def read(path: Path) -> Rows:
    """All rows of a trace."""
    return list(rows(path))


def sums(found: Rows) -> dict[str, Counter[str]]:
    """Cycles of every unit by reason, "busy" for its work."""
    total: dict[str, Counter[str]] = {}
    for row in found:
        if row["kind"] in ("work", "stall"):
            cycles = row["end_cycle"] - row["start_cycle"]
            total.setdefault(row["unit"], Counter())[row.get("reason", "busy")] += cycles
    return {unit: +counts for unit, counts in total.items()}


def expected(result: Result, unit: str) -> Counter[str]:
    """What the result says of a unit, as :func:`sums` has it."""
    return Counter({"busy": result.units[unit].busy_cycles, **result.units[unit].stalls})


def check_channel(result: Result, unit: str, clocks: dict[str, int]) -> None:
    """The *clocks* of a channel by reason, shared over the makespan, are its account."""
    account = {"busy": result.units[unit].busy_cycles, **result.units[unit].stalls}
    shared = apportion(
        result.makespan_cycles, {name: clocks[name] for name in (*account, *(set(clocks) - set(account)))}
    )
    assert {name: cycles for name, cycles in shared.items() if cycles} == account


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
    """The slices of a unit that are of one kind."""
    return [row for row in found if row["unit"] == unit and row["kind"] == kind]


def counted(found: Rows, component: str, name: str) -> float:
    """The sum over all cycles of a counter."""
    steps = [row for row in found if row["kind"] == "counter" and (row["unit"], row["name"]) == (component, name)]
    assert steps
    return sum(row["value"] * (row["end_cycle"] - row["start_cycle"]) for row in steps)


def needs(suffix: str) -> None:
    """Skip the test if the package is absent."""
    if suffix in PACKAGES:
        pytest.importorskip(PACKAGES[suffix])
