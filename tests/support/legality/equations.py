"""Tensor equations, read anew from their text: what each reads, sums over, multiplies and computes pass by pass.

The notation is that of docs/your-recurrence.md and of the graph's own text; Python's parser reads it. A tree is made of
:class:`Node`: a tensor that is read, a number, or a function of other nodes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

REDUCED = {"sum": "add", "max": "max"}  # over indices
ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
INSTEAD = {"sub": "add", "sqrt": "rsqrt", "log": "exp"}  # done by the same circuit


@dataclass(frozen=True)
class Axis:
    """A position along an axis: the text of the subscript, its index if it has one, and how to compute it."""

    text: str
    index: str | None
    scale: int = 1
    offset: int = 0
    divisor: int = 1

    @property
    def plain(self) -> bool:
        """Whether it is nothing but the index."""
        return self.text == self.index

    def ends(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The smallest and the largest position."""
        last = 0 if self.index is None else sizes[self.index] - 1
        found = [(self.scale * value + self.offset) // self.divisor for value in (0, last)]
        return min(found), max(found)


@dataclass(frozen=True)
class Node:
    """``what`` is ``read``, ``number``, ``where``, ``cumsum``, ``reduce`` or ``apply``; ``function`` which."""

    what: str
    function: str = ""
    below: tuple[Node, ...] = ()
    tensor: str = ""
    axes: tuple[Axis, ...] = ()
    lag: int | str | None = None
    over: tuple[str, ...] = ()
    condition: ast.expr | None = field(default=None, compare=False)

    @property
    def indices(self) -> frozenset[str]:
        """The indices over which it varies."""
        own = {axis.index for axis in self.axes if axis.index is not None}
        own |= {self.lag} if isinstance(self.lag, str) else set()
        if self.condition is not None:
            names = {n.id for n in ast.walk(self.condition) if isinstance(n, ast.Name)}
            own |= names - {"at"}
        inside = own.union(*(node.indices for node in self.below))
        return frozenset(inside - set(self.over) if self.what == "reduce" else inside)

    def walk(self) -> Iterator[Node]:
        """All nodes, operands first."""
        for node in self.below:
            yield from node.walk()
        yield self


@dataclass(frozen=True)
class Pass:
    """A function at each of ``points``, of which ``results`` remain; in ``chain`` parts that need each other."""

    function: str
    points: int
    results: int
    chain: int = 1


@dataclass(frozen=True)
class Product:
    """A contraction: index sets of repeats, rows, columns and sum, and how many such products are added."""

    batch: frozenset[str]
    rows: frozenset[str]
    columns: frozenset[str]
    summed: frozenset[str]
    terms: int


class Equation:
    """``tensor[t,...] = ...`` for axes of these *sizes*."""

    def __init__(self, text: str, sizes: Mapping[str, int]) -> None:
        statement = ast.parse(text.strip()).body[0]
        assert isinstance(statement, ast.Assign), text
        self.text = text
        self._sizes = sizes
        target = self._read(statement.targets[0])
        self.tensor = target.tensor
        self.indices = tuple(axis.text for axis in target.axes)
        self.tree = self._read(statement.value)
        self.references = [node for node in self.tree.walk() if node.what == "read"]

    @property
    def reduced(self) -> set[str]:
        """The indices that it sums over or takes the largest of."""
        return {index for node in self.tree.walk() if node.what == "reduce" for index in node.over}

    @property
    def ordered(self) -> set[str]:
        """Indices along which places matter: those of running sums and of conditions."""
        found = {node.over[0] for node in self.tree.walk() if node.what == "cumsum"}
        for node in self.tree.walk():
            if node.condition is not None and not any(isinstance(n, ast.Call) for n in ast.walk(node.condition)):
                found |= {n.id for n in ast.walk(node.condition) if isinstance(n, ast.Name)}
        return found

    def _read(self, node: ast.expr) -> Node:
        number = _number(node, self._sizes)
        if number is not None:
            return Node("number")
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Node("apply", "sub", (Node("number"), self._read(operand)))
            case ast.BinOp(left=left, op=operator, right=right):
                return Node("apply", ARITHMETIC[type(operator)], (self._read(left), self._read(right)))
            case ast.Subscript(value=ast.Name(id=tensor), slice=inside):
                return self._reference(tensor, inside)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise ValueError(f"cannot read {ast.unparse(node)!r} of {self.text!r}")

    def _call(self, function: str, arguments: list[ast.expr]) -> Node:
        *first, body = arguments
        over = tuple(each.id for each in first if isinstance(each, ast.Name))
        if function in REDUCED and over:
            return Node("reduce", REDUCED[function], (self._read(body),), over=over)
        if function == "mean":
            total = Node("reduce", "add", (self._read(body),), over=over)
            return Node("apply", "mul", (total, Node("number")))
        if function == "cumsum":
            return Node("cumsum", "add", (self._read(body),), over=over)
        if function == "where":
            return Node("where", "", tuple(map(self._read, arguments[1:])), condition=arguments[0])
        if function == "relu":
            return Node("apply", "max", (self._read(body), Node("number")))
        if function == "abs":
            found = self._read(body)
            return Node("apply", "max", (found, Node("apply", "sub", (Node("number"), found))))
        return Node("apply", function, tuple(map(self._read, arguments)))

    def _reference(self, tensor: str, inside: ast.expr) -> Node:
        parts = list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]
        lag: int | str | None = None
        match parts[0] if parts else None:
            case ast.Name(id="t"):
                lag = 0
            case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=ast.Constant(value=int() as steps)):
                lag = steps
            case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=ast.Name(id=index)):
                lag = index
        axes = parts if lag is None else parts[1:]
        return Node("read", tensor=tensor, lag=lag, axes=tuple(map(self._axis, axes)))

    def _axis(self, node: ast.expr) -> Axis:
        text = ast.unparse(node)
        match node:
            case ast.Name(id=index):
                return Axis(index, index)
            case ast.Constant(value=int() as position):
                return Axis(text, None, offset=position)
            case ast.Call(func=ast.Name(id="last"), args=[ast.Name(id=index)]):
                return Axis(text, None, offset=self._sizes[index] - 1)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id=index)):
                return Axis(text, index, -1, 1)
            case ast.BinOp(left=ast.Name(id=index), op=ast.FloorDiv(), right=ast.Constant(value=int() as divisor)):
                return Axis(text, index, divisor=divisor)
            case ast.BinOp(left=ast.Constant(value=int() as scale), op=ast.Mult(), right=ast.Name(id=index)):
                return Axis(text, index, scale)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant(value=int() as offset)):
                base = self._axis(left)
                return Axis(text, base.index, base.scale, offset if isinstance(sign, ast.Add) else -offset)
        raise ValueError(f"cannot read the subscript {text!r} of {self.text!r}")

    # What it takes.

    def passes(self, sizes: Mapping[str, int]) -> list[Pass]:
        """Its scalar operations in order; a product that is added or summed up at once is one ``fma``."""
        return [each for each in _passes(self.tree, sizes) if each.points]

    def macs(self, sizes: Mapping[str, int]) -> int:
        """Multiplications that are summed up at once."""
        return _macs(self.tree, sizes)

    def product(self, parameters: Mapping[str, object]) -> Product | None:
        """The matrix product that it is, with a parameter as the columns' side; None for elementwise work."""
        terms = list(_terms(self.tree))
        found = {_product_of(term, self.indices, parameters) for term in terms}
        if len(found) != 1 or None in found:
            return None
        batch, rows, columns, summed = found.pop()  # type: ignore[misc]
        return Product(batch, rows, columns, summed, len(terms)) if rows or columns else None


