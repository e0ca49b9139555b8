"""The notation of tensor equations: a model's timestep as papers write it, read with Python's own parser.

An equation defines one tensor for one timestep ``t``::

    h[t,i,n] = dA[t,i,n] * h[t-1,i,n] + dBx[t,i,n]
    y[t,i]   = sum(n, C[t,n] * h[t,i,n])

The first subscript ``t`` marks a tensor of the current timestep, ``t-1`` or ``t-k`` (``k`` an index) one of an earlier
timestep, or of an earlier token if the tensor has the token axis of a graph whose timestep is a chunk of tokens. A
tensor without it is a parameter. Any other subscript is a position along an axis: an index letter ``i``; a number;
``1-c`` for the mirrored order of an index of size two; ``2*j`` or ``2*j+1``; ``q//2``; or a shift ``q-1``, ``q+1``,
``j+0``, which reads zero where it leaves the axis (and lets a shorter index read a part of an axis).

The right-hand side may use ``+ - * /``, numbers, the functions in :data:`~workloads.expression.FUNCTIONS`,
``sum(i, j, expression)``, ``max(i, j, expression)`` (the largest over i and j), ``cumsum(i, expression)`` (sums up to
and including each i), and ``where(condition, expression, expression)`` with ``i < j``, ``i <= j``, ``i == j``, the same
against a number, ``i % 2 == 0``, or ``at(i, j) < 8`` or ``0 <= at(i, j) - q``, where ``at`` counts through i and j
timestep after timestep.

Short for these: ``-x`` is ``0 - x``, ``relu(x)`` is ``max(x, 0)``, ``abs(x)`` is ``max(x, 0 - x)``, and
``mean(i, j, x)`` is ``sum(i, j, x)`` times a number. Where sizes are given, ``size(i)`` is the length of an axis, and
``last(i)``, as a subscript, its last position. What has numbers only, such as ``rsqrt(size(k))`` or ``2 ** -3``, is a
number and costs nothing (workloads/formula.py).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from workloads import formula
from workloads.expression import (
    FUNCTIONS,
    TRANSCENDENTALS,
    Apply,
    Condition,
    Cumulate,
    Equation,
    Expression,
    Most,
    Number,
    Place,
    Reference,
    Subscript,
    Sum,
    Where,
    index_set,
)

_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Eq: "=="}
_ZERO = Number(0.0)
_DEEPEST = 100  # operations in one another


def parse_equation(text: str, sizes: Mapping[str, int] | None = None) -> Equation:
    """Parse one equation, for axes of these *sizes*; raises ValueError that quotes the part it cannot read."""
    try:
        tree = formula.parsed(text)
    except SyntaxError as error:
        raise ValueError(f"not an equation: {text!r}: {error.msg}") from None
    except (RecursionError, MemoryError, ValueError):
        raise ValueError(f"not an equation: {text!r}") from None
    if len(tree) != 1 or not isinstance(tree[0], ast.Assign) or len(tree[0].targets) != 1:
        raise ValueError(f"must be 'tensor[t,...] = expression', not {text!r}")
    reader = _Reader(text, sizes or {})
    target = reader.expression(tree[0].targets[0])
    if not isinstance(target, Reference) or target.lag != 0 or not target.plain:
        raise ValueError(f"must define a tensor at timestep t, not {text!r}")
    if len(set(target.indices)) != len(target.indices):
        raise ValueError(f"repeats an index of the result: {text!r}")
    equation = Equation(" ".join(text.split()), target.tensor, target.indices, reader.expression(tree[0].value))
    free = index_set(equation.rhs) - set(equation.indices)
    if free:
        raise ValueError(f"leaves {', '.join(sorted(free))} neither summed nor in the result: {text!r}")
    both = [index for index in equation.summed if index in equation.indices]
    if both:
        message = f"sums over {both[0]}, which the result has: sum over another index that is as long"
        raise ValueError(f"{message}: {text!r}")
    return equation


@dataclass(frozen=True)
class _Reader:
    """Reads the parts of one equation's ``text``."""

    text: str
    sizes: Mapping[str, int]

    def expression(self, node: ast.expr, depth: int = 0) -> Expression:
        """The expression that *node* is, which stands inside of so many others."""
        if depth > _DEEPEST:
            raise ValueError(f"nests more than {_DEEPEST} operations: {self.text!r}")
        number = self._number(node)
        if number is not None:
            return number

        def inner(part: ast.expr) -> Expression:
            return self.expression(part, depth + 1)

        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Apply("sub", (_ZERO, inner(operand)))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                return Apply(_OPERATORS[type(operator)], (inner(left), inner(right)))
            case ast.Call(func=ast.Name(id="sum"), args=[*indices, body], keywords=[]) if indices:
                return self._sum(indices, inner(body))
            case ast.Call(func=ast.Name(id="max"), args=[*indices, body], keywords=[]) if _names(indices):
                return Most(*self._over(indices, inner(body)))
            case ast.Call(func=ast.Name(id="mean"), args=[*indices, body], keywords=[]) if indices:
                total = self._sum(indices, inner(body))
                return Apply("mul", (total, Number(1.0 / prod(map(self.size, total.indices)))))
            case ast.Call(func=ast.Name(id="cumsum"), args=[ast.Name(id=index), body], keywords=[]):
                summand = inner(body)
                if index not in index_set(summand):
                    raise ValueError(f"accumulates over {index}, which the summand lacks: {self.text!r}")
                return Cumulate(index, summand)
            case ast.Call(func=ast.Name(id="where"), args=[condition, then, otherwise], keywords=[]):
                return Where(self._condition(condition), inner(then), inner(otherwise))
            case ast.Call(func=ast.Name(id="relu"), args=[argument], keywords=[]):
                return Apply("max", (inner(argument), _ZERO))
            case ast.Call(func=ast.Name(id="abs"), args=[argument], keywords=[]):
                found = inner(argument)
                return Apply("max", (found, Apply("sub", (_ZERO, found))))
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
                if len(arguments) != (1 if function in TRANSCENDENTALS else 2):
                    raise ValueError(f"gives {function} {len(arguments)} arguments: {self.text!r}")
                return Apply(function, tuple(map(inner, arguments)))
            case ast.Subscript(value=ast.Name(id=tensor), slice=subscript):
                return self._reference(tensor, subscript)
        raise ValueError(f"cannot read {ast.unparse(node)!r} in {self.text!r}")

    def _number(self, node: ast.expr) -> Number | None:
        """The number that *node* is, if it has nothing but numbers in it."""
        if not isinstance(node, ast.Constant | ast.UnaryOp | ast.BinOp | ast.Call):
            return None
        of_numbers = {*formula.FUNCTIONS, "size"}
        for each in ast.walk(node):
            if isinstance(each, ast.Subscript | ast.Compare):
                return None
            if isinstance(each, ast.Call) and not (isinstance(each.func, ast.Name) and each.func.id in of_numbers):
                return None
        try:
            return Number(float(formula.value(_Sizes(self).visit(node), {})))
        except formula.NoFormula:
            return None
        except formula.NoValue as error:
            raise ValueError(f"{error}: {self.text!r}") from None

    def size(self, index: str) -> int:
        """The length of the axis of *index*; raises ValueError if it is not known."""
        if index not in self.sizes:
            raise ValueError(f"no size is given for {index}: {self.text!r}")
        return self.sizes[index]

    def _sum(self, indices: list[ast.expr], summand: Expression) -> Sum:
        return Sum(*self._over(indices, summand))

    def _over(self, indices: list[ast.expr], summand: Expression) -> tuple[tuple[str, ...], Expression]:
        """The names of *indices* that are to be reduced, and the *summand*, which has all of them."""
        names = tuple(index.id for index in indices if isinstance(index, ast.Name))
        if len(names) != len(indices):
            raise ValueError(f"sums over something that is not an index: {self.text!r}")
        if len(set(names)) != len(names) or not set(names) <= index_set(summand):
            raise ValueError(f"sums over an index twice, or over one that the summand lacks: {self.text!r}")
        return names, summand

    def _condition(self, node: ast.expr) -> Condition | Place:
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
                comparison = _COMPARISONS[type(operator)]
                match left, right:
                    case ast.Constant(value=int() as number), place if position := _position(place):
                        return self._place(position, comparison, number, flipped=True)
                    case place, ast.Constant(value=int() as number) if position := _position(place):
                        return self._place(position, comparison, number)
                    case ast.Name(id=index), (ast.Name(id=other) | ast.Constant(value=int() as other)):
                        return Condition(index, comparison, other)
                    case (
                        ast.BinOp(left=ast.Name(id=index), op=ast.Mod(), right=ast.Constant(value=int() as modulus)),
                        ast.Constant(value=int() as other),
                    ) if modulus > 0:
                        return Condition(index, comparison, other, modulus)
        raise ValueError(f"cannot read the condition {ast.unparse(node)!r} in {self.text!r}")

    def _place(
        self, position: tuple[tuple[str, ...], str | None], comparison: str, number: int, flipped: bool = False
    ) -> Place:
        along, less = position
        return Place(along, tuple(map(self.size, along)), less, comparison, number, flipped)

    def _reference(self, tensor: str, subscript: ast.expr) -> Reference:
        parts = subscript.elts if isinstance(subscript, ast.Tuple) else [subscript]
        lag: int | str | None = None
        if not parts:
            raise ValueError(f"cannot read {tensor + '[()]'!r} in {self.text!r}")
        match parts[0]:
            case ast.Name(id="t"):
                lag = 0
            case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=back):
                lag = self._lag(back)
        positions = parts if lag is None else parts[1:]
        return Reference(tensor, tuple(map(self._subscript, positions)), lag)

    def _subscript(self, node: ast.expr) -> Subscript:
        match node:
            case ast.Name(id=index) if index != "t":
                return Subscript(index)
            case ast.Constant(value=int() as position):
                return Subscript(None, offset=position)
            case ast.Call(func=ast.Name(id="last"), args=[ast.Name(id=index)], keywords=[]):
                return Subscript(None, offset=self.size(index) - 1)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id=index)):
                return Subscript(index, scale=-1, offset=1)
            case ast.BinOp(left=ast.Name(id=index), op=ast.FloorDiv(), right=ast.Constant(value=int() as divisor)):
                return Subscript(index, divisor=divisor)
            case ast.BinOp(left=ast.Constant(value=int() as scale), op=ast.Mult(), right=ast.Name(id=index)):
                return Subscript(index, scale=scale)
            case ast.BinOp(left=ast.Name(id="t")):
                pass  # the timestep is no position
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant(value=int() as offset)):
                base = self._subscript(left)
                offset = offset if isinstance(sign, ast.Add) else -offset
                if base.index is not None and base.offset == 0 and base.divisor == 1:
                    return Subscript(base.index, base.scale, offset, shift=base.plain)
        raise ValueError(f"cannot read the subscript {ast.unparse(node)!r} in {self.text!r}")

    def _lag(self, node: ast.expr) -> int | str:
        match node:
            case ast.Constant(value=int() as steps) if steps > 0:
                return steps
            case ast.Name(id=index):
                return index
        raise ValueError(f"cannot read the lag {ast.unparse(node)!r} in {self.text!r}")


def _position(node: ast.expr) -> tuple[tuple[str, ...], str | None] | None:
    """The indices in ``at(i, j)`` and the one that is taken off it, if *node* is that."""
    less: str | None = None
    match node:
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Name(id=less)):
            node = left
    match node:
        case ast.Call(func=ast.Name(id="at"), args=indices, keywords=[]) if _names(indices):
            return tuple(index.id for index in indices if isinstance(index, ast.Name)), less
    return None


def _names(nodes: list[ast.expr]) -> bool:
    """Whether there are *nodes*, and all of them are names."""
    return bool(nodes) and all(isinstance(node, ast.Name) for node in nodes)


class _Sizes(ast.NodeTransformer):
    """Puts lengths of axes in the place of ``size(i)``."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A number for ``size(i)``."""
        match node:
            case ast.Call(func=ast.Name(id="size"), args=[ast.Name(id=index)], keywords=[]):
                return ast.Constant(self._reader.size(index))
        self.generic_visit(node)
        return node
