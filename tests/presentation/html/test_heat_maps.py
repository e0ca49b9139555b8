"""Maps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sim.presentation.figures.bindings import bindings
from sim.presentation.html.heat_maps import heat_maps, map_axes
from sim.studies.figures import Figure
from sim.studies.gains import gains, ran
from tests.support.studies import figures, points

AXES = {"batch": [1, 2], "simd.lanes": [8, 16, 32], "sram.capacity": ["1MiB", "2MiB"]}


def formula(at: dict[str, Any]) -> dict[str, Figure] | str:
    if at["sram.capacity"] == "1MiB" and at["simd.lanes"] == 32:
        return 'needs <more> & "more"'
    return figures(at["simd.lanes"] * (2.0 if at["sram.capacity"] == "2MiB" else 1.0) + 0.01 * at.get("batch", 0))


def test_sides_are_the_axes_that_change_throughput_most(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, formula, workload=["mamba1", "mamba2"], axes=AXES)
    on = map_axes(sweep.axes, gains(sweep.axes, found))
    assert [sweep.axes[at].keys for at in on] == [("sram.capacity",), ("simd.lanes",)]
    page = heat_maps(sweep.axes, on, found, bindings(ran(found)))
    assert page.count('id="map-tokens_per_second-') == 4  # workloads and batches
    assert page.count("<h4>mamba1</h4>") == page.count("<h4>mamba2</h4>") == page.count('data-measure="')
    assert "<caption>batch 2</caption>" in page


def test_cells_are_links_the_best_is_marked_and_failed_ones_say_why(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, formula, axes={key: AXES[key] for key in ("simd.lanes", "sram.capacity")})
    page = heat_maps(sweep.axes, map_axes(sweep.axes, gains(sweep.axes, found)), found, bindings(ran(found)))
    first = page.partition("</table>")[0]
    assert re.findall(r'href="#(point-\d)">([^<]*)<', first) == [
        ("point-1", "8"), ("point-3", "16"), ("point-5", "failed"),
        ("point-2", "16"), ("point-4", "32"), ("point-6", "64"),
    ]  # fmt: skip
    assert 'class="best"' in first and 'title="needs &lt;more&gt; &amp; &quot;more&quot;"' in first
    assert page.count("--v:100%") >= 1 and "--v:0%" in page


def test_values_that_are_nearly_the_same_have_nearly_the_same_colour(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, lambda at: figures(100.0 + at["batch"]), axes={"batch": [1, 2]})
    page = heat_maps(sweep.axes, map_axes(sweep.axes, gains(sweep.axes, found)), found, bindings(found))
    assert re.findall(r"--v:(\d+)%", page)[:2] == ["90", "100"]


def test_one_axis_is_one_row_and_what_is_left_out_is_empty(tmp_path: Path) -> None:
    sweep, found = points(tmp_path, lambda at: figures(1.0), axes={"simd.lanes": [8, 16, 32]})
    page = heat_maps(sweep.axes, (2,), found[:2], bindings(found))
    assert page.partition("</table>")[0].count("<tr>") == 2 and '<td class="none">·</td>' in page