def _number(node: ast.expr, sizes: Mapping[str, int]) -> float | None:
    """Whether *node* has nothing but numbers (and sizes of axes) in it."""
    if isinstance(node, ast.Subscript | ast.Compare):
        return None
    known = {"pi", "size", "sqrt", "rsqrt", "exp", "log", "abs", "min", "max"}
    for each in ast.walk(node):
        if isinstance(each, ast.Subscript | ast.Compare):
            return None
        if isinstance(each, ast.Call) and not (isinstance(each.func, ast.Name) and each.func.id in known):
            return None
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    return 0.0 if all(name in known or name in sizes for name in names) else None


def _points(indices: frozenset[str], sizes: Mapping[str, int]) -> int:
    return prod(sizes[index] for index in indices)


def _passes(node: Node, sizes: Mapping[str, int]) -> Iterator[Pass]:
    """The passes of *node* with those of its operands before it."""
    points = _points(node.indices, sizes)
    if node.what == "where":
        for side, there in zip(node.below, _sides(node.condition, sizes), strict=True):
            yield from _passes(side, there)
    elif node.what == "reduce":
        (body,) = node.below
        before, inside = list(_passes(body, sizes)), _points(body.indices, sizes)
        fused = node.function == "add" and body.what == "apply" and body.function == "mul"
        yield from before[:-1] if fused else before
        yield Pass("fma" if fused else node.function, inside, points)
    elif node.what == "cumsum":
        yield from _passes(node.below[0], sizes)
        yield Pass("add", points, points, sizes[node.over[0]])
    elif node.what == "apply":
        yield from _applied(node, points, sizes)


