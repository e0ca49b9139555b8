"""Operators that torch and ONNX both have and that take several primitives: products, norms, convolutions, padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sqrt

import numpy as np

from sim.importing.building import (
    apply,
    chosen,
    contracted,
    evaluated,
    expand,
    is_static,
    joined,
    number,
    part,
    permute,
    reduced,
    reshape,
)
from sim.importing.primitives import Place, Value, Window


def matmul(left: Value, right: Value, place: Place) -> Value:
    """The matrix product as numpy defines it: the axes before the last two broadcast, vectors are rows or columns."""
    if len(left.shape) == 1 or len(right.shape) == 1:
        labels = "abcdefgh"
        one, two = labels[: len(left.shape) - 1], labels[: max(0, len(right.shape) - 2)]
        if len(right.shape) == 1:
            return contracted(left, right, (f"{one}i", "i", one), place)
        return contracted(left, right, ("i", f"{two}ij", f"{two}j"), place)
    rank = max(len(left.shape), len(right.shape)) - 2
    batch = "abcdefgh"[:rank]
    one, two = batch[rank - len(left.shape) + 2 :], batch[rank - len(right.shape) + 2 :]
    return contracted(left, right, (f"{one}ij", f"{two}jk", f"{batch}ik"), place)


def rms_norm(value: Value, rank: int, weight: Value | None, epsilon: float, place: Place) -> Value:
    """RMSNorm over the last *rank* axes (arXiv 1910.07467, eq. 4)."""
    axes = range(-rank, 0)
    square = reduced("mean", apply("mul", value, value, place=place), axes, True, place)
    scaled = apply("mul", value, apply("rsqrt", apply("add", square, epsilon, place=place), place=place), place=place)
    return scaled if weight is None else apply("mul", scaled, weight, place=place)


def layer_norm(
    value: Value, rank: int, weight: Value | None, bias: Value | None, epsilon: float, place: Place
) -> Value:
    """LayerNorm over the last *rank* axes (arXiv 1607.06450, eq. 4)."""
    axes = range(-rank, 0)
    centred = apply("sub", value, reduced("mean", value, axes, True, place), place=place)
    normed = rms_norm(centred, rank, weight, epsilon, place)
    return normed if bias is None else apply("add", normed, bias, place=place)


def softmax(value: Value, axis: int, place: Place) -> Value:
    """exp(x) / sum(exp(x)); what keeps exp from overflowing is left out, as the quotient is the same."""
    powers = apply("exp", value, place=place)
    return apply("div", powers, reduced("sum", powers, [axis], True, place), place=place)


def gelu_tanh(value: Value, place: Place) -> Value:
    """GELU in its tanh form (arXiv 1606.08415, section 2)."""
    cube = apply("mul", apply("mul", value, value, place=place), value, place=place)
    inner = apply(
        "mul", apply("add", value, apply("mul", cube, 0.044715, place=place), place=place), sqrt(2 / pi), place=place
    )
    return apply(
        "mul",
        apply("mul", value, 0.5, place=place),
        apply("add", apply("tanh", inner, place=place), 1.0, place=place),
        place=place,
    )


def einsum(equation: str, operands: Sequence[Value], place: Place) -> Value:
    """The sum of products that *equation* says, two operands at a time."""
    inputs, _, result = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if "." in equation or "->" not in equation or any(len(set(term)) < len(term) for term in terms):
        raise place.mistake(f"has no equation for {equation!r}: name each axis once in an operand, and the result's")
    labels, value = terms[0], operands[0]
    for position, (term, operand) in enumerate(zip(terms[1:], operands[1:], strict=True), start=2):
        needed = set(result).union(*terms[position:])
        kept = "".join(label for label in dict.fromkeys(labels + term) if label in needed)
        kept = result if position == len(terms) else kept
        value, labels = contracted(value, operand, (labels, term, kept), place), kept
    over = [axis for axis, label in enumerate(labels) if label not in result]
    value = reduced("sum", value, over, False, place) if over else value
    labels = "".join(label for label in labels if label in result)
    return permute(value, [labels.index(label) for label in result], place)


def power(value: Value | float, exponent: Value | float, place: Place) -> Value:
    """A power with a number as its exponent, or its base."""
    base, given = (each if isinstance(each, Value) else number(each) for each in (value, exponent))
    if is_static(base) and is_static(given):
        return apply("power", base, given, place=place)
    if is_static(base):
        return apply("exp", apply("mul", apply("log", base), given, place=place), place=place)
    powers: dict[float, Callable[[], Value]] = {
        1.0: lambda: base,
        2.0: lambda: apply("mul", base, base, place=place),
        3.0: lambda: apply("mul", apply("mul", base, base, place=place), base, place=place),
        0.5: lambda: apply("sqrt", base, place=place),
        -0.5: lambda: apply("rsqrt", base, place=place),
        -1.0: lambda: apply("div", 1.0, base, place=place),
    }
    found = evaluated(given) if is_static(given) else np.zeros(0)
    if found.size != 1 or float(found.flat[0]) not in powers:
        raise place.mistake("has no equation for this exponent: 1, 2, 3, 0.5, -0.5 and -1 have one")
    return powers[float(found.flat[0])]()


def clipped(value: Value, low: Value | float | None, high: Value | float | None, place: Place) -> Value:
    """*value*, or the bound that it is beyond."""
    value = value if low is None else apply("max", value, low, place=place)
    return value if high is None else apply("min", value, high, place=place)


def length(value: Value, axes: Sequence[int], keep: bool, place: Place) -> Value:
    """The Euclidean norm over *axes*."""
    return apply("sqrt", reduced("sum", apply("mul", value, value, place=place), axes, keep, place), place=place)


def padded(value: Value, pairs: Sequence[tuple[int, int]], place: Place) -> Value:
    """Zeros before and after each axis, so many of each as *pairs* says; a negative number cuts."""
    for axis, (before, after) in enumerate(pairs):
        value = part(value, axis, -min(0, before), value.shape[axis] + min(0, after), place)
        ends = [
            [expand(number(0.0), (*value.shape[:axis], count, *value.shape[axis + 1 :]), place)] if count > 0 else []
            for count in (before, after)
        ]
        value = joined([*ends[0], value, *ends[1]], axis, place)
    return value


def repeated(value: Value, axis: int, count: int, inner: bool, place: Place) -> Value:
    """*value* *count* times along *axis*: each element in turn if *inner*, else all of it."""
    if count == 1:
        return value
    before, size, after = value.shape[:axis], value.shape[axis], value.shape[axis + 1 :]
    if size == 1:
        return expand(value, (*before, count, *after), place)
    one = (*before, size, 1, *after) if inner else (*before, 1, size, *after)
    many = (*before, size, count, *after) if inner else (*before, count, size, *after)
    return reshape(expand(reshape(value, one, place), many, place), (*before, size * count, *after), place)


def depthwise(
    value: Value, weight: Value, bias: Value | None, pads: tuple[int, int], groups: int, place: Place
) -> Value:
    """A convolution of each channel of ``[..., channels, time]`` on its own; weights ``[channels, 1, taps]``."""
    channels, inner, taps = weight.shape if len(weight.shape) == 3 else (0, 0, 0)
    if inner != 1 or groups != channels:
        raise place.mistake("is not a depthwise convolution along the time (groups = channels)")
    if not is_static(weight):
        raise place.mistake("has weights that are computed")
    flat = reshape(weight, (channels, taps), place)
    rank, size = len(value.shape), value.shape[-1] + sum(pads) - taps + 1
    window = Window(rank - 1, rank - 2, *pads)
    result = Value(window, (value, flat), (*value.shape[:-1], size), place)
    return result if bias is None else apply("add", result, reshape(bias, (channels, 1)), place=place)


def every(value: Value, axis: int, start: int, stop: int, step: int, place: Place) -> Value:
    """Every *step*-th position of *axis* from *start* on; raises InputError unless *stop* is the end of it."""
    axis %= len(value.shape)
    size = value.shape[axis]
    start, stop, step = slice(start, stop, step).indices(size)
    if step == 1:
        return part(value, axis, start, stop, place)
    if step < 1 or size % step or start >= step or len(range(start, stop, step)) != size // step:
        raise place.mistake("takes every so many positions, but not of the whole axis")
    return chosen(
        reshape(value, (*value.shape[:axis], -1, step, *value.shape[axis + 1 :]), place), axis + 1, start, place
    )


def group_norm(
    value: Value, groups: int, weight: Value | None, bias: Value | None, epsilon: float, place: Place
) -> Value:
    """LayerNorm of each group of the channels of ``[N, channels]`` (arXiv 1803.08494, eq. 2), one weight a channel."""
    if len(value.shape) != 2:
        raise place.mistake("normalises over other axes than the channels")
    normed = layer_norm(reshape(value, (value.shape[0], groups, -1), place), 1, None, None, epsilon, place)
    normed = reshape(normed, value.shape, place)
    normed = normed if weight is None else apply("mul", normed, weight, place=place)
    return normed if bias is None else apply("add", normed, bias, place=place)


def variance(value: Value, axes: Sequence[int], keep: bool, correction: float, place: Place) -> Value:
    """The mean of the squares of what differs from the mean over *axes*; n - *correction* instead of n."""
    over = {axis % len(value.shape) for axis in axes} or set(range(len(value.shape)))
    count = float(np.prod([value.shape[axis] for axis in over]))
    centred = apply("sub", value, reduced("mean", value, list(over), True, place), place=place)
    squares = reduced("mean", apply("mul", centred, centred, place=place), list(over), keep, place)
    return squares if not correction else apply("mul", squares, count / (count - correction), place=place)
