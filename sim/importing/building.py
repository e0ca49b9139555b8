"""Makes values of programs: each function is one primitive, or none where that would do nothing.

What no input changes is computed at once (:func:`folded`), in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod

import numpy as np

from sim.importing.primitives import (
    Array,
    Concatenate,
    Contract,
    Cumulate,
    Elementwise,
    Expand,
    Permute,
    Place,
    Reduce,
    Reshape,
    Shape,
    Slice,
    Static,
    Value,
)


def broadcast(values: Iterable[Value], place: Place) -> Shape:
    """The shape of an elementwise operation on *values*."""
    try:
        return np.broadcast_shapes(*(value.shape for value in values))
    except ValueError:
        raise place.mistake("the shapes of its operands do not fit") from None


def number(value: float) -> Value:
    """A literal."""
    return Value(Static(np.asarray(float(value))), (), ())


def apply(function: str, *operands: Value | float, place: Place = Place()) -> Value:
    """An elementwise function of *operands*; of numbers only, what it gives."""
    values = tuple(each if isinstance(each, Value) else number(each) for each in operands)
    result = Value(Elementwise(function), values, broadcast(values, place), place)
    return folded(result)


def reshape(value: Value, shape: Sequence[int], place: Place = Place()) -> Value:
    """*value* with other axes; one length may be -1."""
    lengths = list(shape)
    if -1 in lengths:
        lengths[lengths.index(-1)] = prod(value.shape) // max(1, -prod(lengths))
    if prod(lengths) != prod(value.shape):
        raise place.mistake(f"cannot be reshaped from {list(value.shape)} to {list(shape)}")
    return value if tuple(lengths) == value.shape else Value(Reshape(), (value,), tuple(lengths), place or value.place)


def permute(value: Value, order: Sequence[int], place: Place = Place()) -> Value:
    """*value* with its axes in another order."""
    places = tuple(axis % len(value.shape) for axis in order)
    if places == tuple(range(len(value.shape))):
        return value
    return Value(Permute(places), (value,), tuple(value.shape[axis] for axis in places), place)


def expand(value: Value, shape: Sequence[int], place: Place = Place()) -> Value:
    """*value* repeated to *shape*; -1 leaves a length as it is."""
    lead = len(shape) - len(value.shape)
    old = (1,) * lead + value.shape
    full = tuple(was if length == -1 else length for length, was in zip(shape, old, strict=True))
    if np.broadcast_shapes(old, full) != full:
        raise place.mistake(f"cannot be expanded from {list(value.shape)} to {list(shape)}")
    if full == value.shape:
        return value
    whole = reshape(value, old, place)
    return whole if full == old else Value(Expand(), (whole,), full, place)


def part(value: Value, axis: int, start: int, stop: int, place: Place = Place()) -> Value:
    """Positions *start* to *stop* (not included) of *axis*; negative ones count from the end."""
    axis %= len(value.shape)
    start, stop, _ = slice(start, stop).indices(value.shape[axis])
    if (start, stop) == (0, value.shape[axis]):
        return value
    shape = (*value.shape[:axis], stop - start, *value.shape[axis + 1 :])
    return Value(Slice(axis, start), (value,), shape, place)


def chosen(value: Value, axis: int, position: int, place: Place = Place()) -> Value:
    """One position of *axis*, which the result does not have."""
    axis %= len(value.shape)
    start = position % value.shape[axis]
    one = part(value, axis, start, start + 1, place)
    return reshape(one, (*value.shape[:axis], *value.shape[axis + 1 :]), place)


def joined(values: Sequence[Value], axis: int, place: Place = Place()) -> Value:
    """*values* one after the other along *axis*."""
    if len(values) == 1:
        return values[0]
    first = values[0].shape
    axis %= len(first)
    total = sum(value.shape[axis] for value in values)
    return Value(Concatenate(axis), tuple(values), (*first[:axis], total, *first[axis + 1 :]), place)


def reduced(function: str, value: Value, axes: Sequence[int], keep: bool, place: Place = Place()) -> Value:
    """The sum or mean of *value* over *axes* (all, if none is named)."""
    rank = len(value.shape)
    over = tuple(sorted({axis % rank for axis in axes})) or tuple(range(rank))
    shape = tuple(length for axis, length in enumerate(value.shape) if axis not in over)
    result = folded(Value(Reduce(function, over), (value,), shape, place))
    kept = tuple(1 if axis in over else length for axis, length in enumerate(value.shape))
    return reshape(result, kept, place) if keep else result


def contracted(left: Value, right: Value, labels: tuple[str, str, str], place: Place = Place()) -> Value:
    """The sum of the product of two values, whose axes *labels* names (left, right, result)."""
    lengths: dict[str, int] = {}
    for value, names in zip((left, right), labels, strict=False):
        for label, length in zip(names, value.shape, strict=True):
            if lengths.setdefault(label, length) != length:
                if 1 not in (length, lengths[label]):
                    raise place.mistake("the shapes of its operands do not fit")
                lengths[label] = max(length, lengths[label])
    shape = tuple(lengths[label] for label in labels[2])
    if set(labels[2]) >= {*labels[0], *labels[1]}:  # nothing is summed
        return apply(
            "mul",
            *(_spread(v, names, labels[2], place) for v, names in ((left, labels[0]), (right, labels[1]))),
            place=place,
        )
    return folded(Value(Contract(*labels), (left, right), shape, place))


def _spread(value: Value, labels: str, result: str, place: Place) -> Value:
    """*value* with an axis for each label of *result*, of length 1 where *labels* lacks it."""
    ordered = permute(value, [labels.index(label) for label in result if label in labels], place)
    lengths = iter(ordered.shape)
    return reshape(ordered, [next(lengths) if label in labels else 1 for label in result], place)


def folded(value: Value) -> Value:
    """*value*, as numbers if its operands are: what does not change with the input is computed once.

    What is the same along an axis stays so: an axis that was expanded is not filled.
    """
    if not all(is_static(operand) for operand in value.operands):
        return value
    sources = [leaf for operand in value.operands for leaf in _leaves(operand)]
    paths = dict.fromkeys(leaf.path for leaf in sources if leaf.path)
    expanded = [operand.operation for operand in value.operands]
    if isinstance(value.operation, Elementwise) and any(isinstance(each, Expand) for each in expanded):
        compact = [each.operands[0] if isinstance(each.operation, Expand) else each for each in value.operands]
        inner = folded(Value(value.operation, tuple(compact), broadcast(compact, value.place), value.place))
        return expand(inner, value.shape, value.place)
    path = next(iter(paths)) if len(paths) == 1 else ""
    static = Static(evaluated(value), path, any(leaf.learned for leaf in sources))
    return Value(static, (), value.shape, value.place)


def is_static(value: Value) -> bool:
    """Whether *value* is the same for all inputs: numbers, or a view of them."""
    moved = Permute | Reshape | Expand | Slice | Concatenate
    if isinstance(value.operation, Static):
        return True
    return isinstance(value.operation, moved) and all(map(is_static, value.operands))


def _leaves(value: Value) -> Iterator[Static]:
    if isinstance(value.operation, Static):
        yield value.operation
    for operand in value.operands:
        yield from _leaves(operand)


UNARY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp, "log": np.log, "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "sqrt": np.sqrt, "abs": np.abs,
    "neg": np.negative, "rsqrt": lambda x: 1.0 / np.sqrt(x), "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)), "silu": lambda x: x / (1.0 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(x, 0.0),
}  # fmt: skip
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum, "min": np.minimum,
    "less": np.less, "equal": np.equal, "less_equal": np.less_equal, "power": np.power,
}  # fmt: skip


def evaluated(value: Value) -> Array:
    """The numbers of a value whose operands are static."""
    given = [evaluated(operand) for operand in value.operands]
    with np.errstate(all="ignore"):
        return np.asarray(_evaluated(value, given), dtype=np.float64)


def _evaluated(value: Value, given: list[Array]) -> object:
    match value.operation:
        case Static(array):
            return array
        case Elementwise("where"):
            return np.where(given[0] != 0, given[1], given[2])
        case Elementwise(function) if function in UNARY:
            return UNARY[function](given[0])
        case Elementwise(function):
            return BINARY[function](given[0], given[1])
        case Contract(left, right, result):
            return np.einsum(f"{left},{right}->{result}", *given)
        case Reduce(function, axes):
            return (np.mean if function == "mean" else np.sum)(given[0], axis=axes)
        case Cumulate(axis):
            return np.cumsum(given[0], axis=axis)
        case Permute(order):
            return given[0].transpose(order)
        case Reshape():
            return given[0].reshape(value.shape)
        case Expand():
            return np.broadcast_to(given[0], value.shape)
        case Slice(axis, start):
            return given[0].take(range(start, start + value.shape[axis]), axis)
        case Concatenate(axis):
            return np.concatenate(given, axis)
    raise AssertionError(value.operation)
