"""The figure of a front says of each point what binds there."""

from __future__ import annotations

import pytest

from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.front import binding, draw_front, words
from sim.studies.front import front

ROWS = [
    {"s": 1.0, "mJ": 9.0, "mm2": 1.0, "one.busiest_unit": "simd", "one.largest_stall": "waits_for_mac_array"},
    {"s": 2.0, "mJ": 2.0, "mm2": 2.0, "one.busiest_unit": "mac_array", "one.largest_stall": ""},
    {"s": 9.0, "mJ": 1.0, "mm2": 3.0, "one.busiest_unit": "mac_array", "one.largest_stall": "dram_bandwidth"},
    {"s": 9.0, "mJ": 9.0, "mm2": 9.0, "one.busiest_unit": "mac_array", "one.largest_stall": "dram_bandwidth"},
]


def test_what_binds_is_that_of_the_first_run() -> None:
    assert [words(binding(row)) for row in ROWS[:3]] == [
        "simd: waits for mac array", "mac_array", "mac_array: dram bandwidth",
    ]  # fmt: skip
    assert words(binding({"s": 1.0})) == "on the front"


@pytest.mark.parametrize("names", [["s", "mJ"], ["s", "mJ", "mm2"]])
def test_every_point_of_the_front_has_a_mark(names: list[str]) -> None:
    with print_style():
        drawing = draw_front(front(ROWS, names, []), "a title", 7.0)
    end = "mJ 2, mm2 2: mac_array" if len(names) == 3 else "mJ 2: mac_array"
    assert len(drawing.marks) == 3 and drawing.marks["mark1"].text.endswith(end)
    assert drawing.description.startswith("3 of 4 points have least s and least mJ")
    assert "The knee has s 2, mJ 2" in drawing.description


def test_numbers_at_the_axes_have_prefixes() -> None:
    rows = [row | {"cycles": 1e7 * row["mJ"], "share": row["s"] / 100} for row in ROWS]
    with print_style():
        drawing = draw_front(front(rows, ["cycles", "share"], []), "a title", 7.0)
    across, up = drawing.figure.axes[0].xaxis, drawing.figure.axes[0].yaxis
    assert across.get_major_formatter()(2e7) == "20 M" and up.get_major_formatter()(0.05) == "0.05"
    assert up.get_major_formatter()(0.7 + 1e-16) == "0.7"
