"""Runs a timestep graph on numpy arrays: the executable meaning of its equations, in any order that is legal.

One array ``[steps, *indices]`` holds each tensor. An equation is evaluated over named axes: operands are broadcast to
their joint index space as in the papers' notation, and ``sum(i, a * b)`` is one ``einsum``. A tensor read ``k``
timesteps back is zero before the first timestep: states, convolution windows and angles start from nothing.

Arithmetic is float64 throughout: this proves that an order computes the right thing, it does not model rounding of
the precision that a workload runs in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod, sqrt
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray

from workloads.expression import Apply, Expression, Number, Reference, Sum, walk
from workloads.graph import Operation, TimestepGraph

Array = NDArray[np.float64]


def _sigmoid(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * x)  # as 1 / (1 + exp(-x)), without its overflow


MEANING: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "exp": np.exp,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "sigmoid": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: np.logaddexp(0.0, x),
}


def execute(
    graph: TimestepGraph,
    parameters: Mapping[str, Array],
    inputs: Array,
    order: Iterable[tuple[str, int]] | None = None,
) -> dict[str, Array]:
    """Every tensor that *graph* defines, as tensor -> ``[steps, *indices]``, and its input.

    *parameters* holds an array ``[*indices]`` for each parameter of the graph (others are ignored); *inputs* is
    ``[steps, *indices]`` of the input tensor. *order* lists each (operation name, timestep) once; without it, timestep
    by timestep in the order of definition.

    Raises ValueError if a parameter is missing or misshapen, if *inputs* is misshapen, or if *order* names something
    unknown, repeats itself, reads what is not computed yet, or is incomplete.
    """
    run = _Run(graph, parameters, inputs)
    for name, step in definition_order(graph, run.steps) if order is None else order:
        run.perform(name, step)
    run.require_complete()
    return run.values


def definition_order(graph: TimestepGraph, steps: int) -> Iterator[tuple[str, int]]:
    """Timestep by timestep, each in the order in which the operations were defined."""
    return ((operation.name, step) for step in range(steps) for operation in graph.operations)


def random_parameters(graph: TimestepGraph, seed: int) -> dict[str, Array]:
    """Parameters drawn from *seed*, as tensor -> ``[*indices]``, with which activations keep a moderate size.

    Normal, divided by the root of the number of terms in the sum that reads them. Decay rates (``A``, ``A_...``) lie
    in (-2, -0.1), so that exp(dt * A) is below 1 for any positive dt.
    """
    random = np.random.default_rng(seed)
    drawn: dict[str, Array] = {}
    for tensor, indices in graph.parameters.items():
        shape = _shape(graph, indices)
        if tensor.partition("_")[0] == "A":
            drawn[tensor] = random.uniform(-2.0, -0.1, shape)
        else:
            drawn[tensor] = random.standard_normal(shape) / sqrt(_terms(graph, tensor))
    return drawn


def _shape(graph: TimestepGraph, indices: Iterable[str]) -> tuple[int, ...]:
    return tuple(graph.sizes[index] for index in indices)


def _terms(graph: TimestepGraph, parameter: str) -> int:
    """Points of the largest sum that reads *parameter*; 1 if none does."""
    sums = (node for op in graph.operations for node in walk(op.equation.rhs) if isinstance(node, Sum))
    reads = (node for node in sums if any(isinstance(r, Reference) and r.tensor == parameter for r in walk(node.body)))
    return max((prod(_shape(graph, node.indices)) for node in reads), default=1)


# -------------------------------------------------------------------------------------------------------- evaluating


@dataclass(frozen=True)
class _Named:
    """An array and the indices that name its axes."""

    values: Array
    axes: tuple[str, ...]

    def spread(self, axes: tuple[str, ...]) -> Array:
        """The array over *axes*, in their order, with length 1 along those that it lacks."""
        present = sorted(self.axes, key=axes.index)
        ordered = self.values.transpose([self.axes.index(axis) for axis in present])
        return ordered.reshape([self.values.shape[self.axes.index(a)] if a in self.axes else 1 for a in axes])


def _einsum(factors: tuple[_Named, ...], axes: tuple[str, ...]) -> _Named:
    """Product of *factors*, summed over the axes that are not in *axes*; a repeated axis is a diagonal."""
    letters = dict(zip(dict.fromkeys(axis for factor in factors for axis in factor.axes), ascii_letters, strict=False))
    operands = ",".join("".join(letters[axis] for axis in factor.axes) for factor in factors)
    result = "".join(letters[axis] for axis in axes)
    return _Named(np.einsum(f"{operands}->{result}", *(factor.values for factor in factors)), axes)


def _joint(operands: tuple[_Named, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(axis for operand in operands for axis in operand.axes))


class _Run:
    """The tensors of one execution: ``values`` [steps, *indices] and which of their timesteps are computed."""

    def __init__(self, graph: TimestepGraph, parameters: Mapping[str, Array], inputs: Array) -> None:
        self._graph = graph
        self._operations = {operation.name: operation for operation in graph.operations}
        self._fixed = {tensor: np.asarray(values) for tensor, values in graph.constants.items()}
        for tensor, indices in graph.parameters.items():
            if tensor not in parameters:
                raise ValueError(f"the parameter {tensor!r} is missing")
            shape = _shape(graph, indices)
            if np.shape(parameters[tensor]) != shape:
                raise ValueError(f"{tensor}[{','.join(indices)}] must be {shape}, not {np.shape(parameters[tensor])}")
            self._fixed[tensor] = np.asarray(parameters[tensor], dtype=np.float64)
        shape = _shape(graph, graph.indices[graph.input_tensor])
        if np.ndim(inputs) == 0 or np.shape(inputs)[1:] != shape:
            expected = ", ".join(map(str, ("steps", *shape)))
            raise ValueError(f"the inputs {graph.input_tensor!r} must be ({expected}), not {np.shape(inputs)}")
        self.steps = len(inputs)
        self.values = {graph.input_tensor: np.asarray(inputs, dtype=np.float64)}
        self._computed = {graph.input_tensor: np.ones(self.steps, dtype=bool)}
        for operation in graph.operations:
            self.values[operation.tensor] = np.zeros((self.steps, *_shape(graph, operation.equation.indices)))
            self._computed[operation.tensor] = np.zeros(self.steps, dtype=bool)

    def perform(self, name: str, step: int) -> None:
        """Evaluate the operation *name* at timestep *step*; raises ValueError unless it can be its turn."""
        operation = self._operations.get(name)
        if operation is None or not 0 <= step < self.steps:
            raise ValueError(f"there is no operation {name!r} at timestep {step} of {self.steps}")
        if self._computed[operation.tensor][step]:
            raise ValueError(f"the order has {name!r} at timestep {step} twice")
        result = self._evaluate(operation.equation.rhs, operation, step)
        self.values[operation.tensor][step] = result.spread(operation.equation.indices)
        self._computed[operation.tensor][step] = True

    def require_complete(self) -> None:
        """Raise ValueError if an operation was left out."""
        for operation in self._graph.operations:
            if not self._computed[operation.tensor].all():
                step = int(np.argmin(self._computed[operation.tensor]))
                raise ValueError(f"the order leaves out {operation.name!r} at timestep {step}")

    def _evaluate(self, node: Expression, operation: Operation, step: int) -> _Named:
        match node:
            case Number(value):
                return _Named(np.asarray(value), ())
            case Reference():
                return self._read(node, operation, step)
            case Sum(indices, Apply("mul", arguments)):
                factors = tuple(self._evaluate(argument, operation, step) for argument in arguments)
                return _einsum(factors, tuple(axis for axis in _joint(factors) if axis not in indices))
            case Sum(indices, body):
                term = self._evaluate(body, operation, step)
                return _einsum((term,), tuple(axis for axis in term.axes if axis not in indices))
            case Apply(function, arguments):
                operands = tuple(self._evaluate(argument, operation, step) for argument in arguments)
                axes = _joint(operands)
                return _Named(MEANING[function](*(operand.spread(axes) for operand in operands)), axes)

    def _read(self, reference: Reference, operation: Operation, step: int) -> _Named:
        """The values that *reference* names, its window first if its lag is an index."""
        if reference.lag is None:
            values, axes = self._fixed[reference.tensor], reference.indices
        elif isinstance(reference.lag, int):
            values, axes = self._at(reference.tensor, step - reference.lag, operation, step), reference.indices
        else:
            window = range(step, step - self._graph.sizes[reference.lag], -1)
            values = np.stack([self._at(reference.tensor, past, operation, step) for past in window])
            axes = (reference.lag, *reference.indices)
        offset = len(axes) - len(reference.indices)
        values = np.flip(values, tuple(axis + offset for axis in sorted(reference.mirrored)))
        return _einsum((_Named(values, axes),), tuple(dict.fromkeys(axes)))

    def _at(self, tensor: str, past: int, operation: Operation, step: int) -> Array:
        """*tensor* of timestep *past*: zeros before the first; raises ValueError if it is not computed yet."""
        if past < 0:
            return np.zeros_like(self.values[tensor][0])
        if not self._computed[tensor][past]:
            raise ValueError(
                f"{operation.name!r} at timestep {step} reads {tensor!r} of timestep {past}, which is not computed yet"
            )
        values: Array = self.values[tensor][past]
        return values
