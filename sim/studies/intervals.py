"""Formulas of what is known by its least and its most, for many points at once.

A :class:`Span` has an array of the least values and one of the most, with a place for each point. Sums, products,
quotients, powers, and functions that rise or fall are as narrow as their parts allow (interval arithmetic, Moore 1966);
a name that stands twice counts as two. What else there is may be anything.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workloads.formula import NAMES, NoFormula, parsed

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
RISING: Final[Mapping[str, Callable[[Any], Any]]] = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
FALLING: Final[Mapping[str, Callable[[Any], Any]]] = {"rsqrt": lambda x: 1.0 / np.sqrt(x)}


class Span(NamedTuple):
    """The ``least`` and the ``most`` that a value can be at each point."""

    least: Floats
    most: Floats


def span_of(text: str, names: Mapping[str, Span]) -> Span:
    """What the formula *text* can be, given its *names*; raises ValueError for what is no formula of them."""
    try:
        (statement,) = parsed(text)
    except (SyntaxError, ValueError):
        raise NoFormula(f"cannot read {text.strip()!r}") from None
    if not isinstance(statement, ast.Expr):
        raise NoFormula(f"cannot read {text.strip()!r}")
    with np.errstate(all="ignore"):
        return _value(statement.value, names)


class Truth(NamedTuple):
    """Whether something ``may`` hold at each point, ``must``, and how likely it is, if all values are alike."""

    may: Bools
    must: Bools
    likely: Floats


def compared(left: Span, comparison: str, right: Span) -> Truth:
    """Whether *left* compares so with *right*.

    >>> several = Span(np.array([1.0, 3.0, 0.0]), np.array([2.0, 4.0, 4.0]))
    >>> compared(several, "<=", Span(np.array([2.5]), np.array([2.5])))
    Truth(may=array([ True, False,  True]), must=array([ True, False, False]), likely=array([1.   , 0.   , 0.625]))
    """
    if comparison in (">", ">="):
        return compared(right, {">": "<", ">=": "<="}[comparison], left)
    if comparison in ("==", "!="):
        may = (left.least <= right.most) & (right.least <= left.most)
        must = (left.least == right.most) & (right.least == left.most)
        truth = Truth(may, must, np.where(must, 1.0, 0.5 * may))
        return truth if comparison == "==" else Truth(~must, ~may, 1.0 - truth.likely)
    below: Callable[[Any, Any], Any] = np.less if comparison == "<" else np.less_equal
    may, must = below(left.least, right.most), below(left.most, right.least)
    with np.errstate(all="ignore"):
        room, width = right.most - left.least, (left.most - left.least) + (right.most - right.least)
        share = np.where(np.isfinite(width) & (width > 0), np.clip(room / width, 0.0, 1.0), 0.5)
    return Truth(may, must, np.where(must, 1.0, np.where(may, share, 0.0)))


def _value(node: ast.expr, names: Mapping[str, Span]) -> Span:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _exactly(number)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Name(id=name) if name in NAMES:
            return _exactly(NAMES[name])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = _value(operand, names)
            return Span(-found.most, -found.least)
        case ast.BinOp(left=left, op=operator, right=right):
            return _binary(operator, _value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return _called(function, [_value(argument, names) for argument in arguments])
    raise NoFormula(f"cannot read {ast.unparse(node)!r}")


def _exactly(number: float) -> Span:
    return Span(np.array([float(number)]), np.array([float(number)]))


def _binary(operator: ast.operator, left: Span, right: Span) -> Span:
    match operator:
        case ast.Add():
            return _sane(left.least + right.least, left.most + right.most)
        case ast.Sub():
            return _sane(left.least - right.most, left.most - right.least)
        case ast.Mult():
            return _product(left, right)
        case ast.Div():
            return _product(left, _inverse(right))
        case ast.FloorDiv():
            found = _product(left, _inverse(right))
            return Span(np.floor(found.least), np.floor(found.most))
        case ast.Pow():
            return _power(left, right)
        case ast.Mod():
            return _if_exact(np.mod, left, right)
    raise NoFormula("expected + - * / // % or **")


def _product(left: Span, right: Span) -> Span:
    corners = [np.nan_to_num(one * other, nan=0.0, posinf=np.inf, neginf=-np.inf) for one in left for other in right]
    return Span(np.minimum.reduce(corners), np.maximum.reduce(corners))  # nothing times infinity is nothing


def _inverse(found: Span) -> Span:
    through = ((found.least < 0) & (found.most > 0)) | ((found.least == 0) & (found.most == 0))
    least = np.where(through | (found.most == 0), -np.inf, 1.0 / found.most)
    return Span(least, np.where(through | (found.least == 0), np.inf, 1.0 / found.least))


def _power(base: Span, exponent: Span) -> Span:
    """Of what is positive, where the exponent is known; else anything, unless both are known."""
    rises = (base.least >= 0) & (exponent.least == exponent.most)
    ends = base.least**exponent.least, base.most**exponent.least
    exact = _if_exact(np.power, base, exponent)
    return Span(np.where(rises, np.minimum(*ends), exact.least), np.where(rises, np.maximum(*ends), exact.most))


def _if_exact(function: Callable[..., Any], left: Span, right: Span) -> Span:
    known = (left.least == left.most) & (right.least == right.most)
    value = function(left.least, right.least)
    return Span(np.where(known, value, -np.inf), np.where(known, value, np.inf))


def _called(function: str, arguments: list[Span]) -> Span:
    if function in ("min", "max") and arguments:
        of: Any = np.minimum if function == "min" else np.maximum
        least, most = arguments[0]
        for each in arguments[1:]:
            least, most = of(least, each.least), of(most, each.most)
        return Span(least, most)
    if len(arguments) == 1 and function in RISING:
        return _sane(*(RISING[function](each) for each in arguments[0]))
    if len(arguments) == 1 and function in FALLING:
        return _sane(*(FALLING[function](each) for each in reversed(arguments[0])))
    if len(arguments) == 1 and function in ("sin", "cos"):
        exact = arguments[0].least == arguments[0].most
        found = getattr(np, function)(arguments[0].least)
        return Span(np.where(exact, found, -1.0), np.where(exact, found, 1.0))
    raise NoFormula(f"cannot read {function}()")


def _sane(least: Floats, most: Floats) -> Span:
    """From least to most; what is no number may be anything."""
    return Span(np.where(np.isnan(least), -np.inf, least), np.where(np.isnan(most), np.inf, most))
