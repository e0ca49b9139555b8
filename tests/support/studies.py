"""Sweeps whose points were never run: outcomes by a formula, for what tells of many of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.studies.evaluate import Outcome
from sim.studies.figures import Figure
from sim.studies.gains import Numbered, numbered
from sim.studies.points import Sweep
from sim.studies.sweep import Row
from tests.support.sweeps import small

Formula = Callable[[dict[str, Any]], dict[str, Figure] | str]
"""From the coordinates of a point to its figures, or to its error."""


def figures(throughput: float, **more: Figure) -> dict[str, Figure]:
    """Those of a point that does so many tokens a second; the SIMD unit is the busiest and waits for the array."""
    found: dict[str, Figure] = {
        "tokens_per_second": throughput, "energy_mj_per_token": 2.0, "above_any_mapping": 0.05, "tokens": 16,
        "makespan_cycles": 1000, "seconds": 0.5, "dram_bytes": 16_000, "mapping.token_tile": 8, "mapping.blocks": 2,
        "mapping.lanes": 1, "mapping.placement.update": "simd", "mapping.placement.in_proj": "mac_array",
        "utilisation.mac_array": 0.6, "stall.mac_array.waits_for_simd": 0.395, "stall.mac_array.dram_latency": 0.005,
        "utilisation.simd": 0.9, "stall.simd.waits_for_mac_array": 0.1, "utilisation.dma": 0.25,
        "stall.dma.no_buffer": 0.75, "utilisation.sram.banks0-15": 0.5, "stall.sram.banks0-15.no_access": 0.5,
        "busiest_unit": "simd", "busiest_share": 0.9, "largest_stall": "waits_for_mac_array",
    }  # fmt: skip
    return found | more


def rows(sweep: Sweep, formula: Formula) -> list[Row]:
    """A row for every point of *sweep*."""

    def outcome(found: dict[str, Figure] | str) -> Outcome:
        return Outcome({}, error=found) if isinstance(found, str) else Outcome(found)

    return [Row(at, sweep.point(at), outcome(formula(at))) for at in sweep.coordinates()]


def points(folder: Path, formula: Formula, **keys: Any) -> tuple[Sweep, list[Numbered]]:
    """A small sweep with *keys*, and its points."""
    sweep = small(folder, **keys)
    return sweep, numbered(sweep.axes, rows(sweep, formula))
