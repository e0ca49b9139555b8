"""All points as lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.parallel import draw_parallel, places, scales
from tests.support.studies import figures, points


def test_lines_cross_axes_and_figures_and_end_where_a_point_failed(tmp_path: Path) -> None:
    sweep, found = points(
        tmp_path,
        lambda at: "does not fit" if at["simd.lanes"] == 32 else figures(float(at["simd.lanes"] ** 2)),
        axes={"simd.lanes": [8, 16, 32], "batch": [1, 2]},
    )
    on = scales(sweep.axes, found)
    assert [scale.title for scale in on] == ["simd.lanes", "batch", "tokens a second"]  # what differs
    assert [text for _, text in on[0].ticks] == ["8", "16", "32"]
    lanes, batch, speed = places(found[0], on)
    assert (lanes, batch, speed) == (pytest.approx(0, abs=0.03), pytest.approx(0, abs=0.03), 0.0)
    assert places(found[3], on)[2] == 1.0 and places(found[5], on)[2] is None
    with print_style():
        drawing = draw_parallel(sweep.axes, found, 7.0)
    lines = [mark for mark in drawing.marks.values() if "key" in mark.data]
    assert {mark.data["key"] for mark in lines} == {f"point-{number}" for number in range(1, 7)}
    assert [mark.data["scale"] for mark in drawing.marks.values() if "scale" in mark.data] == ["0", "1", "2"]
    assert any(mark.text == "6: simd.lanes 32, batch 2: failed: does not fit" for mark in lines)


def test_values_far_apart_are_on_a_scale_of_factors(tmp_path: Path) -> None:
    speeds = {8: 1.0, 16: 10.0, 32: 100.0}
    sweep, found = points(tmp_path, lambda at: figures(speeds[at["simd.lanes"]]), axes={"simd.lanes": list(speeds)})
    assert [places(each, scales(sweep.axes, found))[1] for each in found] == [0.0, pytest.approx(0.5), 1.0]
