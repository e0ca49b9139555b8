"""Tensor equations: the notation in which a model's timestep is written, and what one costs.

One equation defines one tensor for one timestep ``t`` of one sequence, as papers write it::

    h[t,i,n] = dA[t,i,n] * h[t-1,i,n] + dBx[t,i,n]
    y[t,i]   = sum(n, C[t,n] * h[t,i,n])

The first subscript ``t`` marks a tensor of the current timestep, ``t-1`` or ``t-k`` (``k`` an index) one of an earlier
timestep; a tensor without it is a parameter. Any other subscript is an index letter, or ``1-c`` for the mirrored
order of an index of size two. The right-hand side may use ``+ - * /``, numbers, ``sum(i, j, expression)`` and the
functions in :data:`FUNCTIONS`.

Costs are read off the equation: a scalar operation is performed once for each point of the index space of *its own*
operands, so ``dt[t,i] * x[t,i] * B[t,n]`` costs I multiplications for the first product and I*N for the second.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

FUNCTIONS = ("exp", "tanh", "sin", "cos", "rsqrt", "sigmoid", "silu", "softplus", "max", "min")
TRANSCENDENTALS = frozenset(FUNCTIONS) - {"max", "min"}
_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True)
class Reference:
    """A tensor read at subscripts; ``lag`` is how many timesteps back, as a number or the letter of an index.

    ``lag`` is None for a parameter. ``mirrored`` holds the positions (in ``indices``) that are read in reverse order.
    """

    tensor: str
    indices: tuple[str, ...]
    lag: int | str | None = None
    mirrored: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Apply:
    """A scalar function or operator applied to each point of its arguments' joint index space."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Sum:
    """The sum of ``body`` over ``indices``."""

    indices: tuple[str, ...]
    body: Expression


Expression = Number | Reference | Apply | Sum


@dataclass(frozen=True)
class VectorPass:
    """One scalar function over ``points`` elements; ``outputs`` is smaller than ``points`` where it accumulates."""

    function: str
    points: int
    outputs: int

    @property
    def reduces(self) -> bool:
        """Whether the pass accumulates into fewer results than it visits points."""
        return self.outputs < self.points


@dataclass(frozen=True)
class Product:
    """One ``sum(indices, left * right)`` of an equation: what a MAC array can do."""

    left: Reference
    right: Reference
    summed: tuple[str, ...]


