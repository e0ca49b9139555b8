"""Pages of worked studies: what each axis buys, and what of that mappings can be to blame for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.studies import page
from sim.studies.evaluate import Outcome
from sim.studies.sweep import Row
from tests.support.sweeps import small


def told(tmp_path: Path, above: float) -> str:
    """The page of four machines: twice the lanes double the throughput, more SRAM adds a tenth; one cannot be run."""
    sweep = small(tmp_path, description="which", axes={"simd.lanes": [8, 16], "sram.capacity": ["1MiB", "2MiB"]})
    rows = []
    for place, speed in zip(sweep.coordinates(), (100.0, 110.0, 200.0, None), strict=True):
        figures = {
            "tokens_per_second": speed, "above_any_mapping": above, "busiest_unit": "simd", "largest_stall": "start",
        }  # fmt: skip
        outcome = Outcome({}, error="no room") if speed is None else Outcome({**figures})
        rows.append(Row(place, sweep.point(place), outcome))
    return page("small", sweep, rows)


def test_gains_stand_beside_what_any_mapping_leaves_of_them(tmp_path: Path) -> None:
    text = told(tmp_path, 0.25)
    assert "4 points, 1 of which cannot be run" in text
    lanes = "| simd.lanes | 8 | 16 | 1 | 2.00x | 2.00x | 2.00x | 1.60x to 2.50x | simd (start) | simd (start) |"
    sram = "| sram.capacity | 1MiB | 2MiB | 1 | 1.10x | 1.10x | 1.10x | 0.88x to 1.38x |"
    assert lanes in text and sram in text
    assert "Fastest: 200 tok/s at simd.lanes 16, sram.capacity 1MiB; simd (start) binds." in text


@pytest.mark.parametrize(("above", "how"), [(0.25, "for every mapping"), (0.6, "as far as these mappings tell")])
def test_what_moves_most_is_certain_only_if_mappings_cannot_be_to_blame(tmp_path: Path, above: float, how: str) -> None:
    """At 25 % lanes gain 1.6 at least and SRAM 1.38 at most; at 60 % 1.25 and 1.76."""
    said = f"`simd.lanes` (2.00x) moves the throughput most, {how}; then `sram.capacity` (1.10x)."
    assert said in told(tmp_path, above)
