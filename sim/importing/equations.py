"""The equations of a program of one timestep: each tensor of it, piece by piece, in terms of index letters.

What is in which tensor says fusing.py, what pieces its axes have axes.py. A value is *read* at a piece of each of its
axes: a view reads its operand elsewhere, a tensor becomes a reference, anything else an expression. Tensors and
indices have numbers here; naming.py gives them names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np

from sim.importing.axes import Axes, Piece, Pieces, apart, flattened, unflattened
from sim.importing.expressions import simplified
from sim.importing.fusing import Fusing
from sim.importing.primitives import (
    Array,
    Carry,
    Concatenate,
    Contract,
    Cumulate,
    Delay,
    Elementwise,
    Expand,
    Input,
    Permute,
    Program,
    Reduce,
    Reshape,
    Slice,
    Static,
    Value,
    Window,
    evaluated,
    is_static,
)
from sim.importing.masks import masked
from workloads.expression import Apply, Condition, Cumulate as Cumulated, Expression, Number, Reference, Subscript, Sum, Where, index_set, walk

MOST = 1000  # equations of a model
Key = tuple[Value, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True)
class Definition:
    """One equation: ``tensor[t, indices] = rhs``, which is ``value`` at ``pieces`` (none for what joins pieces)."""

    tensor: str
    indices: tuple[str, ...]
    rhs: Expression
    value: Value
    pieces: Pieces


@dataclass(frozen=True, eq=False)
class Parameter:
    """Numbers that equations read: ``array`` has an axis for each of ``indices``; cut from ``value``."""

    tensor: str
    indices: tuple[str, ...]
    array: Array
    value: Value
    pieces: Pieces

    @property
    def static(self) -> Static:
        """What it is cut from."""
        assert isinstance(self.value.operation, Static)
        return self.value.operation


@dataclass
class System:
    """All equations of a program.

    ``readers``: parameter -> the equations that read it, in order. ``lengths``: index -> values of it, for an index
    with a prime as for that without. ``names``: tensor -> what the source calls it.
    """

    definitions: list[Definition]
    parameters: dict[str, Parameter]
    readers: dict[str, list[Definition]]
    input: Reference
    output: str
    lengths: dict[str, int]
    names: dict[str, list[str]] = field(default_factory=dict)
    recurrent: set[Value] = field(default_factory=set)


def equations_of(program: Program) -> System:
    """The equations of *program*; raises InputError that names the place of what has none."""
    return _Equations(program).system()


class _Equations:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._axes = Axes(program)
        self._fusing = Fusing(program)
        self._order = {value: place for place, value in enumerate(program.values())}
        self._tensors: dict[Key, str] = {}
        self._pending: list[tuple[Key, str, Pieces]] = []
        self._definitions: dict[str, Definition] = {}
        self._parameters: dict[Key, Parameter] = {}
        self._orders: dict[Key, tuple[int, ...]] = {}
        self._extra: dict[str, int] = {}
        self._input = self._whole(program.input, "input")

    def system(self) -> System:
        """The equations that the output needs."""
        output = self._output()
        while self._pending:
            key, tensor, pieces = self._pending.pop()
            indices = tuple(term.index for piece in pieces for term in piece.terms)
            self._definitions[tensor] = Definition(tensor, indices, self._body(key[0], pieces), key[0], pieces)
            if len(self._definitions) > MOST:
                raise key[0].place.mistake(f"falls apart: the model is more than {MOST} equations")
        place = {tensor: (self._order[value], keys) for (value, keys), tensor in self._tensors.items()}
        last = (len(self._order), ())
        definitions = sorted(self._definitions.values(), key=lambda each: place.get(each.tensor, last))
        known = {each.tensor: each for each in self._parameters.values()}
        readers: dict[str, list[Definition]] = {tensor: [] for tensor in known}
        for each in definitions:
            for node in walk(each.rhs):
                if isinstance(node, Reference) and node.tensor in readers:
                    readers[node.tensor].append(each)
        parameters = {tensor: each for tensor, each in known.items() if readers[tensor]}
        lengths = self._axes.lengths | self._extra
        recurrent = self._fusing.recurrent
        return System(definitions, parameters, readers, self._input, output, lengths, self._names(), recurrent)

    def _names(self) -> dict[str, list[str]]:
        """Tensor -> what the source calls it, or a view of it."""
        found: dict[str, list[str]] = {}
        for value, name in self._program.names:
            if value not in self._order:
                continue
            for pieces in self._axes.combinations(value):
                key = self._source(value, pieces)
                if key is not None and key in self._tensors:
                    found.setdefault(self._tensors[key], []).append(name)
        return found

    def _source(self, value: Value, pieces: Pieces) -> Key | None:
        """The value, and where in it, that *value* is a view of."""
        while True:
            match value.operation:
                case Carry():
                    value = self._program.following(value)
                    if value in self._fusing.tensors:
                        return None
                case Permute() | Reshape() | Slice() | Concatenate():
                    value, pieces = _viewed(value, pieces)
                case Elementwise() if value not in self._fusing.tensors and value.operands[0].place is value.place:
                    value, pieces = value.operands[0], _broadcast(value.operands[0], pieces)  # to which a bias is added
                case _:
                    return (value, tuple(piece.key for piece in pieces)) if value in self._fusing.tensors else None

    def _whole(self, value: Value, tensor: str) -> Reference:
        """The reference to a tensor that holds all of *value*: along its pieces, or along whole axes if there are many."""
        indices: list[str] = []
        for axis, pieces in enumerate(self._axes.pieces(value)):
            if len(pieces) > 1:
                indices.append(f"{tensor}.{axis}")
                self._extra[indices[-1]] = value.shape[axis]
            else:
                indices += [term.index for piece in apart(tuple(pieces), indices) for term in piece.terms]
        return Reference(tensor, tuple(map(Subscript, indices)), 0)

    def _output(self) -> str:
        """The tensor that holds the output; one more equation if it is not one of the others as it stands."""
        value = self._program.output
        assert value is not None
        combinations = list(self._axes.combinations(value))
        if len(combinations) == 1:
            (pieces,) = combinations
            found = self._read(value, pieces, 0)
            if isinstance(found, Reference) and found.lag == 0 and found.tensor != "input" and found.plain:
                if found.indices == tuple(term.index for piece in pieces for term in piece.terms):
                    return found.tensor
            indices = tuple(term.index for piece in pieces for term in piece.terms)
            self._definitions["output"] = Definition("output", indices, found, value, ())
            return "output"
        whole = self._whole(value, "output")
        if whole.indices and [self._extra.get(i) for i in whole.indices] == [self._extra.get(i) for i in self._input.indices]:
            whole = self._input  # the same axes
        terms = [self._placed(value, pieces, whole.indices) for pieces in combinations]
        self._definitions["output"] = Definition("output", whole.indices, _added(terms), value, ())
        return "output"

    def _placed(self, value: Value, pieces: Pieces, indices: Sequence[str]) -> Expression:
        """A part of the output where it belongs along whole axes, which have *indices*, and zero elsewhere."""
        found = self._read(value, pieces, 0)
        if not isinstance(found, Reference) or found.lag != 0 or not found.plain:
            raise value.place.mistake("joins parts to the output that are not computed values")
        along = [piece for piece, length in zip(pieces, value.shape, strict=True) if length > 1]
        if len(along) != len(indices) or any(t.stride != 1 for p in along for t in p.terms) or any(len(p.terms) > 1 for p in along):
            raise value.place.mistake("joins parts to the output that are split as well")
        places = {
            piece.terms[0].index: Subscript(index, offset=-piece.offset, shift=True)
            for piece, index in zip(along, indices, strict=True) if piece.terms
        }  # fmt: skip
        term: Expression = Reference(found.tensor, tuple(places[str(s.index)] for s in found.subscripts), 0)
        for piece, index in zip(along, indices, strict=True):
            if not piece.terms:
                term = Where(Condition(index, "==", piece.offset), term, Number(0.0))
        return term

    def _read(self, value: Value, pieces: Pieces, lag: int | str, first: Sequence[str] = ()) -> Expression:
        """*value* at *pieces*, *lag* timesteps ago; a parameter has the indices *first* before others."""
        match value.operation:
            case Input():
                return self._read_input(value, pieces, lag)
            case Static(array) if lag == 0 or not array.any():
                return self._parameter(value, pieces, first)
            case Static():
                raise value.place.mistake("is read of an earlier timestep, before the first of which it is not zero")
            case Permute() | Reshape() | Expand() | Slice() | Concatenate():
                return self._read(*_viewed(value, pieces), lag, first)
            case Delay(steps):
                return self._read(value.operands[0], pieces, _later(value, lag, steps), first)
            case Carry():
                return self._read(self._program.following(value), pieces, _later(value, lag, 1), first)
        if value in self._fusing.tensors:
            return self._tensor(value, pieces, lag)
        assert lag == 0, value
        return self._body(value, pieces)

    def _read_input(self, value: Value, pieces: Pieces, lag: int | str) -> Reference:
        subscripts = [Subscript(term.index) for piece in pieces for term in piece.terms]
        if self._extra_of_input:
            subscripts = []
            for axis, piece in enumerate(pieces):
                if value.shape[axis] == 1:
                    continue
                if f"input.{axis}" not in self._extra_of_input:
                    subscripts += [Subscript(term.index) for term in piece.terms]
                elif not piece.terms:
                    subscripts.append(Subscript(None, offset=piece.offset))
                elif len(piece.terms) == 1 and piece.terms[0].stride == 1:
                    subscripts.append(Subscript(piece.terms[0].index, offset=piece.offset, shift=True))
                else:
                    raise value.place.mistake("the input is cut into parts that are split as well")
        return Reference("input", tuple(subscripts), lag)

    @property
    def _extra_of_input(self) -> dict[str, int]:
        return {index: length for index, length in self._extra.items() if index.startswith("input.")}

    def _parameter(self, value: Value, pieces: Pieces, first: Sequence[str]) -> Expression:
        """The reference to what *value* holds at *pieces*; the number, if that is one."""
        terms = [term for piece in pieces for term in piece.terms]
        key = (value, tuple(piece.key for piece in pieces))
        if key not in self._parameters:
            array = _cut(evaluated(value), pieces)
            if (array == array.flat[0]).all() and not (value.operation.learned and terms):  # type: ignore[union-attr]
                return Number(float(array.flat[0]))
            self._orders[key] = tuple(sorted(range(len(terms)), key=lambda place: terms[place].index not in first))
            ordered = array.transpose(self._orders[key])
            names = tuple(terms[place].index for place in self._orders[key])
            self._parameters[key] = Parameter(f"p{len(self._parameters)}", names, ordered, value, pieces)
        subscripts = tuple(Subscript(terms[place].index) for place in self._orders[key])
        return Reference(self._parameters[key].tensor, subscripts, None)

    def _tensor(self, value: Value, pieces: Pieces, lag: int | str) -> Reference:
        """The reference to the tensor that holds *value* at *pieces*, which gets its equation later."""
        key = (value, tuple(piece.key for piece in pieces))
        if key not in self._tensors:
            self._tensors[key] = f"v{len(self._tensors)}"
            own = next(each for each in self._axes.combinations(value) if tuple(piece.key for piece in each) == key[1])
            self._pending.append((key, self._tensors[key], own))
        return Reference(self._tensors[key], tuple(Subscript(t.index) for piece in pieces for t in piece.terms), lag)

    def _body(self, value: Value, pieces: Pieces) -> Expression:
        """What *value* is at *pieces*, in terms of its operands."""
        operands = value.operands
        match value.operation:
            case Elementwise("where"):
                sides = [self._read(operand, _broadcast(operand, pieces), 0) for operand in operands[1:]]
                return masked(value, evaluated_at(operands[0], pieces), _indices(pieces), sides[0], sides[1])
            case Elementwise(function):
                return simplified(function, *(self._read(each, _broadcast(each, pieces), 0) for each in operands))
            case Contract(left, right, result):
                return self._contraction(value, dict(zip(result, pieces, strict=True)), (left, right))
            case Reduce(function, axes):
                return self._reduction(value, pieces, function, axes)
            case Cumulate(axis):
                index = _only(value, pieces[axis])
                return Cumulated(index, self._read(operands[0], pieces, 0))
            case Window(_, channels):
                return self._window(value, pieces, channels)
        raise AssertionError(value.operation)

    def _contraction(self, value: Value, at: dict[str, Piece], labels: tuple[str, str]) -> Expression:
        """The products of the two operands, summed over the labels that the result does not have."""
        known: dict[str, list[Piece]] = {}
        for operand, names in zip(value.operands, labels, strict=True):
            for label, pieces, length in zip(names, self._axes.pieces(operand), operand.shape, strict=True):
                if label not in at and (length > 1 or label not in known):
                    known[label] = pieces
        taken = [term.index for piece in at.values() for term in piece.terms]
        terms: list[Expression] = []
        for pieces in product(*known.values()):
            summed = dict(zip(known, apart(pieces, taken), strict=True))
            indices = [term.index for piece in summed.values() for term in piece.terms]
            positions = at | summed
            factors = []
            for operand, names in zip(value.operands, labels, strict=True):
                where = _broadcast(operand, tuple(positions[label] for label in names))
                factors.append(self._read(operand, where, 0, indices))
            counted = prod(term.length for piece in summed.values() for term in piece.terms)
            terms.append(_summed(indices, simplified("mul", *_parameter_first(factors)), counted, self._axes.lengths))
        return self._convolution(terms) or _added(terms)

    def _reduction(self, value: Value, pieces: Pieces, function: str, axes: Sequence[int]) -> Expression:
        """The sum or mean of the operand over *axes*."""
        operand = value.operands[0]
        choices = self._axes.pieces(operand)
        taken = [term.index for piece in pieces for term in piece.terms]
        count = prod(operand.shape[axis] for axis in axes)
        terms: list[Expression] = []
        for chosen in product(*(choices[axis] for axis in axes)):
            over, kept = iter(apart(chosen, taken)), iter(pieces)
            whole = tuple(next(over) if axis in axes else next(kept) for axis in range(len(operand.shape)))
            indices = [term.index for axis in axes for term in whole[axis].terms]
            lengths = [term.length for axis in axes for term in whole[axis].terms]
            terms.append(_summed(indices, self._read(operand, whole, 0), prod(lengths), self._axes.lengths))
        if function == "sum":
            return self._convolution(terms) or _added(terms)
        if len(terms) == 1 and isinstance(terms[0], Sum) and len(terms[0].indices) == len(indices):
            return Apply("mean", (terms[0],))
        return simplified("mul", _added(terms), Number(1.0 / count))

    def _convolution(self, terms: list[Expression]) -> Expression | None:
        """*terms* as one causal convolution, if they are a tensor of each of the latest timesteps times its tap."""
        pairs: dict[int, tuple[Reference, Reference]] = {}
        for term in terms:
            match term:
                case Apply("mul", (Reference() as one, Reference() as other)):
                    tap, source = (one, other) if one.lag is None else (other, one)
                    if tap.lag is None and isinstance(source.lag, int):
                        pairs[source.lag] = (tap, source)
        taps = [pairs[lag][0] for lag in sorted(pairs)]
        sources = {(source.tensor, source.subscripts) for _, source in pairs.values()}
        known = {each.tensor: each for each in self._parameters.values()}
        cut = {(known[tap.tensor].value, tap.subscripts) for tap in taps}
        if sorted(pairs) != list(range(len(terms))) or len(terms) < 2 or len(sources) != 1 or len(cut) != 1:
            return None
        first = known[taps[0].tensor]
        index = f"taps.{len(self._extra)}"
        self._extra[index] = len(taps)
        array = np.stack([known[tap.tensor].array for tap in taps])
        tensor = f"p{len(self._parameters)}"
        joined = Parameter(tensor, (index, *first.indices), array, first.value, first.pieces)
        self._parameters[first.value, ((len(self._parameters),),)] = joined
        weight = Reference(tensor, (Subscript(index), *taps[0].subscripts), None)
        source = pairs[0][1]
        return Sum((index,), Apply("mul", (weight, Reference(source.tensor, source.subscripts, index))))

    def _window(self, value: Value, pieces: Pieces, channels: int) -> Expression:
        """The causal convolution of each channel over its taps."""
        source, weights = value.operands
        (taps,) = self._axes.pieces(weights)[1]
        if not taps.terms:  # one tap
            return simplified("mul", self._read(weights, (pieces[channels], taps), 0), self._read(source, pieces, 0))
        (taps,) = apart((taps,), _indices(pieces))
        index = _only(value, taps)
        return Sum(
            (index,),
            simplified("mul", self._read(weights, (pieces[channels], taps), 0, [index]), self._read(source, pieces, index)),
        )


def _viewed(value: Value, pieces: Pieces) -> tuple[Value, Pieces]:
    """What the view *value* shows at *pieces*, and where in that."""
    source = value.operands[0]
    match value.operation:
        case Permute(order):
            return source, tuple(pieces[order.index(axis)] for axis in range(len(order)))
        case Reshape():
            return source, unflattened(flattened(pieces, value.shape), source.shape)
        case Slice(axis, start):
            return source, _replaced(pieces, axis, pieces[axis].moved(start))
        case Concatenate(axis):
            return _operand_at(value, axis, pieces)
    return source, _broadcast(source, pieces)


def _indices(pieces: Pieces) -> list[str]:
    return [term.index for piece in pieces for term in piece.terms]


def _later(value: Value, lag: int | str, steps: int) -> int:
    if isinstance(lag, str):
        raise value.place.mistake("is a convolution over a value of an earlier timestep")
    return lag + steps


def _only(value: Value, piece: Piece) -> str:
    """The one index of *piece*, which is a whole axis."""
    if len(piece.terms) != 1 or piece.offset or piece.terms[0].stride != 1:
        raise value.place.mistake("goes along an axis that is split or cut")
    return piece.terms[0].index


def _replaced(pieces: Pieces, axis: int, piece: Piece) -> Pieces:
    return (*pieces[:axis], piece, *pieces[axis + 1 :])


def _broadcast(operand: Value, pieces: Pieces) -> Pieces:
    """*pieces* of a result, for an *operand* that may have fewer axes, or axes of length 1."""
    fitting = pieces[len(pieces) - len(operand.shape) :]
    return tuple(piece if length > 1 else Piece() for piece, length in zip(fitting, operand.shape, strict=True))


def _operand_at(value: Value, axis: int, pieces: Pieces) -> tuple[Value, Pieces]:
    """The operand of a concatenation in which *pieces* lie, and where there."""
    offset = pieces[axis].offset
    for operand in value.operands:
        if offset < operand.shape[axis]:
            return operand, _replaced(pieces, axis, Piece(offset, pieces[axis].terms))
        offset -= operand.shape[axis]
    raise AssertionError(offset)


def _cut(array: Array, pieces: Pieces) -> Array:
    """The elements of *array* at *pieces*, an axis for each index."""
    count = sum(len(piece.terms) for piece in pieces)
    places, before = [], 0
    for piece in pieces:
        place = np.full((1,) * count, piece.offset)
        for term in piece.terms:
            steps = np.arange(term.length) * term.stride
            place = place + steps.reshape((-1, *(1,) * (count - before - 1)))
            before += 1
        places.append(place)
    if not places:
        return array.reshape((1,) * count)
    shape = tuple(term.length for piece in pieces for term in piece.terms)
    return np.broadcast_to(array[tuple(places)], shape)


def evaluated_at(value: Value, pieces: Pieces) -> Array:
    """The numbers that *value*, which is static, has at *pieces* of a result it broadcasts to, an axis for each index."""
    if not is_static(value):
        raise value.place.mistake("chooses by what is computed, expected a mask that is the same for all inputs")
    array = evaluated(value)
    own = _broadcast(value, pieces)
    cut = _cut(array, own)
    kept = iter(cut.shape)
    lead = len(pieces) - len(own)
    shape = []
    for axis, piece in enumerate(pieces):
        there = axis >= lead and bool(own[axis - lead].terms)
        shape += [next(kept) if there else 1 for _ in piece.terms]
    return np.broadcast_to(cut.reshape(shape), [term.length for piece in pieces for term in piece.terms])


def _parameter_first(factors: list[Expression]) -> list[Expression]:
    """A product as the models write it: the parameter, if there is one, on the left."""
    right = factors[1]
    return factors[::-1] if isinstance(right, Reference) and right.lag is None else factors


def _added(terms: list[Expression]) -> Expression:
    found = terms[0]
    for term in terms[1:]:
        found = simplified("add", found, term)
    return found


def _summed(indices: list[str], body: Expression, count: int, lengths: dict[str, int]) -> Expression:
    """The sum of *body* over *indices*, which have *count* values together; those that it lacks multiply it."""
    if isinstance(body, Number):
        return Number(body.value * count)
    have = index_set(body)
    inside = tuple(index for index in indices if index in have)
    times = prod(lengths[index.rstrip("'")] for index in indices if index not in have)
    found = Sum(inside, body) if inside else body
    return simplified("mul", found, Number(float(times)))

