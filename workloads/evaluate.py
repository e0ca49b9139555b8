"""What an expression means: its values as a numpy array over named axes.

Every index of an equation names an axis. Operands are broadcast to their joint index space as in the papers' notation,
and ``sum(i, a * b)`` is one ``einsum``. Where the values of a tensor come from is the caller's to say (execute.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray

from workloads.expression import (
    Apply,
    Condition,
    Cumulate,
    Expression,
    Most,
    Number,
    Place,
    Reference,
    Subscript,
    Sum,
    Where,
)

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Ranges = Mapping[str, Indices]  # the values of each index that are looked at; TIMESTEP's is one number
TIMESTEP = "t"


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
    "log": np.log,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "sigmoid": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: np.logaddexp(0.0, x),
}


COMPARISONS: dict[str, Callable[..., Array]] = {"<": np.less, "<=": np.less_equal, "==": np.equal}


@dataclass(frozen=True)
class Named:
    """An array and the indices that name its axes."""

    values: Array
    axes: tuple[str, ...]

    def spread(self, axes: tuple[str, ...]) -> Array:
        """The array over *axes*, in their order, with length 1 along those that it lacks."""
        present = sorted(self.axes, key=axes.index)
        ordered = self.values.transpose([self.axes.index(axis) for axis in present])
        return ordered.reshape([self.values.shape[self.axes.index(a)] if a in self.axes else 1 for a in axes])


def evaluate(node: Expression, ranges: Ranges, read: Callable[[Reference], Named]) -> Named:
    """The values of *node* for those of *ranges*; *read* gives those of a tensor, over all indices of its reference."""
    match node:
        case Number(value):
            return Named(np.asarray(value), ())
        case Reference():
            return read(node)
        case Sum(indices, Apply("mul", arguments)):
            factors = tuple(evaluate(argument, ranges, read) for argument in arguments)
            return _einsum(factors, tuple(axis for axis in _joint(factors) if axis not in indices))
        case Sum(indices, body):
            term = evaluate(body, ranges, read)
            return _einsum((term,), tuple(axis for axis in term.axes if axis not in indices))
        case Most(indices, body):
            term = evaluate(body, ranges, read)
            reduced = tuple(term.axes.index(axis) for axis in indices)
            return Named(np.max(term.values, axis=reduced), tuple(axis for axis in term.axes if axis not in indices))
        case Cumulate(index, body):
            term = evaluate(body, ranges, read)
            return Named(np.cumsum(term.values, axis=term.axes.index(index)), term.axes)
        case Where(condition):
            sides = [evaluate(side, ranges, read) for side in (node.then, node.otherwise)]
            mask = _holds(condition, ranges)
            axes = _joint((mask, *sides))
            return Named(np.where(mask.spread(axes), *(side.spread(axes) for side in sides)), axes)
        case Apply(function, arguments):
            operands = tuple(evaluate(argument, ranges, read) for argument in arguments)
            axes = _joint(operands)
            return Named(MEANING[function](*(operand.spread(axes) for operand in operands)), axes)


def _einsum(factors: tuple[Named, ...], axes: tuple[str, ...]) -> Named:
    """Product of *factors*, summed over the axes that are not in *axes*."""
    letters = dict(zip(dict.fromkeys(axis for factor in factors for axis in factor.axes), ascii_letters, strict=False))
    operands = ",".join("".join(letters[axis] for axis in factor.axes) for factor in factors)
    result = "".join(letters[axis] for axis in axes)
    return Named(np.einsum(f"{operands}->{result}", *(factor.values for factor in factors)), axes)


def _joint(operands: Iterable[Named]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(axis for operand in operands for axis in operand.axes))


def _holds(condition: Condition | Place, ranges: Ranges) -> Named:
    """1 where *condition* holds, over its indices."""
    if isinstance(condition, Place):
        return _placed(condition, ranges)
    if isinstance(condition.other, int):
        values = [condition.holds(int(i), condition.other) for i in ranges[condition.index]]
        return Named(np.asarray(values), (condition.index,))
    rows, columns = ranges[condition.index], ranges[condition.other]
    table = [[condition.holds(int(i), int(j)) for j in columns] for i in rows]
    return Named(np.asarray(table), (condition.index, condition.other))


def _placed(condition: Place, ranges: Ranges) -> Named:
    axes = condition.along if condition.less is None else (*condition.along, condition.less)
    place = ranges[TIMESTEP].reshape([1] * len(axes))
    for index, length in zip(condition.along, condition.lengths, strict=True):
        place = place * length + along(ranges[index], index, axes)
    if condition.less is not None:
        place = place - along(ranges[condition.less], condition.less, axes)
    sides = (condition.other, place) if condition.flipped else (place, condition.other)
    return Named(COMPARISONS[condition.comparison](*sides), axes)


def positions(subscripts: Iterable[Subscript], ranges: Ranges, axes: tuple[str, ...]) -> tuple[Indices, ...]:
    """The position along each axis of a tensor that is read at *subscripts*, as arrays that broadcast over *axes*."""
    found = []
    for subscript in subscripts:
        if subscript.index is None:
            found.append(np.full((1,) * len(axes), subscript.offset, dtype=np.int64))
        else:
            values = (subscript.scale * ranges[subscript.index] + subscript.offset) // subscript.divisor
            found.append(along(values, subscript.index, axes))
    return tuple(found)


def along(values: Indices, axis: str, axes: tuple[str, ...]) -> Indices:
    """*values*, one for each place of *axis*, as an array that broadcasts over *axes*."""
    return values.reshape([-1 if each == axis else 1 for each in axes])
