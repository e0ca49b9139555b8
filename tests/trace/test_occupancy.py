"""What is in use of SRAM, over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.accounting.result import Result
from tests.support.traces import Rows, read, traced


def test_slots_of_dequantised_weights_are_taken_and_given_back(tmp_path: Path) -> None:
    """Tiles of 1.5 KiB as stored, of 6 KiB when dequantised: all slots are in use at some time, and none in the end."""
    few: dict[str, Any] = {"layers": 2, "sequence_length": 20, "mapping__token_tile": 8, "mapping__weight_slot_kib": 2}
    narrow: dict[str, Any] = {"precision__weights": "4bit", "mac_array__types": "[w16a16]"}
    result = traced(tmp_path / "t.csv.gz", workload="mamba2-d96", **few, **narrow)
    steps = [
        row for row in read(tmp_path / "t.csv.gz") if row["kind"] == "counter" and row["name"] == "in use: weights"
    ]
    room = [buffer for buffer in result.mapping.buffers if buffer.role == "weights"]
    assert [buffer.name for buffer in room] == ["weights", "dequantised.in_proj.x", "dequantised.out_proj"]
    assert max(row["value"] for row in steps) * 1024 == sum(buffer.slot_bytes * buffer.slots for buffer in room)
    assert max(steps, key=lambda row: row["end_cycle"])["value"] == 0 == min(row["value"] for row in steps)


def test_what_is_in_use_fits_the_sram(whole: tuple[Result, Rows]) -> None:
    result, found = whole
    sram = [row for row in found if row["kind"] == "counter" and row["unit"] == "sram"]
    most = max(row["value"] for row in sram if row["name"] == "in use: all")
    assert 0.4 * result.mapping.sram_bytes < most * 1024 <= result.mapping.sram_bytes
    for role in ("weights", "tile", "step", "state", "parameters"):
        room = sum(b.slot_bytes * b.slots for b in result.mapping.buffers if b.role == role)
        values = [row["value"] * 1024 for row in sram if row["name"] == f"in use: {role}"]
        assert min(values) >= 0 and 0 < max(values) <= room * (1 + 1e-9), role
