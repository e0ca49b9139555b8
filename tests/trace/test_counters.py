"""Counters of traces are the slices averaged over time."""

from __future__ import annotations

import pytest

from sim.accounting.result import Result
from tests.support.traces import ACCOUNTED, Rows, counted, of


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
