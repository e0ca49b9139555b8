"""Right-hand sides as text: read back, each is what it was."""

from __future__ import annotations

import pytest

from sim.importing.expressions import number_text, simplified, text_of
from workloads.expression import Apply, Condition, Cumulate, Expression, Number, Reference, Subscript, Sum, Where
from workloads.notation import parse_equation


def read(tensor: str, indices: str = "", lag: int | str | None = 0) -> Reference:
    """A tensor at plain indices."""
    return Reference(tensor, tuple(map(Subscript, indices)), lag)


X, Y, W = read("x", "i"), read("y", "i"), read("W", "i", None)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Apply("add", (X, Apply("add", (Y, W)))), "x[t,i] + (y[t,i] + W[i])"),
        (Apply("sub", (X, Apply("sub", (Y, W)))), "x[t,i] - (y[t,i] - W[i])"),
        (Apply("mul", (Apply("add", (X, Y)), W)), "(x[t,i] + y[t,i]) * W[i]"),
        (Apply("div", (X, Apply("mul", (Y, W)))), "x[t,i] / (y[t,i] * W[i])"),
        (Apply("mul", (Number(-2.0), X)), "-2 * x[t,i]"),
        (Apply("mul", (X, Number(1e-5))), "x[t,i] * 1e-05"),
        (Apply("exp", (Apply("max", (X, Number(0.25))),)), "exp(max(x[t,i], 0.25))"),
        (Where(Condition("i", "<", 3), X, Number(0.0)), "where(i < 3, x[t,i], 0)"),
        (Where(Condition("i", "==", 0, 2), X, Number(0.0)), "where(i % 2 == 0, x[t,i], 0)"),
        (Cumulate("i", X), "cumsum(i, x[t,i])"),
        (Sum(("j",), Apply("mul", (read("W", "ji", None), read("x", "j", 2)))), "sum(j, W[j,i] * x[t-2,j])"),
        (Sum(("k",), read("x", "i", "k")), "sum(k, x[t-k,i])"),
        (Reference("x", (Subscript("i", offset=-3, shift=True),), 0), "x[t,i-3]"),
        (Reference("x", (Subscript("i", offset=0, shift=True),), 0), "x[t,i+0]"),
        (Apply("mul", (Reference("x", (Subscript(None, offset=4),), 0), X)), "x[t,4] * x[t,i]"),
    ],
)
def test_text_is_read_back_as_it_was(node: Expression, text: str) -> None:
    same = {letter: letter for letter in "ijk"}
    assert text_of(node, {name: name for name in "xyW"}, same) == text
    assert parse_equation(f"z[t,i] = {text}", {"i": 8, "j": 8, "k": 4}).rhs == node


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Apply("neg", (Apply("add", (X, Y)),)), "-(x[t,i] + y[t,i])"),
        (Apply("mul", (Apply("neg", (X,)), Y)), "-x[t,i] * y[t,i]"),
        (Apply("relu", (X,)), "relu(x[t,i])"),
        (Apply("mean", (Sum(("j",), read("x", "j")),)), "mean(j, x[t,j])"),
    ],
)
def test_short_forms(node: Expression, text: str) -> None:
    assert text_of(node, {name: name for name in "xyW"}, {letter: letter for letter in "ijk"}) == text


@pytest.mark.parametrize(
    ("function", "arguments", "result"),
    [
        ("mul", (X, Number(1.0)), X),
        ("mul", (Number(0.0), X), Number(0.0)),
        ("add", (Number(0.0), X), X),
        ("sub", (X, Number(0.0)), X),
        ("div", (X, Number(1.0)), X),
        ("sub", (Number(0.0), X), Apply("neg", (X,))),
        ("neg", (Apply("neg", (X,)),), X),
        ("add", (X, Apply("neg", (Y,))), Apply("sub", (X, Y))),
        ("add", (X, Number(-2.0)), Apply("sub", (X, Number(2.0)))),
        ("add", (X, Apply("add", (Y, W))), Apply("add", (Apply("add", (X, Y)), W))),
        ("div", (X, Number(0.0)), Apply("div", (X, Number(0.0)))),
    ],
)
def test_what_does_nothing_is_left_out(function: str, arguments: tuple[Expression, ...], result: Expression) -> None:
    assert simplified(function, *arguments) == result


def test_a_cheaper_order_is_kept() -> None:
    wide = read("z", "ij")
    assert simplified("add", wide, Apply("add", (X, Y))) == Apply("add", (wide, Apply("add", (X, Y))))


@pytest.mark.parametrize("value", [1.0, 0.1, 1e-300, 1 / 3, 123456789.0, 1e22])
def test_a_number_is_read_back_as_it_was(value: float) -> None:
    assert float(number_text(value)) == value
