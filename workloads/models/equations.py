"""Models written as equations in YAML: the graphs that their description (equations_spec.py) means.

The equations are those of one token (workloads/notation.py). A chunked form is written as what takes the place of the
recurrence: all other operations are alike for each token of a chunk, so the token axis is put into them here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from workloads import formula
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.equations_spec import ChunkedSpec, EquationsSpec
from workloads.models.generator import Generator

INLINE = "equations"
"""What a model is called whose equations stand in the workload itself."""
CHUNKED = "chunked"
Place = tuple[str | int, ...]


class EquationError(ValueError):
    """A mistake in a model's equations; ``place`` leads to it from the description's keys on."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


def generator(spec: EquationsSpec, name: str = INLINE) -> Generator:
    """The model that *spec* describes, called *name*."""
    chunked, sequential = spec.chunked, partial(sequential_graph, name=name)
    if chunked is None:
        return Generator(EquationsSpec, sequential, {}, lambda m: 1)
    in_chunks = {CHUNKED: partial(chunked_graph, name=name)}
    return Generator(EquationsSpec, sequential, in_chunks, lambda m: chunked.tokens, chunked.longest)


def sequential_graph(spec: EquationsSpec, name: str = INLINE) -> TimestepGraph:
    """The graph of one token, called *name*; raises EquationError."""
    _check_used(spec)
    entries = ((("operations", place), entry, False) for place, entry in enumerate(spec.operations))
    return _graph(spec, name, lengths(spec.sizes), None, entries)


def chunked_graph(spec: EquationsSpec, tokens: int, name: str = INLINE) -> TimestepGraph:
    """The graph of a chunk of so many *tokens*; raises EquationError, and ValueError for too long a chunk."""
    chunked = spec.chunked
    assert chunked is not None
    if tokens > chunked.longest:
        raise ValueError(f"a chunk of {tokens} tokens: these equations hold for {chunked.longest} at most")
    sizes = lengths(spec.sizes)
    for index in (chunked.axis, *chunked.indices):
        if index in sizes:
            place = "axis" if index == chunked.axis else "indices"
            raise EquationError((CHUNKED, place), f"{index} is the index of another axis: use a letter that is free")
    _check_replaced(spec, chunked)
    sizes |= dict.fromkeys((chunked.axis, *chunked.indices), tokens)
    entries = _entries_of_chunk(spec, chunked)
    return _graph(spec, name, sizes, chunked.axis, entries)


def lengths(sizes: Mapping[str, int | str]) -> dict[str, int]:
    """The length of each axis, formulas worked out; raises EquationError."""
    if "t" in sizes:
        raise EquationError(("sizes", "t"), "t is the timestep: use another letter for an axis")
    found = {index: size for index, size in sizes.items() if isinstance(size, int)}
    texts = {index: size for index, size in sizes.items() if isinstance(size, str)}
    while texts:
        ready = [index for index, text in texts.items() if formula.names_in(text) <= found.keys()]
        if not ready:
            index, text = next(iter(texts.items()))
            unknown = sorted(formula.names_in(text) - found.keys())
            what = "is not given" if unknown[0] not in texts else "depends on it in turn"
            raise EquationError(("sizes", index), f"found {text!r}, but {unknown[0]} {what}")
        for index in ready:
            try:
                found[index] = formula.whole(texts.pop(index), found)
            except ValueError as error:
                raise EquationError(("sizes", index), str(error)) from None
    return {index: found[index] for index in sizes}


def _graph(
    spec: EquationsSpec,
    model: str,
    sizes: Mapping[str, int],
    axis: str | None,
    entries: Iterable[tuple[Place, Sequence[str], bool]],
) -> TimestepGraph:
    builder = _given(spec, model, sizes, axis)
    for tensor, constant in spec.constants.items():
        try:
            index, values = _values(constant, sizes)
            builder.constant(tensor, index, values)
        except ValueError as error:
            raise EquationError(("constants", tensor), str(error)) from None
    places: dict[str, Place] = {}
    for place, (name, kind, text), masked in entries:
        try:
            builder.define(name, kind, text, masked=masked)
        except ValueError as error:
            raise EquationError(place, _named(name, str(error))) from None
        places[name] = place
    try:
        graph = builder.build(spec.output)
    except ValueError as error:
        name = str(error).partition(": ")[0]
        raise EquationError(places.get(name, ("output",)), str(error).removeprefix(f"{model}: ")) from None
    _check_whole(spec, graph)
    return graph


def _given(spec: EquationsSpec, model: str, sizes: Mapping[str, int], axis: str | None) -> GraphBuilder:
    """A builder that has what is given for every token; raises EquationError."""
    with _reference_at(("input",), spec.input):
        builder = GraphBuilder(model, sizes, _lifted(spec.input, axis), tokens=axis)
    for number, text in enumerate(spec.more_inputs):
        with _reference_at(("more_inputs", number), text):
            builder.input(_lifted(text, axis))
    return builder


