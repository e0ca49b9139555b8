"""Runs a timestep graph on numpy arrays, its operations in any order that is legal.

Every tensor is kept as *rows*, the first axis of its array: a row for each token if it has the graph's token axis, else
one for each timestep. So ``x`` is ``[tokens, ...]`` in every formulation of a model, and what one formulation leaves
behind is what another can go on from. Rows before the first are those of the initial state, zero unless given. A last
chunk that is not full is padded with zero inputs; what ``masked`` operations make of padding is zero, so that it
changes no state.

Arithmetic is float64 throughout: this proves that an order computes the right thing, it does not model rounding of
the precision that a workload runs in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workloads.evaluate import TIMESTEP, Array, Indices, Named, Ranges, along, evaluate, positions
from workloads.expression import Reference, Subscript, Sum, walk
from workloads.graph import Operation, TimestepGraph

DECAY_RATES = (-2.0, -0.1)


class IndexRange(NamedTuple):
    """The values ``first`` to ``last`` of the index ``axis``."""

    axis: str
    first: int
    last: int


class Turn(NamedTuple):
    """One operation at one timestep: all of its results, or those of a ``part`` of one index."""

    name: str
    timestep: int
    part: IndexRange | None = None


@dataclass(frozen=True)
class Execution:
    """What a run computed: ``values`` and ``state`` map tensor -> ``[rows, *indices without the token axis]``.

    ``state`` holds the last rows of every carried tensor, the oldest first: what a continuation starts from.
    """

    values: dict[str, Array]
    state: dict[str, Array]


def execute(
    graph: TimestepGraph,
    parameters: Mapping[str, Array],
    inputs: Array | Mapping[str, Array],
    order: Iterable[tuple[str, int] | Turn] | None = None,
    state: Mapping[str, Array] | None = None,
) -> Execution:
    """Every tensor that *graph* defines for *inputs* ``[tokens, *indices]``, going on from *state*.

    Where it has several inputs, *inputs* maps each of them, and what is held (``[*indices]``), to its values. What it
    makes once at the end has one row. *parameters* holds an array ``[*indices]`` for each parameter of the graph
    (others are ignored). *order* lists each operation and timestep once, whole or in parts; without it, timestep by
    timestep in the order of definition. *state* is that of an earlier execution, of this graph or of another
    formulation that carries the same tensors.

    Raises ValueError if a parameter, the state or *inputs* is missing or misshapen, or if *order* names something
    unknown, repeats itself, reads what is not computed yet, or is incomplete.
    """
    run = _Run(graph, parameters, inputs, state or {})
    for turn in definition_order(graph, run.timesteps) if order is None else order:
        run.perform(Turn(*turn))
    run.require_complete()
    return run.result()


def definition_order(graph: TimestepGraph, timesteps: int) -> Iterator[Turn]:
    """Timestep by timestep, each in the order in which the operations were defined."""
    operations = graph.operations
    for step in range(timesteps):
        last = step == timesteps - 1
        yield from (Turn(operation.name, step) for operation in operations if last or not operation.final)


def random_parameters(
    graph: TimestepGraph, seed: int, ranges: Mapping[str, Sequence[float]] | None = None
) -> dict[str, Array]:
    """Parameters drawn from *seed*, as tensor -> ``[*indices]``, with which activations keep a moderate size.

    Normal, divided by the root of the number of terms in the sum that reads them. Decay rates (``A``, ``A_...``) lie
    in DECAY_RATES, so that exp(dt * A) is below 1 for any positive dt. Drawn by name, so formulations of one model that
    have the same parameters get the same values. Those in *ranges* lie evenly between the least and the most there.
    """
    given = ranges or {}
    drawn: dict[str, Array] = {}
    for tensor, indices in sorted(graph.parameters.items()):
        random = np.random.default_rng([seed, *tensor.encode()])
        shape = _shape(graph, indices)
        if tensor in given or tensor.partition("_")[0] == "A":
            least, most = given.get(tensor, DECAY_RATES)
            drawn[tensor] = random.uniform(least, most, shape)
        else:
            drawn[tensor] = random.standard_normal(shape) / sqrt(_terms(graph, tensor))
    return drawn


def _shape(graph: TimestepGraph, indices: Iterable[str]) -> tuple[int, ...]:
    return tuple(graph.sizes[index] for index in indices)


def _row_shape(graph: TimestepGraph, tensor: str) -> tuple[int, ...]:
    return _shape(graph, (index for index in graph.indices[tensor] if index != graph.token_index))


def _terms(graph: TimestepGraph, parameter: str) -> int:
    """Points of the largest sum that reads *parameter*; 1 if none does."""
    sums = (node for op in graph.operations for node in walk(op.equation.rhs) if isinstance(node, Sum))
    reads = (node for node in sums if any(isinstance(r, Reference) and r.tensor == parameter for r in walk(node.body)))
    return max((prod(_shape(graph, node.indices)) for node in reads), default=1)


class _Rows:
    """The rows of one tensor: ``past`` of the state, then those of the run; and which of their elements are there."""

    def __init__(self, past: Array, rows: int) -> None:
        self.past = len(past)
        self.values = np.concatenate([past, np.zeros((rows, *past.shape[1:]))])
        self.computed = np.ones(self.values.shape, dtype=bool)
        self.computed[self.past :] = False


class _Run:
    """One execution: the tensors so far."""

    def __init__(
        self,
        graph: TimestepGraph,
        parameters: Mapping[str, Array],
        inputs: Array | Mapping[str, Array],
        state: Mapping[str, Array],
    ) -> None:
        self._graph = graph
        self._operations = {operation.name: operation for operation in graph.operations}
        self._ranges: dict[str, Indices] = {index: np.arange(size) for index, size in graph.sizes.items()}
        given = inputs if isinstance(inputs, Mapping) else {graph.input_tensor: inputs}
        self._fixed = _constants_and_parameters(graph, parameters) | _held(graph, given)
        rows = {tensor: _given_rows(graph, tensor, given) for tensor in graph.inputs}
        self.tokens = len(rows[graph.input_tensor])
        self.timesteps = -(-self.tokens // (graph.tokens if graph.token_index else 1))
        tensors = (*graph.inputs, *(operation.tensor for operation in graph.operations))
        self._rows = {tensor: _Rows(self._past(tensor, state), self._length(tensor)) for tensor in tensors}
        for tensor, values in rows.items():
            own = self._rows[tensor]
            if len(values) != self.tokens:
                raise ValueError(f"the inputs {tensor!r} have {len(values)} rows, expected {self.tokens}")
            own.values[own.past : own.past + self.tokens] = values
            own.computed[:] = True

    def _past(self, tensor: str, state: Mapping[str, Array]) -> Array:
        """The rows of *tensor* before the first: of *state*, or what they begin with."""
        shape = (self._graph.carried.get(tensor, 0), *_row_shape(self._graph, tensor))
        if tensor not in state or not shape[0]:
            return np.full(shape, self._graph.initial.get(tensor, 0.0))
        if np.shape(state[tensor]) != shape:
            raise ValueError(f"the state {tensor!r} must be {shape}, not {np.shape(state[tensor])}")
        return np.asarray(state[tensor], dtype=np.float64)

    def _length(self, tensor: str) -> int:
        """Rows of *tensor* in this run, those of padding included."""
        if tensor in self._graph.final:
            return 1
        return self.timesteps * (self._graph.tokens if self._graph.has_token_axis(tensor) else 1)

    def perform(self, turn: Turn) -> None:
        """Evaluate one operation at one timestep; raises ValueError unless it can be its turn."""
        operation, step = self._operations.get(turn.name), turn.timestep
        if operation is None or not 0 <= step < self.timesteps:
            raise ValueError(f"there is no operation {turn.name!r} at timestep {step} of {self.timesteps}")
        if operation.final and step != self.timesteps - 1:
            raise ValueError(f"{turn.name!r} is done once, at timestep {self.timesteps - 1}, not at {step}")
        ranges = {**self._ranges, TIMESTEP: np.array([step])}
        if turn.part is not None:
            ranges = {**ranges, turn.part.axis: np.arange(turn.part.first, turn.part.last + 1)}
        indices = operation.equation.indices
        place = self._place(operation.tensor, tuple(map(Subscript, indices)), 0, step, ranges, indices)
        rows = self._rows[operation.tensor]
        if rows.computed[place].any():
            raise ValueError(f"the order has {turn.name!r} at timestep {step} twice")
        read = partial(self._read, operation, step, ranges)
        with np.errstate(over="ignore", invalid="ignore"):  # where a condition does not hold, anything may come out
            result = evaluate(operation.equation.rhs, ranges, read)
        rows.values[place] = result.spread(indices)
        rows.computed[place] = True
        if operation.masked:
            rows.values[rows.past + self.tokens :] = 0.0

    def require_complete(self) -> None:
        """Raise ValueError if an operation was left out."""
        for operation in self._graph.operations:
            computed = self._rows[operation.tensor].computed
            if not computed.all():
                missing = int(np.argmin(computed.reshape(len(computed), -1).all(axis=1)))
                step = self._timestep(operation.tensor, missing)
                raise ValueError(f"the order leaves out {operation.name!r} at timestep {step}")

    def result(self) -> Execution:
        """The rows of all tensors, without padding, and what a continuation needs."""
        values, state = {}, {}
        for tensor, rows in self._rows.items():
            length = self.tokens if self._graph.has_token_axis(tensor) else self.timesteps
            length = 1 if tensor in self._graph.final else length
            values[tensor] = rows.values[rows.past : rows.past + length]
            if rows.past:
                state[tensor] = rows.values[length : length + rows.past]
        return Execution(values, state)

    def _read(self, operation: Operation, step: int, ranges: Ranges, reference: Reference) -> Named:
        """The values that *reference* names: zero outside of an axis; a window's axis comes first."""
        tensor, lag = reference.tensor, reference.lag
        axes = tuple(dict.fromkeys(((lag,) if isinstance(lag, str) else ()) + reference.indices))
        if tensor in self._graph.held:
            reference, lag = replace(reference, lag=None), None
        whole = self._block(reference, step, ranges)
        if whole is not None:
            return Named(whole, axes)
        if lag is None:
            place, inside = _inside(positions(reference.subscripts, ranges, axes), self._fixed[tensor].shape)
            return Named(np.where(inside, self._fixed[tensor][place], 0.0), axes)
        rows = self._rows[tensor]
        back = along(ranges[lag], lag, axes) if isinstance(lag, str) else lag
        place = self._place(tensor, reference.subscripts, back, step, ranges, axes)
        place, inside = _inside(place, rows.values.shape)
        known = rows.computed[place] | ~inside
        if not known.all():
            latest = int(np.broadcast_to(place[0], known.shape)[~known].max())
            raise ValueError(
                f"{operation.name!r} at timestep {step} reads {tensor!r} of timestep {self._timestep(tensor, latest)}, "
                "which is not computed yet"
            )
        values = np.where(inside, rows.values[place], 0.0)
        return Named(np.broadcast_to(values, [len(ranges[axis]) for axis in axes]), axes)

    def _block(self, reference: Reference, step: int, ranges: Ranges) -> Array | None:
        """What *reference* names, without a copy, if that is a block of the tensor and has been computed."""
        tensor, lag = reference.tensor, reference.lag
        distinct = len(set(reference.indices)) == len(reference.subscripts)
        if isinstance(lag, str) or not reference.plain or not distinct:
            return None
        block = [slice(int(ranges[index][0]), int(ranges[index][-1]) + 1) for index in reference.indices]
        if lag is None:
            return self._fixed[tensor][tuple(block)]
        rows, graph = self._rows[tensor], self._graph
        step = self._own_step(tensor, step)
        first = rows.past + step * graph.tokens - lag
        if not graph.has_token_axis(tensor):
            place: tuple[int | slice, ...] = (rows.past + step - lag, *block)
            return rows.values[place] if rows.computed[place].all() else None
        axis = graph.indices[tensor].index(str(graph.token_index))
        token = block.pop(axis)
        place = (slice(first + token.start, first + token.stop), *block)
        return np.moveaxis(rows.values[place], 0, axis) if rows.computed[place].all() else None

    def _place(
        self,
        tensor: str,
        subscripts: tuple[Subscript, ...],
        lag: Indices | int,
        step: int,
        ranges: Ranges,
        axes: tuple[str, ...],
    ) -> tuple[Indices, ...]:
        """Rows and positions of what a reference with *lag* reads of *tensor* at timestep *step*; -1 if outside.

        They are arrays that broadcast over *axes*.
        """
        graph, where = self._graph, positions(subscripts, ranges, axes)
        past, step = self._rows[tensor].past, self._own_step(tensor, step)
        if not graph.has_token_axis(tensor):
            return (np.full((1,) * len(axes), past + step, dtype=np.int64) - lag, *where)
        axis = graph.indices[tensor].index(str(graph.token_index))
        token = where[axis]
        row = past + step * graph.tokens + token - lag
        row = np.where((token >= 0) & (token < graph.tokens), row, -1)
        return (row, *where[:axis], *where[axis + 1 :])

    def _own_step(self, tensor: str, step: int) -> int:
        """Where *tensor* has what it is at timestep *step*: what is made once at the end has one place."""
        return 0 if tensor in self._graph.final else step

    def _timestep(self, tensor: str, row: int) -> int:
        """The timestep to which that *row* of *tensor*, counted from the first of the state, belongs."""
        return (row - self._rows[tensor].past) * self.timesteps // self._length(tensor)


