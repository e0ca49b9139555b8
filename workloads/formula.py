"""Formulas of numbers: the length of an axis from others, the values of a constant, the literals of an equation.

Numbers, names, ``+ - * / // % **`` and the functions in :data:`FUNCTIONS`, read with Python's own parser. Whole numbers
and quotients of them stay exact.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

Value = Fraction | float
MOST: Final = 1e300  # of any value on the way
LARGEST_POWER: Final = 1024


class NoFormula(ValueError):
    """What cannot be read as a formula."""


class NoValue(ValueError):
    """A formula that has no value."""


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "rsqrt": lambda x: 1.0 / math.sqrt(x),
    "sin": math.sin,
    "cos": math.cos,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
}
NAMES: Final = {"pi": math.pi}


def parsed(text: str) -> list[ast.stmt]:
    """The statements of *text*; raises SyntaxError, or another error for what nests too much or is no text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of literals that Python reads, but finds odd
        return ast.parse(text.strip(), mode="exec").body


def value_of(text: str, names: Mapping[str, int]) -> Value:
    """The value of the formula *text*, in which *names* stand for numbers; raises ValueError with what is wrong."""
    tree = _formula(text)
    if tree is None:
        raise ValueError(f"found {text!r}, expected a formula such as '2 * d / h'")
    try:
        return value(tree, names)
    except ValueError as error:
        raise ValueError(f"{error}, in {text!r}") from None
    except RecursionError:
        raise ValueError(f"nests too much: {text!r}") from None


def whole(text: str, names: Mapping[str, int]) -> int:
    """The value of a formula that has to be a whole number of one or more."""
    found = value_of(text, names)
    if found != int(found) or found < 1:
        shown = str(found) if isinstance(found, Fraction) else f"{found:g}"
        raise ValueError(f"{text!r} is {shown}, expected a whole number, 1 at least")
    return int(found)


def names_in(text: str) -> frozenset[str]:
    """The names in *text* that are no functions; none if it cannot be read."""
    tree = _formula(text)
    if tree is None:
        return frozenset()
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(found - FUNCTIONS.keys() - NAMES.keys())


def _formula(text: str) -> ast.expr | None:
    """The expression that *text* is; None if it is none."""
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree[0].value if len(tree) == 1 and isinstance(tree[0], ast.Expr) else None


def value(node: ast.expr, names: Mapping[str, int]) -> Value:
    """The value of the formula *node*; raises NoFormula or NoValue."""
    try:
        found: Any = _value(node, names)
        real = not isinstance(found, complex) and abs(found) <= MOST
    except (NoFormula, NoValue):
        raise
    except (ArithmeticError, TypeError, ValueError):
        real = False
    if not real:
        raise NoValue(f"{ast.unparse(node)} has no value that is finite and real")
    number: Value = found
    return number


def _value(node: ast.expr, names: Mapping[str, int]) -> Any:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() as number):
            return Fraction(number)
        case ast.Constant(value=float() as number):
            return number
        case ast.Name(id=name) if name in names:
            return Fraction(names[name])
        case ast.Name(id=name) if name in NAMES:
            return NAMES[name]
        case ast.Name(id=name):
            raise NoFormula(f"{name} is not known")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -value(operand, names)
        case ast.BinOp(left=left, op=operator, right=right):
            return _binary(operator, value(left, names), value(right, names), node)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
            return FUNCTIONS[function](*(value(argument, names) for argument in arguments))
    raise NoFormula(f"cannot read {ast.unparse(node)!r}")


def _binary(operator: ast.operator, left: Any, right: Any, node: ast.expr) -> Any:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return Fraction(left // right)
        case ast.Mod():
            return left % right
        case ast.Pow() if abs(right) <= LARGEST_POWER:
            return left**right
    raise NoFormula(f"cannot read {ast.unparse(node)!r}")
