"""The axes of a program of one timestep: which of them are the same, how they split into factors, where they are cut.

A view says that an axis is a *product* of others (``d`` = ``h`` x ``p``), a slice or a concatenation that it is made of
*segments* (``x`` and ``z`` of a fused projection), an elementwise operation that two axes are one. :func:`axes_of`
unifies all of that over a whole program. What is left are :class:`Piece` objects: each axis consists of some, and a
piece runs along indivisible axes only, each of which gets an index letter later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from sim.importing.primitives import (
    Carry,
    Concatenate,
    Contract,
    Cumulate,
    Delay,
    Elementwise,
    Expand,
    Permute,
    Program,
    Reduce,
    Reshape,
    Slice,
    Value,
    Window,
)


class Axis:
    """An axis of one or more values; ``length`` elements. Equal axes share one root, which alone has a form."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._parent: Axis | None = None
        self.factors: list[Axis] = []  # from the slowest to the fastest
        self.segments: list[Axis] = []

    @property
    def root(self) -> Axis:
        """The axis that stands for all that are equal to this one."""
        found = self
        while found._parent is not None:
            found = found._parent
        return found

    @property
    def parts(self) -> list[Axis]:
        """What it is the product of, or made of; nothing if it is not known to be divisible."""
        return self.factors or self.segments

    def leaves(self) -> Iterator[Axis]:
        """The factors that are no products themselves."""
        root = self.root
        if not root.factors:
            yield root
        for factor in root.factors:
            yield from factor.leaves()

    def unite(self, other: Axis) -> None:
        """Make *other* the same axis as this one; raises ValueError if their forms do not fit."""
        mine, theirs = self.root, other.root
        if mine is theirs:
            return
        if mine.length != theirs.length:
            raise ValueError(f"lengths {mine.length} and {theirs.length}")
        theirs._parent = mine
        factors, segments = theirs.factors, theirs.segments
        theirs.factors, theirs.segments = [], []
        if factors:
            mine.split(factors)
        if segments:
            mine.cut(segments)

    def split(self, factors: Sequence[Axis]) -> None:
        """Say that this axis is the product of *factors*, the slowest first; raises ValueError if it cannot be."""
        axis, factors = self.root, [factor for factor in factors if factor.length > 1]
        if len(factors) == 1:
            axis.unite(factors[0])
        elif axis.segments:
            segments, axis.segments = axis.segments, []
            axis.factors = factors
            axis.cut(segments)
        elif axis.factors:
            _refine_products(axis.factors, factors)
        else:
            axis.factors = factors

    def cut(self, segments: Sequence[Axis]) -> None:
        """Say that this axis is made of *segments*, one after the other; raises ValueError if it cannot be."""
        axis, segments = self.root, list(segments)
        if len(segments) == 1:
            axis.unite(segments[0])
        elif axis.segments:
            _refine_segments(axis.segments, segments)
        elif axis.factors:
            slowest, *others = axis.factors
            inner = prod(factor.length for factor in others)
            if any(segment.length % inner for segment in segments):
                lengths = [factor.length for factor in axis.factors]
                raise ValueError(f"an axis split into {lengths} is cut into {[s.length for s in segments]}")
            heads = [Axis(segment.length // inner) for segment in segments]
            for head, segment in zip(heads, segments, strict=True):
                segment.split([head, *others])
            slowest.cut(heads)
        else:
            axis.segments = segments


def _refine_products(ours: Sequence[Axis], theirs: Sequence[Axis]) -> None:
    """Make two products of one axis the same, by splitting factors of either."""
    left, right = list(ours), list(theirs)
    while left and right:
        a, b = left.pop(0), right.pop(0)
        if a.length == b.length:
            a.unite(b)
            continue
        long, short, rest = (a, b, left) if a.length > b.length else (b, a, right)
        if long.length % short.length:
            raise ValueError(f"it is split into {[x.length for x in ours]} and into {[x.length for x in theirs]}")
        remainder = Axis(long.length // short.length)
        long.split([short, remainder])
        rest.insert(0, remainder)


def _refine_segments(ours: Sequence[Axis], theirs: Sequence[Axis]) -> None:
    """Make two cuttings of one axis the same, by cutting segments of either."""
    left, right = list(ours), list(theirs)
    while left and right:
        a, b = left.pop(0), right.pop(0)
        if a.length == b.length:
            a.unite(b)
            continue
        long, short, rest = (a, b, left) if a.length > b.length else (b, a, right)
        remainder = Axis(long.length - short.length)
        long.cut([short, remainder])
        rest.insert(0, remainder)


@dataclass(frozen=True)
class Term:
    """One index of a position: ``stride`` elements for each step of ``index``, which has ``length`` values.

    A negative stride goes backwards: the taps of a convolution.
    """

    index: str
    stride: int
    length: int


@dataclass(frozen=True)
class Piece:
    """Positions along one axis: ``offset`` and the sum of ``terms``, those with the largest strides first."""

    offset: int = 0
    terms: tuple[Term, ...] = ()

    def moved(self, by: int) -> Piece:
        """The same, *by* positions further."""
        return Piece(self.offset + by, self.terms)

    @property
    def key(self) -> tuple[int, ...]:
        """What tells the pieces of one axis apart, whatever the indices are called."""
        return (self.offset, *(term.stride for term in self.terms))


Pieces = tuple[Piece, ...]


def extent(pieces: Sequence[Piece]) -> int:
    """The length of an axis that consists of *pieces*."""
    last = pieces[-1]
    return last.offset + sum(term.stride * (term.length - 1) for term in last.terms) + 1


def flattened(pieces: Pieces, shape: Sequence[int]) -> Piece:
    """The positions along the one axis that axes of these lengths merge to."""
    offset, terms = 0, tuple[Term, ...]()
    for axis, piece in enumerate(pieces):
        stride = prod(shape[axis + 1 :])
        offset += piece.offset * stride
        terms += tuple(Term(term.index, term.stride * stride, term.length) for term in piece.terms)
    return Piece(offset, terms)


def unflattened(piece: Piece, shape: Sequence[int]) -> Pieces:
    """The positions along the axes of these lengths into which one axis splits."""
    found = []
    for axis, length in enumerate(shape):
        stride = prod(shape[axis + 1 :])
        own = (term for term in piece.terms if stride <= abs(term.stride) < stride * length)
        terms = (Term(term.index, term.stride // stride, term.length) for term in own)
        found.append(Piece(piece.offset // stride % length, tuple(terms)))
    return tuple(found)


class Axes:
    """The axes of every value of a program; ``None`` for an axis of length 1."""

    def __init__(self, program: Program) -> None:
        self._of: dict[Value, list[Axis | None]] = {}
        self._indices: dict[Axis, str] = {}
        self.lengths: dict[str, int] = {}
        assert program.output is not None
        values = (program.input, *program.values())
        for value in values:
            self._of[value] = [Axis(length) if length > 1 else None for length in value.shape]
        for value in values:
            try:
                self._relate(value)
                if isinstance(value.operation, Carry):
                    self._unite(value, program.following(value))
            except ValueError as error:
                raise value.place.mistake(f"has axes that do not fit: {error}") from None
        ends = [[axis for axis in self._of[value] if axis] for value in (program.input, program.output)]
        if [axis.length for axis in ends[0]] == [axis.length for axis in ends[1]]:
            for axis, other in zip(*ends, strict=True):
                if not (axis.root.parts and other.root.parts):  # what one layer hands on is what the next one reads
                    axis.unite(other)

    def pieces(self, value: Value) -> list[list[Piece]]:
        """For each axis of *value*, the pieces it consists of, from the first position on."""
        return [[Piece()] if axis is None else list(self._pieces(axis)) for axis in self._of[value]]

    def combinations(self, value: Value) -> Iterator[Pieces]:
        """Each choice of one piece for each axis of *value*; two axes of it never share an index."""
        for pieces in product(*self.pieces(value)):
            yield apart(pieces, ())

    def factors(self, value: Value) -> list[list[list[Piece]]]:
        """For each axis of *value*, the pieces of each of its factors; a factor is cut if it has more than one."""
        return [
            [] if axis is None else [list(self._pieces(each)) for each in axis.leaves()] for axis in self._of[value]
        ]

    def _pieces(self, axis: Axis) -> Iterator[Piece]:
        root = axis.root
        if root.segments:
            start = 0
            for segment in root.segments:
                for piece in self._pieces(segment):
                    yield piece.moved(start)
                start += segment.length
        elif root.factors:
            lengths = [factor.length for factor in root.factors]
            for pieces in product(*(list(self._pieces(factor)) for factor in root.factors)):
                yield flattened(pieces, lengths)
        elif root.length == 1:
            yield Piece()
        else:
            if root not in self._indices:
                self._indices[root] = f"{len(self._indices)}"
                self.lengths[self._indices[root]] = root.length
            yield Piece(0, (Term(self._indices[root], 1, root.length),))

    def _unite(self, one: Value, other: Value) -> None:
        for mine, theirs in zip(self._of[one], self._of[other], strict=True):
            _unite(mine, theirs)

    def _relate(self, value: Value) -> None:
        """Take note of what the operation of *value* says about its axes."""
        mine = self._of[value]
        match value.operation:
            case Elementwise() | Expand():
                for operand in value.operands:
                    for axis, other in zip(reversed(self._of[operand]), reversed(mine), strict=False):
                        _unite(axis, other)
            case Delay() | Cumulate():
                self._unite(value, value.operands[0])
            case Window(_, channels):
                self._unite(value, value.operands[0])
                _unite(mine[channels], self._of[value.operands[1]][0])
            case Permute(order):
                for axis, source in zip(mine, order, strict=True):
                    _unite(axis, self._of[value.operands[0]][source])
            case Reduce(_, axes):
                kept = [axis for place, axis in enumerate(self._of[value.operands[0]]) if place not in axes]
                for axis, other in zip(mine, kept, strict=True):
                    _unite(axis, other)
            case Contract(left, right, result):
                seen: dict[str, Axis] = {}
                known = [mine, *(self._of[operand] for operand in value.operands)]
                for labels, named in zip((result, left, right), known, strict=True):
                    for label, own in zip(labels, named, strict=True):
                        if own is not None:
                            _unite(seen.setdefault(label, own), own)
            case Slice(axis, start):
                self._cut(self._of[value.operands[0]][axis], start, [mine[axis]])
                self._others(value, axis)
            case Concatenate(axis):
                self._cut(mine[axis], 0, [self._of[operand][axis] for operand in value.operands])
                self._others(value, axis)
            case Reshape():
                _reshaped(self._of[value.operands[0]], mine)

    def _others(self, value: Value, axis: int) -> None:
        """Every axis but one is that of each operand."""
        for operand in value.operands:
            for place, (mine, theirs) in enumerate(zip(self._of[value], self._of[operand], strict=True)):
                if place != axis:
                    _unite(mine, theirs)

    @staticmethod
    def _cut(whole: Axis | None, start: int, parts: Sequence[Axis | None]) -> None:
        assert whole is not None
        known = [part or Axis(1) for part in parts]
        rest = whole.length - start - sum(part.length for part in known)
        whole.cut([*([Axis(start)] if start else []), *known, *([Axis(rest)] if rest else [])])


def apart(pieces: Pieces, taken: Collection[str]) -> Pieces:
    """*pieces* with other names for indices that they have more than once, or that are *taken*."""
    used, found = set(taken), []
    for piece in pieces:
        terms = []
        for term in piece.terms:
            index = term.index
            while index in used:
                index += "'"
            used.add(index)
            terms.append(Term(index, term.stride, term.length))
        found.append(Piece(piece.offset, tuple(terms)))
    return tuple(found)


def _unite(one: Axis | None, other: Axis | None) -> None:
    if one is not None and other is not None:
        one.unite(other)


def _reshaped(old: Sequence[Axis | None], new: Sequence[Axis | None]) -> None:
    """Relate the axes before and after a reshape: the smallest groups of them that have as many elements."""
    before, after = [axis for axis in old if axis], [axis for axis in new if axis]
    while before:
        left, right = [before.pop(0)], [after.pop(0)]
        while (a := prod(axis.length for axis in left)) != (b := prod(axis.length for axis in right)):
            if a < b:
                left.append(before.pop(0))
            else:
                right.append(after.pop(0))
        whole = left[0] if len(left) == 1 else Axis(a)
        if len(left) > 1:
            whole.split(left)
        whole.split(right)
