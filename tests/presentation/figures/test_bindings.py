"""Fills of what binds."""

from __future__ import annotations

from pathlib import Path

from sim.presentation.figures.bindings import bindings
from sim.presentation.figures.palette import leaf_fill
from tests.support.studies import figures, points

BOUND = [("simd", "dram_latency"), ("mac_array", "dram_latency"), ("mac_array", "dram_latency"), ("simd", "")]


def test_a_stall_has_its_colour_and_the_rarer_unit_another_one(tmp_path: Path) -> None:
    left = iter(BOUND)

    def formula(_: object) -> dict[str, object]:
        unit, stall = next(left)
        return figures(1.0, busiest_unit=unit, largest_stall=stall)  # type: ignore[return-value]

    _, found = points(tmp_path, formula, axes={"simd.lanes": [8, 16, 32, 64]})  # type: ignore[arg-type]
    fills = bindings(found)
    assert next(iter(fills)) == ("mac_array", "dram_latency") and len(fills) == 3
    assert fills["mac_array", "dram_latency"] == leaf_fill("dram_latency")
    assert fills["simd", ""] == leaf_fill("useful")
    assert len({fill.colour for fill in fills.values()}) == 3
