"""Throughput against cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.presentation.figures.bindings import bindings
from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.tradeoff import _short, costs, draw_tradeoff, front
from tests.support.studies import figures, points

COSTS = {8: (1.0, 1.0, 3.0), 16: (2.0, 2.0, 3.0), 32: (1.5, 3.0, 1.0)}  # tokens a second, energy, area


def test_every_point_is_marked_and_the_front_is_joined(tmp_path: Path) -> None:
    def formula(at: dict[str, int]) -> dict[str, object]:
        speed, energy, area = COSTS[at["simd.lanes"]]
        return figures(speed, energy_mj_per_token=energy, area_mm2=area)  # type: ignore[return-value]

    sweep, found = points(tmp_path, formula, axes={"simd.lanes": list(COSTS)})  # type: ignore[arg-type]
    energy, area = costs(found)
    assert [each.number for each in front(found, energy)] == [1, 2]
    assert [each.number for each in front(found, area)] == [3, 2]
    with print_style():
        drawing = draw_tradeoff(sweep.axes, found, bindings(found), 7.0)
    keys = [mark.data["key"] for mark in drawing.marks.values()]
    assert sorted(keys) == sorted(2 * ["point-1", "point-2", "point-3"]) and len(drawing.figure.axes) == 2
    assert (
        drawing.description
        == "energy a token: 2 of 3 points are beaten by none; area: 2 of 3 points are beaten by none"
    )
    assert any(
        mark.text == "2: simd.lanes 16: 2 tokens a second, 2 mJ; SIMD; waits for MAC array"
        for mark in drawing.marks.values()
    )


def test_an_area_that_is_the_same_everywhere_is_no_cost(tmp_path: Path) -> None:
    _, found = points(tmp_path, lambda at: figures(1.0, area_mm2=3.0), axes={"simd.lanes": [8, 16]})
    assert [each.name for each in costs(found)] == ["energy_mj_per_token"]


@pytest.mark.parametrize(
    ("text", "short"),
    [("25.00 µJ", "25 µJ"), ("0 J", "0 J"), ("180.0 mJ", "180 mJ"), ("2.50 mJ", "2.5 mJ"), ("1,000 J", "1,000 J")],
)
def test_ticks_have_no_zeros_behind(text: str, short: str) -> None:
    assert _short(text) == short