@contextmanager
def _reference_at(place: Place, text: str) -> Iterator[None]:
    """What is wrong with the reference *text*, said at its *place*."""
    try:
        yield
    except ValueError as error:
        raise EquationError(place, f"found {text!r}, expected a tensor such as u[t,d]: {error}") from None


def _check_whole(spec: EquationsSpec, graph: TimestepGraph) -> None:
    """Raise EquationError for ranges of what is no parameter, and an output that no further layer can read."""
    for tensor, (least, most) in spec.ranges.items():
        if tensor not in graph.parameters:
            raise EquationError(("ranges", tensor), f"there is no parameter {tensor!r}")
        if not least <= most:
            raise EquationError(("ranges", tensor), f"found {least:g} to {most:g}, expected the least first")
    read = {edge.tensor for edge in graph.edges}
    for number, tensor in enumerate(graph.more_inputs):
        if tensor not in read:
            raise EquationError(("more_inputs", number), f"nothing reads {tensor!r}")
    given, handed = (graph.row_elements(tensor) for tensor in (graph.input_tensor, graph.output_tensor))
    if given != handed:
        message = f"{spec.output!r} has {handed} elements a token, the input {given}, and layers follow one another"
        raise EquationError(("output",), f"{message}: project it back")


def _check_used(spec: EquationsSpec) -> None:
    """Raise EquationError for a size that nothing asks for, which is most likely misspelt."""
    chunk = spec.chunked.operations if spec.chunked else []
    texts = [spec.input, *spec.more_inputs, *(entry[2] for entry in (*spec.operations, *chunk))]
    texts += [part for constant in spec.constants.values() for part in constant if isinstance(part, str)]
    texts += [size for size in spec.sizes.values() if isinstance(size, str)]
    used = {word for text in texts for word in re.findall(r"\w+", text)}
    for index in spec.sizes:
        if index not in used:
            raise EquationError(("sizes", index), f"nothing has the index {index}")


def _named(name: str, message: str) -> str:
    """*message* with the *name* of the operation before it."""
    return message if message.startswith(f"{name}: ") else f"{name}: {message}"


def _values(constant: Sequence[str | list[float]], sizes: Mapping[str, int]) -> tuple[str, list[float]]:
    """The index and the values of a constant."""
    index, values = constant
    if not isinstance(index, str):
        raise ValueError(f"found {index!r}, expected an index and its values: [h, [1, 2]]")
    if isinstance(values, list):
        return index, values
    if index not in sizes:
        raise ValueError(f"no size is given for {index}")
    return index, [float(formula.value_of(values, {**sizes, index: position})) for position in range(sizes[index])]


def _check_replaced(spec: EquationsSpec, chunked: ChunkedSpec) -> None:
    """Raise EquationError unless what is replaced and masked is there, and every recurrence is replaced."""
    names = {entry[0] for entry in spec.operations}
    for position, name in enumerate(chunked.replaces):
        if name not in names:
            raise EquationError((CHUNKED, "replaces", position), f"there is no operation {name!r}")
    names = names - set(chunked.replaces) | {entry[0] for entry in chunked.operations}
    for position, name in enumerate(chunked.masked):
        if name not in names:
            raise EquationError((CHUNKED, "masked", position), f"there is no operation {name!r}")
    recurrent = frozenset().union(*sequential_graph(spec).recurrences)
    left = [entry[0] for entry in spec.operations if entry[0] in recurrent and entry[0] not in chunked.replaces]
    if left:
        message = f"{left[0]!r} is part of a recurrence, which goes token by token: it has to be replaced too"
        raise EquationError((CHUNKED, "replaces"), message)


def _entries_of_chunk(spec: EquationsSpec, chunked: ChunkedSpec) -> Iterator[tuple[Place, Sequence[str], bool]]:
    """Place, name, kind, equation, and whether it is masked, of every operation of a chunk."""
    own = [((CHUNKED, "operations", place), entry) for place, entry in enumerate(chunked.operations)]
    for position, (name, kind, text) in enumerate(spec.operations):
        if name not in chunked.replaces:
            yield ("operations", position), (name, kind, _lifted(text, chunked.axis)), name in chunked.masked
            continue
        yield from ((place, entry, entry[0] in chunked.masked) for place, entry in own)
        own = []


def _lifted(text: str, axis: str | None) -> str:
    """*text* for each token of a chunk, if there are chunks: lags count tokens then.

    >>> _lifted("y[t,i] = W[i] * x[t-1,i] + b[t]", "q")
    'y[t,q,i] = W[i] * x[t-1,q,i] + b[t,q]'
    """
    if axis is None:
        return text
    return re.sub(r"\[\s*(t(?:\s*-\s*\w+)?)\s*(?=[,\]])", rf"[\1,{axis}", text)
