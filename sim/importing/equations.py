"""The equations of a program of one timestep: each tensor of it, piece by piece, in terms of index letters.

What is a tensor says fusing.py, what pieces its axes have axes.py, and reading.py what each is in terms of others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sim.importing.axes import Pieces, apart
from sim.importing.parameters import Parameter
from sim.importing.primitives import Program, Value
from sim.importing.reading import INPUT, Reading
from sim.importing.views import indices_of
from workloads.expression import Condition, Expression, Number, Reference, Subscript, Where, walk

MOST = 1000  # equations of a model
OUTPUT = "output"


@dataclass(frozen=True)
class Definition:
    """One equation: ``tensor[t, indices] = rhs``, which is ``value`` or a part of it."""

    tensor: str
    indices: tuple[str, ...]
    rhs: Expression
    value: Value


@dataclass
class System:
    """All equations of a program.

    ``readers``: parameter -> the equations that read it, in order. ``length`` gives the values of an index.
    ``names``: tensor -> what the source calls it.
    """

    definitions: list[Definition]
    parameters: dict[str, Parameter]
    readers: dict[str, list[Definition]]
    input: Reference
    output: str
    length: Callable[[str], int]
    names: dict[str, list[str]] = field(default_factory=dict)
    recurrent: set[Value] = field(default_factory=set)


def equations_of(program: Program) -> System:
    """The equations of *program*; raises InputError that names the place of what has none."""
    reading = Reading(program)
    output, joined = _output(program, reading)
    definitions = [joined] if joined else []
    while reading.wanted:
        tensor, value, pieces = reading.wanted.pop()
        definitions.append(Definition(tensor, tuple(indices_of(pieces)), reading.body(value, pieces), value))
        if len(definitions) > MOST:
            raise value.place.mistake(f"falls apart: the model is more than {MOST} equations")
    order = {tensor: (value.number, keys) for (value, keys), tensor in reading.tensors.items()}
    definitions.sort(key=lambda each: (each.tensor == OUTPUT, order.get(each.tensor, (0, ()))))
    readers: dict[str, list[Definition]] = {tensor: [] for tensor in reading.parameters.known}
    for each in definitions:
        for node in walk(each.rhs):
            if isinstance(node, Reference) and node.tensor in readers:
                readers[node.tensor].append(each)
    parameters = {tensor: each for tensor, each in reading.parameters.known.items() if readers[tensor]}
    names = _names(program, reading)
    return System(
        definitions, parameters, readers, reading.input, output, reading.length, names, reading.fusing.recurrent
    )


def _names(program: Program, reading: Reading) -> dict[str, list[str]]:
    """Tensor -> what the source calls it, or a view of it."""
    found: dict[str, list[str]] = {}
    there = set(program.values())
    for value, name in program.names:
        for pieces in reading.axes.combinations(value) if value in there else ():
            tensor = reading.source(value, pieces)
            if tensor is not None:
                found.setdefault(tensor, []).append(name)
    return found


def _output(program: Program, reading: Reading) -> tuple[str, Definition | None]:
    """The tensor that holds the output, and its equation if it is not one of the others as it stands."""
    value = program.output
    assert value is not None
    combinations = list(reading.axes.combinations(value))
    if len(combinations) == 1:
        found, indices = reading.read(value, combinations[0], 0), tuple(indices_of(combinations[0]))
        plain = isinstance(found, Reference) and found.plain and found.lag == 0 and found.tensor != INPUT
        if plain and isinstance(found, Reference) and found.indices == indices:
            return found.tensor, None
        return OUTPUT, Definition(OUTPUT, indices, found, value)
    whole, given = reading.all_of(value, OUTPUT), reading.input
    if set(given.indices) <= reading.whole.keys() and list(map(reading.length, whole.indices)) == list(
        map(reading.length, given.indices)
    ):
        whole = given  # along the same axes
    joined = _joined(value, (), whole.indices, reading)
    return OUTPUT, Definition(OUTPUT, whole.indices, joined, value)


def _joined(value: Value, chosen: Pieces, indices: Sequence[str], reading: Reading) -> Expression:
    """The parts of *value* that lie in the *chosen* pieces of its first axes, where they belong along *indices*."""
    if len(chosen) == len(value.shape):
        return _placed(value, apart(chosen, ()), indices, reading)
    *before, last = reading.axes.pieces(value)[len(chosen)]
    found = _joined(value, (*chosen, last), indices, reading)
    index = indices[sum(length > 1 for length in value.shape[: len(chosen)])] if before else ""
    end = last.offset
    for piece in reversed(before):
        found = Where(Condition(index, "<", end), _joined(value, (*chosen, piece), indices, reading), found)
        end = piece.offset
    return found


def _placed(value: Value, pieces: Pieces, indices: Sequence[str], reading: Reading) -> Expression:
    """One part of *value*, read along the whole axes that have *indices*."""
    found = reading.read(value, pieces, 0)
    along = [piece for piece, length in zip(pieces, value.shape, strict=True) if length > 1]
    split = any(len(piece.terms) > 1 or any(term.stride != 1 for term in piece.terms) for piece in along)
    if split or len(along) != len(indices):
        raise value.place.mistake("joins parts to the output that are split as well")
    if not isinstance(found, Reference):
        assert isinstance(found, Number)  # anything else that the output reads is a tensor
        return found
    moved = {
        piece.terms[0].index: (index, piece.offset) for piece, index in zip(along, indices, strict=True) if piece.terms
    }
    subscripts = []
    for each in found.subscripts:
        index, offset = moved.get(str(each.index), (None, 0))
        subscripts.append(each if index is None else Subscript(index, offset=each.offset - offset, shift=True))
    return Reference(found.tensor, tuple(subscripts), found.lag)
