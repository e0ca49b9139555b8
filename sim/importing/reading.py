"""Reads values of a program of one timestep as right-hand sides of equations.

A value is read at a piece of each of its axes: a view reads its operand elsewhere, a tensor becomes a reference,
anything else an expression. Tensors and indices have numbers here; naming.py gives them names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from sim.importing.axes import Axes, Piece, Pieces, Term, apart, extent, unflattened
from sim.importing.expressions import simplified
from sim.importing.fusing import VIEWS, Fusing
from sim.importing.masks import masked
from sim.importing.parameters import Parameters
from sim.importing.primitives import (
    Carry,
    Contract,
    Cumulate,
    Delay,
    Elementwise,
    Input,
    Program,
    Reduce,
    Static,
    Value,
    Window,
)
from sim.importing.views import broadcast_to, evaluated_at, indices_of, only_index, viewed
from workloads.expression import Apply, Expression, Number, Reference, Subscript, Sum, index_set
from workloads.expression import Cumulate as Cumulated

INPUT = "input"
Key = tuple[Value, tuple[tuple[int, ...], ...]]


class Reading:
    """Reads the values of *program*; ``wanted`` are the tensors that were read and have no equation yet.

    ``tensors`` maps a value and the keys of its pieces to the number of its tensor; ``whole`` the index of an axis of
    input or output that is cut but has to be whole to its length.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.axes, self.fusing, self.parameters = Axes(program), Fusing(program), Parameters()
        self.tensors: dict[Key, str] = {}
        self.wanted: list[tuple[str, Value, Pieces]] = []
        self.whole: dict[str, int] = {}
        self.input = self.all_of(program.input, INPUT)

    def all_of(self, value: Value, tensor: str) -> Reference:
        """The reference to a *tensor* that holds all of *value*, along whole factors where they are cut."""
        indices: list[str] = []
        for place, pieces in enumerate(pieces for factors in self.axes.factors(value) for pieces in factors):
            if len(pieces) > 1:
                indices.append(f"{tensor}.{place}")
                self.whole[indices[-1]] = extent(pieces)
            else:
                indices += indices_of(apart(tuple(pieces), indices))
        return Reference(tensor, tuple(map(Subscript, indices)), 0)

    def length(self, index: str) -> int:
        """How many values *index* has; one with a prime as many as that without."""
        return (self.axes.lengths | self.whole | self.parameters.taps)[index.rstrip("'")]

    def read(self, value: Value, pieces: Pieces, lag: int | str, first: Sequence[str] = ()) -> Expression:
        """*value* at *pieces*, *lag* timesteps ago; a parameter has the indices *first* before others."""
        match value.operation:
            case Input():
                return self._read_input(value, pieces, lag)
            case Static(array) if lag == 0 or not array.any():
                return self.parameters.read(value, pieces, first)
            case Static():
                raise value.place.mistake("is read of an earlier timestep, before the first of which it is not zero")
            case operation if isinstance(operation, VIEWS):
                return self.read(*viewed(value, pieces), lag, first)
            case Delay(steps):
                return self.read(value.operands[0], pieces, _later(value, lag, steps), first)
            case Carry():
                return self.read(self._program.following(value), pieces, _later(value, lag, 1), first)
        if value in self.fusing.tensors:
            return self._tensor(value, pieces, lag)
        assert lag == 0, value
        return self.body(value, pieces)

    def _read_input(self, value: Value, pieces: Pieces, lag: int | str) -> Reference:
        subscripts = []
        for place, piece in enumerate(self.by_factor(value, pieces)):
            if f"{INPUT}.{place}" not in self.whole:
                subscripts += [Subscript(index) for index in indices_of((piece,))]
            elif not piece.terms:
                subscripts.append(Subscript(None, offset=piece.offset))
            else:
                (term,) = piece.terms
                subscripts.append(Subscript(term.index, offset=piece.offset, shift=True))
        return Reference(INPUT, tuple(subscripts), lag)

    def by_factor(self, value: Value, pieces: Pieces) -> Pieces:
        """*pieces* of axes of *value* as pieces of their factors; raises InputError for a product inside of a cut."""
        found: list[Piece] = []
        for piece, factors in zip(pieces, self.axes.factors(value), strict=True):
            found += unflattened(piece, list(map(extent, factors)))
        if any(len(piece.terms) > 1 or any(term.stride > 1 for term in piece.terms) for piece in found):
            raise value.place.mistake("has an axis that is cut into parts of which one is split, in input or output")
        return tuple(found)

    def _tensor(self, value: Value, pieces: Pieces, lag: int | str) -> Reference:
        """The reference to the tensor that holds *value* at *pieces*, which gets its equation later."""
        key = (value, tuple(piece.key for piece in pieces))
        if key not in self.tensors:
            self.tensors[key] = f"v{len(self.tensors)}"
            own = next(each for each in self.axes.combinations(value) if tuple(piece.key for piece in each) == key[1])
            self.wanted.append((self.tensors[key], value, own))
        return Reference(self.tensors[key], tuple(map(Subscript, indices_of(pieces))), lag)

    def source(self, value: Value, pieces: Pieces) -> str | None:
        """The tensor that holds what *value* shows at *pieces*, or to which it adds a bias; None if there is none."""
        while value not in self.fusing.tensors:
            if isinstance(value.operation, Carry) and self._program.following(value) not in self.fusing.tensors:
                value = self._program.following(value)
            elif isinstance(value.operation, VIEWS):
                value, pieces = viewed(value, pieces)
            elif self._adds_bias(value):
                value, pieces = value.operands[0], broadcast_to(value.operands[0], pieces)
            else:
                return None
        return self.tensors.get((value, tuple(piece.key for piece in pieces)))

    def _adds_bias(self, value: Value) -> bool:
        """Whether *value* is computed of a product at the same place of the source, as in a linear layer."""
        if not isinstance(value.operation, Elementwise):
            return False
        return next(self.fusing.roots(value.operands[0]))[0].place is value.place

    def body(self, value: Value, pieces: Pieces) -> Expression:
        """What *value* is at *pieces*, in terms of its operands."""
        operands = value.operands
        match value.operation:
            case Elementwise("where"):
                sides = [self.read(operand, broadcast_to(operand, pieces), 0) for operand in operands[1:]]
                return masked(value, evaluated_at(operands[0], pieces), indices_of(pieces), sides[0], sides[1])
            case Elementwise(function):
                return simplified(function, *(self.read(each, broadcast_to(each, pieces), 0) for each in operands))
            case Contract(left, right, result):
                return self._contraction(value, dict(zip(result, pieces, strict=True)), (left, right))
            case Reduce(function, axes):
                return self._reduction(value, pieces, function, axes)
            case Cumulate(axis):
                index = only_index(value, pieces[axis])
                return Cumulated(index, self.read(operands[0], pieces, 0))
            case Window(_, channels):
                return self._window(value, pieces, channels)
        raise AssertionError(value.operation)

    def _contraction(self, value: Value, at: dict[str, Piece], labels: tuple[str, str]) -> Expression:
        """The products of the two operands, summed over the labels that the result does not have."""
        known: dict[str, list[Piece]] = {}
        for operand, names in zip(value.operands, labels, strict=True):
            for label, pieces, length in zip(names, self.axes.pieces(operand), operand.shape, strict=True):
                if label not in at and (length > 1 or label not in known):
                    known[label] = pieces
        taken = [term.index for piece in at.values() for term in piece.terms]
        terms: list[Expression] = []
        for choice in product(*known.values()):
            summed = dict(zip(known, apart(choice, taken), strict=True))
            indices = [term.index for piece in summed.values() for term in piece.terms]
            positions = at | summed
            factors = []
            for operand, names in zip(value.operands, labels, strict=True):
                where = broadcast_to(operand, tuple(positions[label] for label in names))
                factors.append(self.read(operand, where, 0, indices))
            counted = prod(term.length for piece in summed.values() for term in piece.terms)
            terms.append(_summed(indices, simplified("mul", *_parameter_first(factors)), counted, self.length))
        return self.parameters.convolution(terms) or _added(terms)

    def _reduction(self, value: Value, pieces: Pieces, function: str, axes: Sequence[int]) -> Expression:
        """The sum or mean of the operand over *axes*."""
        operand = value.operands[0]
        choices = self.axes.pieces(operand)
        taken = [term.index for piece in pieces for term in piece.terms]
        count = prod(operand.shape[axis] for axis in axes)
        terms: list[Expression] = []
        for chosen in product(*(choices[axis] for axis in axes)):
            over, kept = iter(apart(chosen, taken)), iter(pieces)
            whole = tuple(next(over) if axis in axes else next(kept) for axis in range(len(operand.shape)))
            indices = [term.index for axis in axes for term in whole[axis].terms]
            lengths = [term.length for axis in axes for term in whole[axis].terms]
            terms.append(_summed(indices, self.read(operand, whole, 0), prod(lengths), self.length))
        if function == "sum":
            return self.parameters.convolution(terms) or _added(terms)
        if len(terms) == 1 and isinstance(terms[0], Sum) and len(terms[0].indices) == len(indices):
            return Apply("mean", (terms[0],))
        return simplified("mul", _added(terms), Number(1.0 / count))

    def _window(self, value: Value, pieces: Pieces, channels: int) -> Expression:
        """The causal convolution of each channel over its taps, the latest of which are the last."""
        source, weights = value.operands
        (taps,) = self.axes.pieces(weights)[1]
        if not taps.terms:  # one tap
            return simplified("mul", self.read(weights, (pieces[channels], taps), 0), self.read(source, pieces, 0))
        (taps,) = apart((taps,), indices_of(pieces))
        index, count = only_index(value, taps), taps.terms[0].length
        backwards = Piece(count - 1, (Term(index, -1, count),))
        weight = self.read(weights, (pieces[channels], backwards), 0, [index])
        return Sum((index,), simplified("mul", weight, self.read(source, pieces, index)))


def _later(value: Value, lag: int | str, steps: int) -> int:
    if isinstance(lag, str):
        raise value.place.mistake("is a convolution over a value of an earlier timestep")
    return lag + steps


def _parameter_first(factors: list[Expression]) -> list[Expression]:
    """A product as the models write it: the parameter, if there is one, on the left."""
    right = factors[1]
    return factors[::-1] if isinstance(right, Reference) and right.lag is None else factors


def _added(terms: list[Expression]) -> Expression:
    found = terms[0]
    for term in terms[1:]:
        found = simplified("add", found, term)
    return found


def _summed(indices: list[str], body: Expression, count: int, length: Callable[[str], int]) -> Expression:
    """The sum of *body* over *indices*, which have *count* values together; those that it lacks multiply it."""
    if isinstance(body, Number):
        return Number(body.value * count)
    have = index_set(body)
    inside = tuple(index for index in indices if index in have)
    times = prod(length(index) for index in indices if index not in have)
    found = Sum(inside, body) if inside else body
    return simplified("mul", found, Number(float(times)))