def _applied(node: Node, points: int, sizes: Mapping[str, int]) -> Iterator[Pass]:
    """A product that is added over the same points is computed last, and together with the addition."""
    below = list(node.below)
    products = [n for n in below if n.what == "apply" and n.function == "mul" and _points(n.indices, sizes) == points]
    if node.function not in ("add", "sub") or not products:
        for each in below:
            yield from _passes(each, sizes)
        yield Pass(INSTEAD.get(node.function, node.function), points, points)
        return
    last = products[0]
    for each in below:
        if each is not last:
            yield from _passes(each, sizes)
    yield from list(_passes(last, sizes))[:-1]
    yield Pass("fma", points, points)


def _sides(condition: ast.expr | None, sizes: Mapping[str, int]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Sizes where a condition of one index against a number holds, and where not; others leave both sides whole."""
    assert isinstance(condition, ast.Compare)
    left, right = condition.left, condition.comparators[0]
    if not isinstance(right, ast.Constant) or any(isinstance(n, ast.Call) for n in ast.walk(left)):
        return sizes, sizes
    (index,) = {n.id for n in ast.walk(left) if isinstance(n, ast.Name)}
    if isinstance(left, ast.Constant) or not isinstance(left, ast.Name | ast.BinOp):
        return sizes, sizes
    code = compile(ast.Expression(condition), "condition", "eval")
    true = sum(bool(eval(code, {"__builtins__": {}}, {index: value})) for value in range(sizes[index]))
    return {**sizes, index: true}, {**sizes, index: sizes[index] - true}


def _terms(node: Node) -> Iterator[Node]:
    if node.what == "apply" and node.function == "add":
        for each in node.below:
            yield from _terms(each)
    else:
        yield node


def _product_of(
    term: Node, result: tuple[str, ...], parameters: Mapping[str, object]
) -> tuple[frozenset[str], ...] | None:
    """Index sets (batch, rows, columns, summed) of one product of two tensors."""
    summed = frozenset(term.over) if term.what == "reduce" and term.function == "add" else frozenset()
    body = term.below[0] if summed else term
    if body.what != "apply" or body.function != "mul" or {n.what for n in body.below} != {"read"}:
        return None
    left, right = body.below
    if isinstance(left.lag, str) or isinstance(right.lag, str):
        return None
    if right.lag is None:
        left, right = right, left  # the parameter makes the columns
    ours, others = left.indices, right.indices
    if not summed and not (ours - others and others - ours):
        return None
    made = frozenset(result)
    columns, rows = (ours - others) & made, (others - ours) & made
    return ours & others & made, rows, columns, summed


def _macs(node: Node, sizes: Mapping[str, int]) -> int:
    """Multiplications of *node* that are summed up at once."""
    if node.what == "where":
        return sum(_macs(side, there) for side, there in zip(node.below, _sides(node.condition, sizes), strict=True))
    own, found = 0, sum(_macs(each, sizes) for each in node.below)
    if node.what == "reduce" and node.function == "add":
        (body,) = node.below
        own = _points(body.indices, sizes) if body.what == "apply" and body.function == "mul" else 0
    return own + found
