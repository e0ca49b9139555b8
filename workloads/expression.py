"""Tensor equations: what one timestep of a model computes, as a tree, and what that costs.

workloads/notation.py reads them. One equation defines one tensor for one timestep of one sequence. A scalar operation
is performed once for each point of the index space of *its own* operands, so ``dt[t,i] * x[t,i] * B[t,n]`` costs I
multiplications for the first product and I*N for the second. ``where(condition, x, y)`` is a predicate and costs
nothing itself; a condition on one index against a number (``q < 3``) leaves each side only its own points, one between
two indices (``s <= q``) leaves both sides all of theirs, as a unit with predicated lanes does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

FUNCTIONS = ("exp", "log", "tanh", "sin", "cos", "sqrt", "rsqrt", "sigmoid", "silu", "softplus", "max", "min")
TRANSCENDENTALS = frozenset(FUNCTIONS) - {"max", "min"}
DONE_AS = {"sub": "add", "sqrt": "rsqrt", "log": "exp"}
"""Function -> the one that a unit does in its place, by the same circuit: it takes as long, and needs no figure."""


@dataclass(frozen=True)
class Subscript:
    """A position along one axis: (scale * index + offset) // divisor, or just ``offset`` if there is no index.

    ``shift`` marks ``i+0``, ``i-1`` or ``i+2``: such a position may lie outside of the axis, where a tensor is zero.
    """

    index: str | None
    scale: int = 1
    offset: int = 0
    divisor: int = 1
    shift: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is nothing but an index."""
        return self == Subscript(self.index) and self.index is not None

    def position(self, value: int) -> int:
        """The position for *value* of the index."""
        return (self.scale * value + self.offset) // self.divisor

    def span(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The first and the last position over all values of the index."""
        values = (0, sizes[self.index] - 1) if self.index is not None else (0, 0)
        ends = sorted(self.position(value) for value in values)
        return ends[0], ends[1]


@dataclass(frozen=True)
class Condition:
    """``index comparison other`` or ``index % modulus comparison other``, where ``other`` is an index or a number."""

    index: str
    comparison: str
    other: str | int
    modulus: int | None = None

    @property
    def indices(self) -> frozenset[str]:
        """The indices that it is about."""
        return frozenset({self.index, *([self.other] if isinstance(self.other, str) else [])})

    def holds(self, value: int, other: int) -> bool:
        """Whether it holds for these values of the two."""
        left = value if self.modulus is None else value % self.modulus
        return left < other if self.comparison == "<" else left <= other if self.comparison == "<=" else left == other

    def sides(self, sizes: Mapping[str, int]) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """*sizes* as they are where the condition holds, and where it does not."""
        if isinstance(self.other, str):
            return sizes, sizes
        true = sum(self.holds(value, self.other) for value in range(sizes[self.index]))
        return {**sizes, self.index: true}, {**sizes, self.index: sizes[self.index] - true}


@dataclass(frozen=True)
class Place:
    """``at(u, k) - q comparison other``, or the number first where it is ``flipped``.

    ``at(u, k)`` counts through the points of the indices ``along``, which are of these ``lengths``, timestep after
    timestep; ``less`` is an index that is taken off, if any.
    """

    along: tuple[str, ...]
    lengths: tuple[int, ...]
    less: str | None
    comparison: str
    other: int
    flipped: bool = False

    def sides(self, sizes: Mapping[str, int]) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """*sizes* as they are on both sides: which points those are changes from timestep to timestep."""
        return sizes, sizes

    @property
    def indices(self) -> frozenset[str]:
        """The indices that it is about."""
        return frozenset(self.along) | ({self.less} if self.less is not None else frozenset())


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True)
class Reference:
    """A tensor read at subscripts; ``lag`` is how far back, as a number or the letter of an index.

    A lag counts timesteps, or tokens for a tensor that has the graph's token axis; it is None for a parameter.
    """

    tensor: str
    subscripts: tuple[Subscript, ...]
    lag: int | str | None = None

    @property
    def indices(self) -> tuple[str, ...]:
        """The indices that it is read along, in order of its axes; a constant position has none."""
        return tuple(s.index for s in self.subscripts if s.index is not None)

    @property
    def plain(self) -> bool:
        """Whether every axis is read along nothing but an index."""
        return all(subscript.plain for subscript in self.subscripts)


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


@dataclass(frozen=True)
class Most:
    """The largest of ``body`` over ``indices``."""

    indices: tuple[str, ...]
    body: Expression


@dataclass(frozen=True)
class Cumulate:
    """The sums of ``body`` over ``index`` up to each of its values, that value included."""

    index: str
    body: Expression


@dataclass(frozen=True)
class Where:
    """``then`` where ``condition`` holds, ``otherwise`` where it does not."""

    condition: Condition | Place
    then: Expression
    otherwise: Expression


Expression = Number | Reference | Apply | Sum | Most | Cumulate | Where


@dataclass(frozen=True)
class ScalarPass:
    """One scalar function at each of ``points`` of an index space, whatever does it.

    ``outputs`` are fewer than ``points`` where it accumulates. ``chain`` is how many equal parts of the pass have to
    follow one another, as the terms of a cumulative sum do.
    """

    function: str
    points: int
    outputs: int
    chain: int = 1


@dataclass(frozen=True)
class Product:
    """One ``sum(indices, left * right)`` of an equation: what a MAC array can do."""

    left: Reference
    right: Reference
    summed: tuple[str, ...]


@dataclass(frozen=True)
class Equation:
    """``tensor[t, indices] = rhs``; build one with :func:`workloads.notation.parse_equation`."""

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
        return tuple(dict.fromkeys((*self.indices, *self.summed)))

    @cached_property
    def summed(self) -> tuple[str, ...]:
        """The indices that it sums over, or takes the largest of."""
        return tuple(index for node in walk(self.rhs) if isinstance(node, Sum | Most) for index in node.indices)

    @cached_property
    def ordered_indices(self) -> frozenset[str]:
        """Indices along which one value of the result needs others of the same operation or chooses by position."""
        nodes = tuple(walk(self.rhs))
        conditions = (node.condition for node in nodes if isinstance(node, Where))
        chosen_by = (each.indices for each in conditions if isinstance(each, Condition))
        return frozenset(node.index for node in nodes if isinstance(node, Cumulate)).union(*chosen_by)

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

    def scalar_passes(self, sizes: Mapping[str, int]) -> tuple[ScalarPass, ...]:
        """Its scalar operations as passes, in order; ``mul`` then ``add`` over the same points is one ``fma``."""
        passes: list[ScalarPass] = []
        _emit(self.rhs, sizes, passes)
        return tuple(step for step in passes if step.points)


def walk(node: Expression) -> Iterator[Expression]:
    """*node* and everything below it, operands before the operation that uses them."""
    for operand in operands(node):
        yield from walk(operand)
    yield node


def operands(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly below *node*."""
    match node:
        case Apply(_, arguments):
            return arguments
        case Sum(_, body) | Most(_, body) | Cumulate(_, body):
            return (body,)
        case Where(_, then, otherwise):
            return (then, otherwise)
    return ()


def index_set(node: Expression) -> frozenset[str]:
    """The indices over which *node* varies within a timestep."""
    if isinstance(node, Reference):
        return frozenset(node.indices) | ({node.lag} if isinstance(node.lag, str) else frozenset())
    below: frozenset[str] = frozenset().union(*(index_set(operand) for operand in operands(node)))
    if isinstance(node, Sum | Most):
        return below - set(node.indices)
    if isinstance(node, Where):
        return below | node.condition.indices
    return below


def _points(indices: frozenset[str], sizes: Mapping[str, int]) -> int:
    """Points of the index space of *indices*."""
    return prod(sizes[index] for index in indices)


def _addends(node: Expression) -> Iterator[Expression]:
    """The terms of a sum that is written with ``+``."""
    if isinstance(node, Apply) and node.function == "add":
        for argument in node.arguments:
            yield from _addends(argument)
    else:
        yield node


def _is_mul(node: Expression) -> bool:
    return isinstance(node, Apply) and node.function == "mul"


def _count(node: Expression, sizes: Mapping[str, int], counts: Counter[str]) -> None:
    """Add the scalar operations of *node*."""
    if isinstance(node, Where):
        for side, there in zip(operands(node), node.condition.sides(sizes), strict=True):
            _count(side, there, counts)
        return
    for operand in operands(node):
        _count(operand, sizes, counts)
    if isinstance(node, Apply):
        counts[node.function] += _points(index_set(node), sizes)
    elif isinstance(node, Sum | Most | Cumulate):
        points = _points(index_set(node.body), sizes)
        if isinstance(node, Most):
            counts["max"] += points
        elif isinstance(node, Sum) and _is_mul(node.body):
            counts["mul"] -= points
            counts["mac"] += points
        else:
            counts["add"] += points


def _emit(node: Expression, sizes: Mapping[str, int], passes: list[ScalarPass]) -> None:
    """Append the passes of *node*, its own last."""
    match node:
        case Sum(_, body):
            _emit(body, sizes, passes)
            points, outputs = _points(index_set(body), sizes), _points(index_set(node), sizes)
            if _is_mul(body):
                passes.pop()  # the multiplication: it becomes one with the sum
                passes.append(ScalarPass("fma", points, outputs))
            else:
                passes.append(ScalarPass("add", points, outputs))
        case Most(_, body):
            _emit(body, sizes, passes)
            passes.append(ScalarPass("max", _points(index_set(body), sizes), _points(index_set(node), sizes)))
        case Cumulate(index, body):
            _emit(body, sizes, passes)
            points = _points(index_set(body), sizes)
            passes.append(ScalarPass("add", points, points, chain=sizes[index]))
        case Where(condition, then, otherwise):
            for side, there in zip((then, otherwise), condition.sides(sizes), strict=True):
                _emit(side, there, passes)
        case Apply():
            _emit_apply(node, sizes, passes)


def _emit_apply(node: Apply, sizes: Mapping[str, int], passes: list[ScalarPass]) -> None:
    points = _points(index_set(node), sizes)
    function, arguments = node.function, node.arguments
    if function in ("add", "sub"):
        fusable = [a for a in arguments if _is_mul(a) and _points(index_set(a), sizes) == points]
        if fusable:  # emitted last, so that its multiplication is the pass to fuse with
            arguments = (*(a for a in arguments if a is not fusable[0]), fusable[0])
            function = "fma"
    for argument in arguments:
        _emit(argument, sizes, passes)
    if function == "fma":
        passes.pop()  # that multiplication
    passes.append(ScalarPass(DONE_AS.get(function, function), points, points))
