"""One point on a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.presentation.html.point_details import point_details
from tests.support.studies import figures, points


def test_figures_bars_mapping_and_command(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, lambda at: figures(8.0), axes={"simd.lanes": [8, 16]})
    text = point_details(sweep.axes, found[1])
    assert text.startswith('<details class="point" id="point-2"><summary>2: simd.lanes 16: 8 tokens a second</summary>')
    for part in (
        "1,000 cycles, 500 ms, energy a token 2 mJ, 1 kB of DRAM traffic a token.",
        "Busiest: SIMD; waits for MAC array. No mapping is more than 5.0% faster.",
        "Mapping: 8 tokens a tile, 2 blocks x 1 lane, 1 operation on MAC array, 1 operation on SIMD.",
        "--set simd.lanes=16 --search quick --simulate-layers 2</code>",
        "works 60.0%, waits for SIMD 39.5%, less than 1% each 0.5%",
        "works 25.0%, ahead (waits for space) 75.0%",
    ):
        assert part in text
    assert re.findall("<b>(.*?)</b>", text) == ["MAC array", "SIMD", "DMA"]


def test_bars_are_as_long_as_the_makespan(tmp_path: Path) -> None:
    sweep, (point,) = points(tmp_path, lambda at: figures(8.0))
    for bar in re.findall("<span>(.*?)</span>", point_details(sweep.axes, point)):
        assert sum(map(float, re.findall(r"width:([0-9.]+)%", bar))) == pytest.approx(100)


def test_a_failed_point_says_why_and_how_to_try_again(tmp_path: Path) -> None:
    sweep, (point,) = points(tmp_path, lambda at: "needs <more>")
    text = point_details(sweep.axes, point)
    assert "<p>needs &lt;more&gt;</p>" in text and ": failed</summary>" in text and "python -m sim run mamba2" in text


def test_only_the_command(tmp_path: Path) -> None:
    sweep, (point,) = points(tmp_path, lambda at: figures(8.0))
    text = point_details(sweep.axes, point, whole=False)
    assert "bars" not in text and "python -m sim run mamba2" in text
