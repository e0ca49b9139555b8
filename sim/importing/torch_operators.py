"""What the operators of torch.export are in terms of the primitives: a table, ATen operator -> function.

A function gets the place and the arguments as the graph has them (a :class:`Value` for a tensor, numbers, lists), and
gives a value, or a list of them. Semantics: https://docs.pytorch.org/docs/stable/generated/ under the operator's name.
Precisions are not modelled: a cast to another kind of float changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from sim.importing.composites import (
    clipped,
    depthwise,
    einsum,
    every,
    gelu_tanh,
    group_norm,
    layer_norm,
    length,
    matmul,
    padded,
    power,
    repeated,
    rms_norm,
    softmax,
    variance,
)
from sim.importing.primitives import (
    Cumulate,
    Place,
    Static,
    Value,
    apply,
    chosen,
    contracted,
    expand,
    folded,
    joined,
    number,
    part,
    permute,
    reduced,
    reshape,
)

Operator = Callable[..., Any]


def _elementwise(function: str) -> Operator:
    def operator(place: Place, *arguments: Any, alpha: float = 1, **_: Any) -> Value:
        if alpha != 1:
            arguments = (arguments[0], apply("mul", arguments[1], alpha, place=place))
        return apply(function, *arguments, place=place)

    return operator


def _same(place: Place, value: Value, *_: Any, **__: Any) -> Value:
    return value


def _axes(axes: int | Sequence[int] | None) -> list[int]:
    return [] if axes is None else [axes] if isinstance(axes, int) else list(axes)


def _reduce(function: str) -> Operator:
    def operator(place: Place, value: Value, axes: Any = None, keepdim: bool = False, **_: Any) -> Value:
        return reduced(function, value, _axes(axes), keepdim, place)

    return operator


def _softplus(place: Place, value: Value, beta: float = 1, threshold: float = 20) -> Value:
    if beta == 1:
        return apply("softplus", value, place=place)
    return apply("div", apply("softplus", apply("mul", value, beta, place=place), place=place), beta, place=place)


def _gelu(place: Place, value: Value, approximate: str = "none") -> Value:
    if approximate != "tanh":
        raise place.mistake("is not the tanh form, write approximate='tanh'")
    return gelu_tanh(value, place)


def _expm1(place: Place, value: Value) -> Value:
    return apply("sub", apply("exp", value, place=place), 1.0, place=place)


def _log1p(place: Place, value: Value) -> Value:
    return apply("log", apply("add", value, 1.0, place=place), place=place)


def _where(place: Place, mask: Value, then: Any, other: Any) -> Value:
    return apply("where", mask, then, other, place=place)


def _masked_fill(place: Place, value: Value, mask: Value, fill: Any) -> Value:
    return _where(place, mask, fill, value)


def _linear(place: Place, value: Value, weight: Value, bias: Value | None = None) -> Value:
    labels = "abcdefgh"[: len(value.shape) - 1]
    product = contracted(value, weight, (f"{labels}i", "oi", f"{labels}o"), place)
    return product if bias is None else apply("add", product, bias, place=place)


def _addmm(place: Place, bias: Value, left: Value, right: Value, **_: Any) -> Value:
    return apply("add", matmul(left, right, place), bias, place=place)


def _matmul(place: Place, left: Value, right: Value) -> Value:
    return matmul(left, right, place)


def _power(place: Place, value: Any, exponent: Any) -> Value:
    return power(value, exponent, place)


def _clamp(place: Place, value: Value, low: Any = None, high: Any = None) -> Value:
    return clipped(value, low, high, place)


def _log_sigmoid(place: Place, value: Value) -> Value:
    return apply("neg", apply("softplus", apply("neg", value, place=place), place=place), place=place)


def _einsum(place: Place, equation: str, operands: Sequence[Value], path: Any = None) -> Value:
    return einsum(equation, operands, place)


def _norm(place: Place, value: Value, order: float = 2, axes: Any = None, keepdim: bool = False, **_: Any) -> Value:
    if order != 2:
        raise place.mistake(f"is a norm of order {order}, expected 2")
    return length(value, _axes(axes), keepdim, place)


def _pad(place: Place, value: Value, pads: Sequence[int], mode: str = "constant", fill: float | None = None) -> Value:
    if mode != "constant" or fill:
        raise place.mistake("pads with something else than zeros")
    rank, given = len(value.shape), len(pads) // 2
    pairs = [(0, 0)] * (rank - given) + [(pads[2 * each], pads[2 * each + 1]) for each in reversed(range(given))]
    return padded(value, pairs, place)


def _conv1d(
    place: Place, value: Value, weight: Value, bias: Value | None = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Value:  # fmt: skip
    strides, paddings, dilations = ([x] if isinstance(x, int | str) else list(x) for x in (stride, padding, dilation))
    if set(strides) | set(dilations) != {1} or not isinstance(paddings[0], int):
        raise place.mistake("is not a depthwise convolution of stride and dilation 1 (groups = channels)")
    return depthwise(value, weight, bias, (paddings[0], paddings[0]), groups, place)


def _convolution(
    place: Place, value: Value, weight: Value, bias: Value | None, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int,
) -> Value:  # fmt: skip
    if transposed or len(weight.shape) != 3:
        raise place.mistake("is not a convolution along the time")
    return _conv1d(place, value, weight, bias, stride, padding, dilation, groups)


def _slice(
    place: Place, value: Value, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Value:
    return every(value, axis, start or 0, value.shape[axis] if end is None else end, step, place)


def _narrow(place: Place, value: Value, axis: int, start: int, length: int) -> Value:
    return part(value, axis, start, start + length, place)


def _select(place: Place, value: Value, axis: int, position: int) -> Value:
    return chosen(value, axis, position, place)


def _split_sizes(place: Place, value: Value, sizes: Sequence[int], axis: int = 0) -> list[Value]:
    starts = np.cumsum([0, *sizes])
    return [part(value, axis, int(a), int(b), place) for a, b in pairwise(starts)]


def _split(place: Place, value: Value, size: Any, axis: int = 0) -> list[Value]:
    if not isinstance(size, int):
        return _split_sizes(place, value, size, axis)
    length = value.shape[axis]
    return _split_sizes(place, value, [min(size, length - at) for at in range(0, length, size)], axis)


def _chunk(place: Place, value: Value, chunks: int, axis: int = 0) -> list[Value]:
    return _split(place, value, -(-value.shape[axis] // chunks), axis)


def _unbind(place: Place, value: Value, axis: int = 0) -> list[Value]:
    return [chosen(value, axis, position, place) for position in range(value.shape[axis])]


def _cat(place: Place, values: Sequence[Value], axis: int = 0) -> Value:
    return joined(list(values), axis, place)


def _stack(place: Place, values: Sequence[Value], axis: int = 0) -> Value:
    return joined([_unsqueeze(place, value, axis) for value in values], axis, place)


def _unsqueeze(place: Place, value: Value, axis: int) -> Value:
    axis %= len(value.shape) + 1
    return reshape(value, (*value.shape[:axis], 1, *value.shape[axis:]), place)


def _squeeze(place: Place, value: Value, axes: Any = None) -> Value:
    gone = {axis % len(value.shape) for axis in _axes(axes)} if axes is not None else set(range(len(value.shape)))
    shape = [length for axis, length in enumerate(value.shape) if axis not in gone or length != 1]
    return reshape(value, shape, place)


def _view(place: Place, value: Value, shape: Sequence[int]) -> Value:
    return reshape(value, shape, place)


def _flatten(place: Place, value: Value, start: int = 0, end: int = -1) -> Value:
    start, end = start % len(value.shape), end % len(value.shape)
    merged = prod(value.shape[start : end + 1])
    return reshape(value, (*value.shape[:start], merged, *value.shape[end + 1 :]), place)


def _unflatten(place: Place, value: Value, axis: int, sizes: Sequence[int]) -> Value:
    axis %= len(value.shape)
    lengths = [value.shape[axis] // -prod(sizes) if size == -1 else size for size in sizes]
    return reshape(value, (*value.shape[:axis], *lengths, *value.shape[axis + 1 :]), place)


def _transpose(place: Place, value: Value, one: int = 0, other: int = 1) -> Value:
    order = list(range(len(value.shape)))
    order[one], order[other] = order[other], order[one]
    return permute(value, order, place)


def _t(place: Place, value: Value) -> Value:
    return permute(value, range(len(value.shape))[::-1], place)


def _movedim(place: Place, value: Value, source: int, target: int) -> Value:
    order = list(range(len(value.shape)))
    order.insert(target % len(order), order.pop(source % len(order)))
    return permute(value, order, place)


def _expand(place: Place, value: Value, shape: Sequence[int], **_: Any) -> Value:
    return expand(value, shape, place)


def _expand_as(place: Place, value: Value, other: Value) -> Value:
    return expand(value, other.shape, place)


def _repeat(place: Place, value: Value, times: Sequence[int]) -> Value:
    value = reshape(value, (1,) * (len(times) - len(value.shape)) + value.shape, place)
    for axis, count in enumerate(times):
        value = repeated(value, axis, count, False, place)
    return value


def _repeat_interleave(place: Place, value: Value, count: Any, axis: int | None = None, **_: Any) -> Value:
    if axis is None or not isinstance(count, int):
        raise place.mistake("has no equation unless it repeats one axis by a number")
    return repeated(value, axis % len(value.shape), count, True, place)


def _roll(place: Place, value: Value, shifts: Any, axes: Any = ()) -> Value:
    for shift, axis in zip(_axes(shifts), _axes(axes), strict=True):
        length = value.shape[axis]
        cut = -shift % length
        value = joined([part(value, axis, cut, length, place), part(value, axis, 0, cut, place)], axis, place)
    return value


def _select_scatter(place: Place, value: Value, source: Value, axis: int, position: int) -> Value:
    axis %= len(value.shape)
    position %= value.shape[axis]
    return _slice_scatter(place, value, _unsqueeze(place, source, axis), axis, position, position + 1)


def _slice_scatter(
    place: Place, value: Value, source: Value, axis: int = 0, start: int | None = None, end: int | None = None,
    step: int = 1,
) -> Value:  # fmt: skip
    if step != 1:
        raise place.mistake("writes every so many positions, expected a step of 1")
    axis %= len(value.shape)
    length = value.shape[axis]
    first, last, _ = slice(start, end).indices(length)
    parts = [part(value, axis, 0, first, place)] if first else []
    source = expand(source, (*value.shape[:axis], last - first, *value.shape[axis + 1 :]), place)
    return joined([*parts, source, *([part(value, axis, last, length, place)] if last < length else [])], axis, place)


def _softmax(place: Place, value: Value, axis: int, *_: Any, **__: Any) -> Value:
    return softmax(value, axis, place)


def _rms_norm(
    place: Place, value: Value, shape: Sequence[int], weight: Value | None = None, eps: float | None = None
) -> Value:
    return rms_norm(value, len(shape), weight, float(np.finfo(np.float32).eps) if eps is None else eps, place)


def _layer_norm(
    place: Place, value: Value, shape: Sequence[int], weight: Value | None = None, bias: Value | None = None,
    eps: float = 1e-5, *_: Any,
) -> Value:  # fmt: skip
    return layer_norm(value, len(shape), weight, bias, eps, place)


def _group_norm(
    place: Place, value: Value, groups: int, weight: Value | None = None, bias: Value | None = None, eps: float = 1e-5,
    *_: Any,
) -> Value:  # fmt: skip
    return group_norm(value, groups, weight, bias, eps, place)


def _variance(
    place: Place, value: Value, axes: Any = None, unbiased: bool = True, keepdim: bool = False, *,
    correction: float | None = None,
) -> Value:  # fmt: skip
    if isinstance(axes, bool):  # of all elements
        axes, unbiased = None, axes
    return variance(value, _axes(axes), keepdim, float(unbiased) if correction is None else correction, place)


def _deviation(place: Place, value: Value, *arguments: Any, **rest: Any) -> Value:
    return apply("sqrt", _variance(place, value, *arguments, **rest), place=place)


def _leaky_relu(place: Place, value: Value, slope: float = 0.01) -> Value:
    if not 0 <= slope <= 1:
        raise place.mistake(f"has a slope of {slope}, expected 0 to 1")
    return apply("max", value, apply("mul", value, slope, place=place), place=place)


def _elu(place: Place, value: Value, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Value:
    if scale != 1 or input_scale != 1:
        raise place.mistake("is scaled")
    below = apply("sub", apply("exp", apply("min", value, 0.0, place=place), place=place), 1.0, place=place)
    return apply("add", apply("relu", value, place=place), apply("mul", below, alpha, place=place), place=place)


def _hardsigmoid(place: Place, value: Value) -> Value:
    return clipped(apply("add", apply("div", value, 6.0, place=place), 0.5, place=place), 0.0, 1.0, place)


def _hardswish(place: Place, value: Value) -> Value:
    return apply("mul", value, _hardsigmoid(place, value), place=place)


def _mish(place: Place, value: Value) -> Value:
    softplus = apply("softplus", value, place=place)
    return apply("mul", value, apply("tanh", softplus, place=place), place=place)


def _logaddexp(place: Place, left: Value, right: Value) -> Value:
    apart = apply("abs", apply("sub", left, right, place=place), place=place)
    rest = apply("softplus", apply("neg", apart, place=place), place=place)
    return apply("add", apply("max", left, right, place=place), rest, place=place)


def _flip(place: Place, value: Value, axes: Any) -> Value:
    for axis in _axes(axes):
        if value.shape[axis] != 2:
            raise place.mistake("has no equation for an axis of more than two")
        value = joined([part(value, axis, 1, 2, place), part(value, axis, 0, 1, place)], axis, place)
    return value


def _full(place: Place, shape: Sequence[int], value: float, **_: Any) -> Value:
    return expand(number(value), shape, place)


def _filled(value: float) -> Operator:
    def operator(place: Place, shape: Any, *_: Any, **__: Any) -> Value:
        return expand(number(value), shape.shape if isinstance(shape, Value) else shape, place)

    return operator


def _full_like(place: Place, like: Value, value: float, **_: Any) -> Value:
    return expand(number(value), like.shape, place)


def _arange(place: Place, *bounds: float, **_: Any) -> Value:
    array = np.arange(*bounds, dtype=np.float64)
    return Value(Static(array), (), array.shape, place)


def _eye(place: Place, rows: int, columns: int | None = None, **_: Any) -> Value:
    array = np.eye(rows, columns)
    return Value(Static(array), (), array.shape, place)


def _triangle(keep: Callable[..., Any]) -> Operator:
    def operator(place: Place, value: Value, diagonal: int = 0) -> Value:
        array = keep(np.ones(value.shape[-2:]), diagonal)
        mask = Value(Static(array), (), array.shape, place)
        return apply("where", mask, value, 0.0, place=place)

    return operator


def _cumsum(place: Place, value: Value, axis: int, **_: Any) -> Value:
    return folded(Value(Cumulate(axis % len(value.shape)), (value,), value.shape, place))


def _compare(function: str, turned: bool = False, negated: bool = False) -> Operator:
    def operator(place: Place, left: Any, right: Any) -> Value:
        result = apply(function, right, left, place=place) if turned else apply(function, left, right, place=place)
        return apply("sub", 1.0, result, place=place) if negated else result

    return operator


def _logical_not(place: Place, value: Value) -> Value:
    return apply("equal", value, 0.0, place=place)


def _rsub(place: Place, left: Value, right: Any, alpha: float = 1) -> Value:
    return apply("sub", right, left if alpha == 1 else apply("mul", left, alpha, place=place), place=place)


def _addcmul(place: Place, base: Value, left: Value, right: Value, value: float = 1) -> Value:
    product = apply("mul", left, right, place=place)
    return apply("add", base, product if value == 1 else apply("mul", product, value, place=place), place=place)


def _lerp(place: Place, start: Value, end: Value, weight: Any) -> Value:
    return apply("add", start, apply("mul", weight, apply("sub", end, start, place=place), place=place), place=place)


def _square(place: Place, value: Value) -> Value:
    return apply("mul", value, value, place=place)


def _reciprocal(place: Place, value: Value) -> Value:
    return apply("div", 1.0, value, place=place)


def _outer(place: Place, left: Value, right: Value) -> Value:
    return apply("mul", _unsqueeze(place, left, 1), right, place=place)


def _dot(place: Place, left: Value, right: Value) -> Value:
    return contracted(left, right, ("i", "i", ""), place)


def _glu(place: Place, value: Value, axis: int = -1) -> Value:
    left, right = _chunk(place, value, 2, axis)
    return apply("mul", left, apply("sigmoid", right, place=place), place=place)


def _hardtanh(place: Place, value: Value, low: float = -1.0, high: float = 1.0) -> Value:
    return _clamp(place, value, low, high)


OPERATORS: dict[str, Operator] = {
    **{name: _elementwise(name) for name in (
        "add", "sub", "mul", "div", "exp", "log", "tanh", "sin", "cos", "sqrt", "rsqrt", "abs", "neg", "relu",
        "sigmoid", "silu",
    )},
    "maximum": _elementwise("max"), "minimum": _elementwise("min"), "true_divide": _elementwise("div"),
    "pow": _power, "softplus": _softplus, "clamp": _clamp, "clamp_min": _clamp, "gelu": _gelu, "expm1": _expm1,
    "clamp_max": lambda place, value, high: _clamp(place, value, None, high),
    "log1p": _log1p, "log_sigmoid": _log_sigmoid, "where": _where, "masked_fill": _masked_fill, "square": _square,
    "leaky_relu": _leaky_relu, "elu": _elu, "hardsigmoid": _hardsigmoid, "hardswish": _hardswish, "mish": _mish,
    "logaddexp": _logaddexp, "flip": _flip, "group_norm": _group_norm, "var": _variance, "std": _deviation,
    "reciprocal": _reciprocal, "rsub": _rsub, "addcmul": _addcmul, "lerp": _lerp, "hardtanh": _hardtanh,
    "linear": _linear, "matmul": _matmul, "mm": _matmul, "bmm": _matmul, "mv": _matmul, "addmm": _addmm,
    "einsum": _einsum, "outer": _outer, "dot": _dot, "conv1d": _conv1d, "convolution": _convolution,
    "sum": _reduce("sum"), "mean": _reduce("mean"), "cumsum": _cumsum, "linalg_vector_norm": _norm, "norm": _norm,
    "softmax": _softmax, "_softmax": _softmax, "rms_norm": _rms_norm, "layer_norm": _layer_norm, "glu": _glu,
    "view": _view, "_unsafe_view": _view, "reshape": _view, "flatten": _flatten, "unflatten": _unflatten,
    "unsqueeze": _unsqueeze, "squeeze": _squeeze, "transpose": _transpose, "t": _t,
    "permute": lambda place, value, order: permute(value, order, place), "movedim": _movedim,
    "expand": _expand, "expand_as": _expand_as, "repeat": _repeat,
    "repeat_interleave": _repeat_interleave, "cat": _cat, "stack": _stack, "split": _split, "chunk": _chunk,
    "split_with_sizes": _split_sizes, "unbind": _unbind, "slice": _slice, "narrow": _narrow, "select": _select,
    "select_scatter": _select_scatter, "slice_scatter": _slice_scatter, "roll": _roll, "pad": _pad,
    "constant_pad_nd": lambda place, value, pads, fill=0.0: _pad(place, value, pads, "constant", fill),
    "full": _full, "zeros": _filled(0.0), "ones": _filled(1.0), "zeros_like": _filled(0.0), "ones_like": _filled(1.0),
    "new_zeros": lambda place, _, shape, **__: _full(place, shape, 0.0),
    "new_ones": lambda place, _, shape, **__: _full(place, shape, 1.0),
    "full_like": _full_like, "scalar_tensor": lambda place, value, **_: number(value), "arange": _arange, "eye": _eye,
    "tril": _triangle(np.tril), "triu": _triangle(np.triu),
    "lt": _compare("less"), "gt": _compare("less", turned=True), "le": _compare("less_equal"),
    "ge": _compare("less_equal", turned=True), "eq": _compare("equal"), "ne": _compare("equal", negated=True),
    "logical_not": _logical_not, "bitwise_not": _logical_not,
    **dict.fromkeys((
        "clone", "contiguous", "detach", "detach_", "alias", "to", "_to_copy", "type_as", "lift_fresh_copy", "dropout",
        "lift_fresh", "float", "double",
    ), _same),
    "copy": lambda place, target, source, *_: expand(source, target.shape, place),
}  # fmt: skip
