"""Layered placement: rows keep their distances, edges bend around boxes, crossings go, and positions settle."""

from __future__ import annotations

import pytest

from sim.presentation.graph.layout import GAP, Link, _isotonic, layered

HALF = (0.5, 0.5)


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([1.0, 2.0, 2.0], [1, 1, 1], [1.0, 2.0, 2.0], id="in order: kept"),
        pytest.param([3.0, 1.0], [1, 1], [2.0, 2.0], id="a violation is pooled"),
        pytest.param([3.0, 1.0], [3, 1], [2.5, 2.5], id="by weight"),
        pytest.param([1.0, 5.0, 4.0, 0.0, 9.0], [1, 1, 1, 1, 1], [1.0, 3.0, 3.0, 3.0, 9.0], id="pools grow backwards"),
    ],
)
def test_isotonic_regression(values: list[float], weights: list[float], expected: list[float]) -> None:
    assert _isotonic(values, weights) == pytest.approx(expected)


def test_a_chain_is_straight() -> None:
    layout = layered({"a": 0, "b": 1, "c": 2}, dict.fromkeys("abc", HALF), [Link("a", "b"), Link("b", "c")])
    assert layout.x["a"] == pytest.approx(layout.x["b"]) == pytest.approx(layout.x["c"])
    assert layout.joints == ((), ())


def test_a_parent_stands_over_the_middle_of_its_children() -> None:
    layout = layered({"a": 0, "b": 1, "c": 1}, dict.fromkeys("abc", HALF), [Link("a", "b"), Link("a", "c")])
    assert layout.x["a"] == pytest.approx((layout.x["b"] + layout.x["c"]) / 2)
    assert abs(layout.x["c"] - layout.x["b"]) >= 1.0 + GAP - 1e-9


@pytest.mark.parametrize(
    ("link", "rows"),
    [
        pytest.param(Link("a", "d"), [1, 2], id="down"),
        pytest.param(Link("d", "a"), [2, 1], id="up"),
        pytest.param(Link("b", "e"), [2], id="within a row, through the one below"),
        pytest.param(Link("a", "b"), [], id="between neighbouring rows"),
    ],
)
def test_joints_stand_in_the_rows_between(link: Link, rows: list[int]) -> None:
    names = {"a": 0, "b": 1, "e": 1, "c": 2, "d": 3}
    layout = layered(names, dict.fromkeys(names, HALF), [link])
    assert [row for _, row in layout.joints[0]] == rows


def test_a_long_edge_keeps_clear_of_the_box_that_it_passes() -> None:
    links = [Link("a", "b"), Link("b", "c"), Link("a", "c")]
    layout = layered({"a": 0, "b": 1, "c": 2}, dict.fromkeys("abc", HALF), links)
    assert abs(layout.joints[2][0][0] - layout.x["b"]) >= 0.5 + GAP - 1e-9


def test_a_label_has_room_to_the_right_of_its_joint() -> None:
    links = [Link("a", "c", label_width=2.0), Link("a", "b"), Link("b", "c")]
    layout = layered({"a": 0, "b": 1, "c": 2}, dict.fromkeys("abc", HALF), links)
    joint, box = layout.joints[0][0][0], layout.x["b"]
    assert box < joint or box - 0.5 >= joint + 2.0 + GAP - 1e-9


@pytest.mark.parametrize(
    "children",
    [
        pytest.param({"a": "z", "b": "y", "c": "x"}, id="reversed"),
        pytest.param({"a": "yz", "b": "x", "c": "z"}, id="mixed"),
    ],
)
def test_avoidable_crossings_are_avoided(children: dict[str, str]) -> None:
    links = [Link(parent, child) for parent, each in children.items() for child in each]
    layout = layered(dict.fromkeys("abc", 0) | dict.fromkeys("xyz", 1), dict.fromkeys("abcxyz", HALF), links)
    ends = [(layout.x[link.source], layout.x[link.target]) for link in links]
    assert not [1 for a, c in ends for b, d in ends if a < b and c > d]
