"""The equations of a program of one timestep: each tensor of it, piece by piece, in terms of index letters.

What is a tensor says fusing.py, what pieces its axes have axes.py, and reading.py what each is in terms of others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sim.importing.axes import Piece, Pieces, apart, extent, flattened
from sim.importing.parameters import Parameter
from sim.importing.primitives import Program, Static, Value
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
    """Tensor or parameter -> what the source calls it, or a view of it."""
    found: dict[str, list[str]] = {}
    there = set(program.values())
    for value, name in program.names:
        for pieces in reading.axes.combinations(value) if value in there else ():
            tensor = reading.source(value, pieces)
            if tensor is not None:
                found.setdefault(tensor, []).append(name)
        if isinstance(value.operation, Static):
            cut_from_it = [each for each in reading.parameters.known.values() if each.value is value]
            for parameter in cut_from_it:
                found.setdefault(parameter.tensor, []).append(name)
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
    if list(map(reading.length, whole.indices)) == list(map(reading.length, given.indices)):
        whole = given  # along the same axes
    factors = [pieces for each in reading.axes.factors(value) for pieces in each]
    joined = _joined(value, (), factors, whole.indices, reading)
    return OUTPUT, Definition(OUTPUT, whole.indices, joined, value)


def _joined(
    value: Value, chosen: Pieces, factors: Sequence[Sequence[Piece]], indices: Sequence[str], reading: Reading
) -> Expression:
    """The parts of *value* that lie in the *chosen* pieces of its first factors, where they belong along *indices*."""
    if len(chosen) == len(factors):
        return _placed(value, apart(chosen, ()), indices, reading)
    *before, last = factors[len(chosen)]
    found, end = _joined(value, (*chosen, last), factors, indices, reading), last.offset
    for piece in reversed(before):
        condition = Condition(indices[len(chosen)], "<", end)
        found = Where(condition, _joined(value, (*chosen, piece), factors, indices, reading), found)
        end = piece.offset
    return found


def _placed(value: Value, factors: Pieces, indices: Sequence[str], reading: Reading) -> Expression:
    """One part of *value*, in these pieces of its *factors*, read along the whole factors that have *indices*."""
    rest, pieces = list(factors), []
    for axis in reading.axes.factors(value):
        own, rest = tuple(rest[: len(axis)]), rest[len(axis) :]
        pieces.append(flattened(own, list(map(extent, axis))))
    found = reading.read(value, tuple(pieces), 0)
    if not isinstance(found, Reference):
        assert isinstance(found, Number)  # anything else that the output reads is a tensor
        return found
    moved: dict[str | None, tuple[str | None, int, bool]] = {}
    for piece, index in zip(reading.by_factor(value, tuple(pieces)), indices, strict=True):
        moved |= {term.index: (index, piece.offset, index in reading.whole) for term in piece.terms}
    subscripts = []
    for each in found.subscripts:
        along, offset, cut = moved.get(each.index, (each.index, 0, False))
        subscripts.append(Subscript(along, offset=each.offset - offset, shift=cut or each.shift))
    return Reference(found.tensor, tuple(subscripts), found.lag)
