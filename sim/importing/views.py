"""Where a view reads its operand: pieces of a result to pieces of what it is made from."""

from __future__ import annotations

import numpy as np

from sim.importing.axes import Piece, Pieces, flattened, unflattened
from sim.importing.building import evaluated, is_static
from sim.importing.primitives import Array, Concatenate, Permute, Reshape, Slice, Value


def viewed(value: Value, pieces: Pieces) -> tuple[Value, Pieces]:
    """What the view *value* shows at *pieces*, and where in that."""
    source = value.operands[0]
    match value.operation:
        case Permute(order):
            return source, tuple(pieces[order.index(axis)] for axis in range(len(order)))
        case Reshape():
            return source, unflattened(flattened(pieces, value.shape), source.shape)
        case Slice(axis, start):
            return source, replaced(pieces, axis, pieces[axis].moved(start))
        case Concatenate(axis):
            return _operand_at(value, axis, pieces)
    return source, broadcast_to(source, pieces)


def indices_of(pieces: Pieces) -> list[str]:
    """The indices of *pieces*, in order."""
    return [term.index for piece in pieces for term in piece.terms]


def only_index(value: Value, piece: Piece) -> str:
    """The one index of *piece*, which is a whole axis."""
    if len(piece.terms) != 1 or piece.offset or piece.terms[0].stride != 1:
        raise value.place.mistake("goes along an axis that is split or cut")
    return piece.terms[0].index


def replaced(pieces: Pieces, axis: int, piece: Piece) -> Pieces:
    """*pieces* with another one for *axis*."""
    return (*pieces[:axis], piece, *pieces[axis + 1 :])


def broadcast_to(operand: Value, pieces: Pieces) -> Pieces:
    """*pieces* of a result, for an *operand* that may have fewer axes, or axes of length 1."""
    fitting = pieces[len(pieces) - len(operand.shape) :]
    return tuple(piece if length > 1 else Piece() for piece, length in zip(fitting, operand.shape, strict=True))


def _operand_at(value: Value, axis: int, pieces: Pieces) -> tuple[Value, Pieces]:
    """The operand of a concatenation in which *pieces* lie, and where there."""
    offset = pieces[axis].offset
    for operand in value.operands:
        if offset < operand.shape[axis]:
            return operand, replaced(pieces, axis, Piece(offset, pieces[axis].terms))
        offset -= operand.shape[axis]
    raise AssertionError(offset)


def cut(array: Array, pieces: Pieces) -> Array:
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
    """The numbers of a static *value* at *pieces* of a result that it broadcasts to, an axis for each index."""
    if not is_static(value):
        raise value.place.mistake("chooses by what is computed, expected a mask that is the same for all inputs")
    array = evaluated(value)
    own = broadcast_to(value, pieces)
    found = cut(array, own)
    kept = iter(found.shape)
    lead = len(pieces) - len(own)
    shape = []
    for axis, piece in enumerate(pieces):
        there = axis >= lead and bool(own[axis - lead].terms)
        shape += [next(kept) if there else 1 for _ in piece.terms]
    return np.broadcast_to(found.reshape(shape), [term.length for piece in pieces for term in piece.terms])
