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
``sum(i, j, expression)``, ``cumsum(i, expression)`` (sums up to and including each i), and
``where(condition, expression, expression)`` with ``i < j``, ``i <= j``, ``i == j``, the same against a number, or
``i % 2 == 0``.
"""

from __future__ import annotations

import ast

from workloads.expression import (
    FUNCTIONS,
    TRANSCENDENTALS,
    Apply,
    Condition,
    Cumulate,
    Equation,
    Expression,
    Number,
    Reference,
    Subscript,
    Sum,
    Where,
    index_set,
)

_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Eq: "=="}


def parse_equation(text: str) -> Equation:
    """Parse one equation; raises ValueError that quotes the part it cannot read."""
    try:
        tree = ast.parse(text.strip(), mode="exec").body
    except SyntaxError as error:
        raise ValueError(f"not an equation: {text!r}: {error.msg}") from None
    if len(tree) != 1 or not isinstance(tree[0], ast.Assign) or len(tree[0].targets) != 1:
        raise ValueError(f"must be 'tensor[t,...] = expression', not {text!r}")
    target = _expression(tree[0].targets[0], text)
    if not isinstance(target, Reference) or target.lag != 0 or not target.plain:
        raise ValueError(f"must define a tensor at timestep t, not {text!r}")
    if len(set(target.indices)) != len(target.indices):
        raise ValueError(f"repeats an index of the result: {text!r}")
    equation = Equation(" ".join(text.split()), target.tensor, target.indices, _expression(tree[0].value, text))
    free = index_set(equation.rhs) - set(equation.indices)
    if free:
        raise ValueError(f"leaves {', '.join(sorted(free))} neither summed nor in the result: {text!r}")
    return equation


def _expression(node: ast.expr, text: str) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Number(float(value))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Number(-float(value))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return Apply(_OPERATORS[type(operator)], (_expression(left, text), _expression(right, text)))
        case ast.Call(func=ast.Name(id="sum"), args=[*indices, body], keywords=[]) if indices:
            return _sum(indices, body, text)
        case ast.Call(func=ast.Name(id="cumsum"), args=[ast.Name(id=index), body], keywords=[]):
            summand = _expression(body, text)
            if index not in index_set(summand):
                raise ValueError(f"accumulates over {index}, which the summand lacks: {text!r}")
            return Cumulate(index, summand)
        case ast.Call(func=ast.Name(id="where"), args=[condition, then, otherwise], keywords=[]):
            return Where(_condition(condition, text), _expression(then, text), _expression(otherwise, text))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
            if len(arguments) != (1 if function in TRANSCENDENTALS else 2):
                raise ValueError(f"gives {function} {len(arguments)} arguments: {text!r}")
            return Apply(function, tuple(_expression(argument, text) for argument in arguments))
        case ast.Subscript(value=ast.Name(id=tensor), slice=subscript):
            return _reference(tensor, subscript, text)
    raise ValueError(f"cannot read {ast.unparse(node)!r} in {text!r}")


def _sum(indices: list[ast.expr], body: ast.expr, text: str) -> Sum:
    names = tuple(index.id for index in indices if isinstance(index, ast.Name))
    if len(names) != len(indices):
        raise ValueError(f"sums over something that is not an index: {text!r}")
    summand = _expression(body, text)
    if len(set(names)) != len(names) or not set(names) <= index_set(summand):
        raise ValueError(f"sums over an index twice, or over one that the summand lacks: {text!r}")
    return Sum(names, summand)


def _condition(node: ast.expr, text: str) -> Condition:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
            comparison = _COMPARISONS[type(operator)]
            match left, right:
                case ast.Name(id=index), (ast.Name(id=other) | ast.Constant(value=int() as other)):
                    return Condition(index, comparison, other)
                case (
                    ast.BinOp(left=ast.Name(id=index), op=ast.Mod(), right=ast.Constant(value=int() as modulus)),
                    ast.Constant(value=int() as other),
                ) if modulus > 0:
                    return Condition(index, comparison, other, modulus)
    raise ValueError(f"cannot read the condition {ast.unparse(node)!r} in {text!r}")


def _reference(tensor: str, subscript: ast.expr, text: str) -> Reference:
    parts = subscript.elts if isinstance(subscript, ast.Tuple) else [subscript]
    lag: int | str | None = None
    match parts[0]:
        case ast.Name(id="t"):
            lag = 0
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=back):
            lag = _lag(back, text)
    positions = parts if lag is None else parts[1:]
    return Reference(tensor, tuple(_subscript(part, text) for part in positions), lag)


def _subscript(node: ast.expr, text: str) -> Subscript:
    match node:
        case ast.Name(id=index) if index != "t":
            return Subscript(index)
        case ast.Constant(value=int() as position):
            return Subscript(None, offset=position)
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id=index)):
            return Subscript(index, scale=-1, offset=1)
        case ast.BinOp(left=ast.Name(id=index), op=ast.FloorDiv(), right=ast.Constant(value=int() as divisor)):
            return Subscript(index, divisor=divisor)
        case ast.BinOp(left=ast.Constant(value=int() as scale), op=ast.Mult(), right=ast.Name(id=index)):
            return Subscript(index, scale=scale)
        case ast.BinOp(left=ast.Name(id="t")):
            pass  # the timestep is no position
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant(value=int() as offset)):
            base = _subscript(left, text)
            offset = offset if isinstance(sign, ast.Add) else -offset
            if base.index is not None and base.offset == 0 and base.divisor == 1:
                return Subscript(base.index, base.scale, offset, shift=base.plain)
    raise ValueError(f"cannot read the subscript {ast.unparse(node)!r} in {text!r}")


def _lag(node: ast.expr, text: str) -> int | str:
    match node:
        case ast.Constant(value=int() as steps) if steps > 0:
            return steps
        case ast.Name(id=index):
            return index
    raise ValueError(f"cannot read the lag {ast.unparse(node)!r} in {text!r}")
