"""Axes that are found to be the same, split or cut."""

from __future__ import annotations

import pytest

from sim.importing.axes import Axes, Axis, Piece, Term, apart, flattened, unflattened
from sim.importing.building import apply, joined, part, reshape
from sim.importing.primitives import Input, Program, Value


def axes_of(value: Value, source: Value) -> tuple[list[list[Piece]], dict[str, int]]:
    """The pieces of the axes of *value*, which is made of *source*, and the lengths of the indices."""
    program = Program(source, value)
    axes = Axes(program)
    return axes.pieces(value), axes.lengths


def source(*shape: int) -> Value:
    """An input."""
    return Value(Input(), (), shape)


def test_a_view_splits_an_axis_everywhere() -> None:
    x = source(6)
    split = reshape(apply("exp", x), (2, 3))
    ((first,), (second,)), lengths = axes_of(split, x)
    assert [lengths[piece.terms[0].index] for piece in (first, second)] == [2, 3]
    program = Program(x, split)
    ((whole,),) = Axes(program).pieces(x)
    assert [(term.stride, term.length) for term in whole.terms] == [(3, 2), (1, 3)]


def test_two_views_are_refined_to_their_common_factors() -> None:
    x = source(24)
    one, other = reshape(x, (4, 6)), reshape(x, (2, 12))
    both = apply("add", reshape(one, (24,)), reshape(other, (24,)))
    ((piece,),), _ = axes_of(both, x)
    assert [(term.stride, term.length) for term in piece.terms] == [(12, 2), (6, 2), (1, 6)]


def test_segments_cut_an_axis_and_what_it_is_made_of() -> None:
    x = source(7)
    y = apply("exp", x)
    parts = joined([part(y, 0, 0, 3), part(y, 0, 3, 7)], 0)
    (pieces,), _ = axes_of(parts, x)
    assert [(piece.offset, piece.terms[0].length) for piece in pieces] == [(0, 3), (3, 4)]


def test_a_register_that_is_shifted_falls_into_single_places() -> None:
    program = Program(source(1))
    carry = program.carry((4,), program.input.place)
    following = joined([part(carry, 0, 1, 4), program.input], 0)
    program.becomes(carry, following)
    program.output = following
    (pieces,) = Axes(program).pieces(carry)
    assert pieces == [Piece(0), Piece(1), Piece(2), Piece(3)]


def test_heads_that_are_cut_are_cut_between_heads() -> None:
    whole, head, width = Axis(12), Axis(4), Axis(3)
    whole.split([head, width])
    whole.cut([Axis(9), Axis(3)])
    assert [segment.length for segment in head.root.segments] == [3, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda axis: axis.split([Axis(4), Axis(3)]), r"it is split into \[3, 4\] and into \[4, 3\]"),
        (lambda axis: axis.cut([Axis(5), Axis(7)]), r"an axis split into \[3, 4\] is cut into \[5, 7\]"),
        (lambda axis: axis.unite(Axis(11)), "lengths 12 and 11"),
    ],
)
def test_what_does_not_fit(change: object, message: str) -> None:
    axis = Axis(12)
    axis.split([Axis(3), Axis(4)])
    with pytest.raises(ValueError, match=message):
        change(axis)  # type: ignore[operator]


def test_positions_go_through_a_reshape_and_back() -> None:
    pieces = (Piece(1, (Term("i", 1, 2),)), Piece(2), Piece(0, (Term("j", 2, 2), Term("k", 1, 2))))
    merged = flattened(pieces, (3, 4, 4))
    assert merged == Piece(24, (Term("i", 16, 2), Term("j", 2, 2), Term("k", 1, 2)))
    assert unflattened(merged, (3, 4, 4)) == pieces


def test_an_index_stands_once() -> None:
    one = Piece(0, (Term("i", 1, 4),))
    assert [piece.terms[0].index for piece in apart((one, one, one), ["j"])] == ["i", "i'", "i''"]
    assert apart((one,), ["i"])[0].terms[0].index == "i'"