def _constants_and_parameters(graph: TimestepGraph, parameters: Mapping[str, Array]) -> dict[str, Array]:
    """What is the same at every timestep; raises ValueError for a parameter that is missing or misshapen."""
    fixed = {tensor: np.asarray(values) for tensor, values in graph.constants.items()}
    for tensor, indices in graph.parameters.items():
        if tensor not in parameters:
            raise ValueError(f"the parameter {tensor!r} is missing")
        shape = _shape(graph, indices)
        if np.shape(parameters[tensor]) != shape:
            raise ValueError(f"{tensor}[{','.join(indices)}] must be {shape}, not {np.shape(parameters[tensor])}")
        fixed[tensor] = np.asarray(parameters[tensor], dtype=np.float64)
    return fixed


def _held(graph: TimestepGraph, given: Mapping[str, Array]) -> dict[str, Array]:
    """What is held over the run; raises ValueError where it is missing or misshapen."""
    for tensor in graph.held:
        shape = _shape(graph, graph.indices[tensor])
        if np.shape(given.get(tensor, ())) != shape:
            raise ValueError(f"{tensor!r}, which is held, must be {shape}, not {np.shape(given.get(tensor, ()))}")
    return {tensor: np.asarray(given[tensor], dtype=np.float64) for tensor in graph.held}


def _given_rows(graph: TimestepGraph, tensor: str, given: Mapping[str, Array]) -> Array:
    """The rows of the input *tensor*; raises ValueError where they are missing or misshapen."""
    rows, shape = given.get(tensor, np.array(0.0)), _row_shape(graph, tensor)
    if np.ndim(rows) == 0 or np.shape(rows)[1:] != shape:
        expected = ", ".join(map(str, ("tokens", *shape)))
        raise ValueError(f"the inputs {tensor!r} must be ({expected}), not {np.shape(rows)}")
    return np.asarray(rows, dtype=np.float64)


def _inside(place: tuple[Indices, ...], shape: tuple[int, ...]) -> tuple[tuple[Indices, ...], NDArray[np.bool_]]:
    """*place* moved into an array of *shape*, and where it was inside."""
    inside = np.asarray(True)
    for each, size in zip(place, shape, strict=True):
        inside = inside & (each >= 0) & (each < size)
    return tuple(np.clip(each, 0, size - 1) for each, size in zip(place, shape, strict=True)), inside