@dataclass(frozen=True)
class Equation:
    """``tensor[t, indices] = rhs``; build one with :func:`parse_equation`."""

    text: str
    tensor: str
    indices: tuple[str, ...]
    rhs: Expression

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every tensor access on the right-hand side, in order of appearance."""
        return tuple(node for node in walk(self.rhs) if isinstance(node, Reference))

    @cached_property
    def all_indices(self) -> tuple[str, ...]:
        """Output indices, then the summed ones, each once."""
        summed = (index for node in walk(self.rhs) if isinstance(node, Sum) for index in node.indices)
        return tuple(dict.fromkeys((*self.indices, *summed)))

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """The equation as a sum of products of two tensors, if it is one (else empty).

        A product without a ``sum`` counts only if it is an outer product, that is, if each factor has an index of its
        own: ``dx[t,i] * B[t,n]``.
        """
        terms: list[Product] = []
        for term in _addends(self.rhs):
            body, summed = (term.body, term.indices) if isinstance(term, Sum) else (term, ())
            if not (isinstance(body, Apply) and body.function == "mul"):
                return ()
            left, right = body.arguments
            if not (isinstance(left, Reference) and isinstance(right, Reference)):
                return ()
            private = set(left.indices) ^ set(right.indices)
            if isinstance(left.lag, str) or isinstance(right.lag, str):
                return ()
            if not summed and not (private & set(left.indices) and private & set(right.indices)):
                return ()
            terms.append(Product(left, right, summed))
        return tuple(terms)

    def scalar_operations(self, sizes: Mapping[str, int]) -> Counter[str]:
        """Scalar operations for one timestep of one sequence, by function; a multiply-accumulate is one ``mac``."""
        counts: Counter[str] = Counter()
        _count(self.rhs, sizes, counts)
        return counts

    def vector_passes(self, sizes: Mapping[str, int]) -> tuple[VectorPass, ...]:
        """The passes that a vector unit makes, in order; ``mul`` then ``add`` over the same points is one ``fma``."""
        passes: list[VectorPass] = []
        _emit(self.rhs, sizes, passes)
        return tuple(passes)


def walk(node: Expression) -> Iterator[Expression]:
    """*node* and everything below it, operands before the operation that uses them."""
    if isinstance(node, Apply):
        for argument in node.arguments:
            yield from walk(argument)
    elif isinstance(node, Sum):
        yield from walk(node.body)
    yield node


def index_set(node: Expression) -> frozenset[str]:
    """The indices over which *node* varies within a timestep."""
    if isinstance(node, Reference):
        return frozenset(node.indices) | ({node.lag} if isinstance(node.lag, str) else frozenset())
    if isinstance(node, Apply):
        return frozenset().union(*(index_set(argument) for argument in node.arguments))
    if isinstance(node, Sum):
        return index_set(node.body) - set(node.indices)
    return frozenset()


def _points(indices: frozenset[str], sizes: Mapping[str, int]) -> int:
    return prod(sizes[index] for index in indices)


def _addends(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Apply) and node.function == "add":
        for argument in node.arguments:
            yield from _addends(argument)
    else:
        yield node


def _is_mul(node: Expression) -> bool:
    return isinstance(node, Apply) and node.function == "mul"


def _count(node: Expression, sizes: Mapping[str, int], counts: Counter[str]) -> None:
    if isinstance(node, Apply):
        for argument in node.arguments:
            _count(argument, sizes, counts)
        counts[node.function] += _points(index_set(node), sizes)
    elif isinstance(node, Sum):
        points = _points(index_set(node.body), sizes)
        _count(node.body, sizes, counts)
        if _is_mul(node.body):
            counts["mul"] -= points
            counts["mac"] += points
        else:
            counts["add"] += points


def _emit(node: Expression, sizes: Mapping[str, int], passes: list[VectorPass]) -> None:
    if isinstance(node, Sum):
        _emit(node.body, sizes, passes)
        points, outputs = _points(index_set(node.body), sizes), _points(index_set(node), sizes)
        if _is_mul(node.body):
            passes.pop()
            passes.append(VectorPass("fma", points, outputs))
        else:
            passes.append(VectorPass("add", points, outputs))
    elif isinstance(node, Apply):
        points = _points(index_set(node), sizes)
        function = node.function
        arguments = node.arguments
        if function in ("add", "sub"):
            fusable = [a for a in arguments if _is_mul(a) and _points(index_set(a), sizes) == points]
            if fusable:  # emitted last, so that its multiplication is the pass to fuse with
                arguments = (*(a for a in arguments if a is not fusable[0]), fusable[0])
                function = "fma"
        for argument in arguments:
            _emit(argument, sizes, passes)
        if function == "fma":
            passes.pop()
        passes.append(VectorPass("add" if function == "sub" else function, points, points))


# ---------------------------------------------------------------------------------------------------------- parsing


def parse_equation(text: str) -> Equation:
    """Parse one equation; raises ValueError that quotes the part it cannot read."""
    try:
        tree = ast.parse(text.strip(), mode="exec").body
    except SyntaxError as error:
        raise ValueError(f"not an equation: {text!r}: {error.msg}") from None
    if len(tree) != 1 or not isinstance(tree[0], ast.Assign) or len(tree[0].targets) != 1:
        raise ValueError(f"must be 'tensor[t,...] = expression', not {text!r}")
    target = _expression(tree[0].targets[0], text)
    if not isinstance(target, Reference) or target.lag != 0 or target.mirrored:
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
            names = tuple(index.id for index in indices if isinstance(index, ast.Name))
            if len(names) != len(indices):
                raise ValueError(f"sums over something that is not an index: {text!r}")
            summand = _expression(body, text)
            if len(set(names)) != len(names) or not set(names) <= index_set(summand):
                raise ValueError(f"sums over an index twice, or over one that the summand lacks: {text!r}")
            return Sum(names, summand)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
            if len(arguments) != (1 if function in TRANSCENDENTALS else 2):
                raise ValueError(f"gives {function} {len(arguments)} arguments: {text!r}")
            return Apply(function, tuple(_expression(argument, text) for argument in arguments))
        case ast.Subscript(value=ast.Name(id=tensor), slice=subscript):
            return _reference(tensor, subscript, text)
    raise ValueError(f"cannot read {ast.unparse(node)!r} in {text!r}")


def _reference(tensor: str, subscript: ast.expr, text: str) -> Reference:
    parts = subscript.elts if isinstance(subscript, ast.Tuple) else [subscript]
    lag: int | str | None = None
    indices: list[str] = []
    mirrored: set[int] = set()
    for position, part in enumerate(parts):
        match part:
            case ast.Name(id="t") if position == 0:
                lag = 0
            case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=back) if position == 0:
                lag = _lag(back, text)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id=index)):
                mirrored.add(len(indices))
                indices.append(index)
            case ast.Name(id=index) if index != "t":
                indices.append(index)
            case _:
                raise ValueError(f"cannot read the subscript {ast.unparse(part)!r} in {text!r}")
    return Reference(tensor, tuple(indices), lag, frozenset(mirrored))


def _lag(node: ast.expr, text: str) -> int | str:
    match node:
        case ast.Constant(value=int() as steps) if steps > 0:
            return steps
        case ast.Name(id=index):
            return index
    raise ValueError(f"cannot read the lag {ast.unparse(node)!r} in {text!r}")
