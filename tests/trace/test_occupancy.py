"""What is in use of SRAM, over time."""

from __future__ import annotations

from sim.accounting.result import Result
from tests.support.traces import Rows


def test_what_is_in_use_fits_the_sram(whole: tuple[Result, Rows]) -> None:
    result, found = whole
    sram = [row for row in found if row["kind"] == "counter" and row["unit"] == "sram"]
    most = max(row["value"] for row in sram if row["name"] == "in use: all")
    assert 0.4 * result.mapping.sram_bytes < most * 1024 <= result.mapping.sram_bytes
    for role in ("weights", "tile", "step", "state", "parameters"):
        room = sum(b.slot_bytes * b.slots for b in result.mapping.buffers if b.role == role)
        values = [row["value"] * 1024 for row in sram if row["name"] == f"in use: {role}"]
        assert min(values) >= 0 and 0 < max(values) <= room * (1 + 1e-9), role
