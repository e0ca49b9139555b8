"""What the operators of torch.export are in terms of the primitives: a table, ATen operator -> function.

A function gets the place and the arguments as the graph has them (a :class:`Value` for a tensor, numbers, lists), and
gives a value, or a list of them. Semantics: https://docs.pytorch.org/docs/stable/generated/ under the operator's name.
Precisions are not modelled: a cast to another kind of float changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.importing.building import (
    apply,
    contracted,
    folded,
    reduced,
)
from sim.importing.composites import (
    clipped,
    depthwise,
    einsum,
    gelu_tanh,
    group_norm,
    layer_norm,
    length,
    matmul,
    power,
    rms_norm,
    softmax,
    variance,
)
from sim.importing.primitives import Cumulate, Place, Value
from sim.importing.torch_views import VIEWS, Operator, axes_of


def _elementwise(function: str) -> Operator:
    def operator(place: Place, *arguments: Any, alpha: float = 1, **_: Any) -> Value:
        if alpha != 1:
            arguments = (arguments[0], apply("mul", arguments[1], alpha, place=place))
        return apply(function, *arguments, place=place)

    return operator


def _same(place: Place, value: Value, *_: Any, **__: Any) -> Value:
    return value


def _reduce(function: str) -> Operator:
    def operator(place: Place, value: Value, axes: Any = None, keepdim: bool = False, **_: Any) -> Value:
        return reduced(function, value, axes_of(axes), keepdim, place)

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
    return length(value, axes_of(axes), keepdim, place)


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
    return variance(value, axes_of(axes), keepdim, float(unbiased) if correction is None else correction, place)


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
    return contracted(left, right, ("i", "j", "ij"), place)


def _dot(place: Place, left: Value, right: Value) -> Value:
    return contracted(left, right, ("i", "i", ""), place)


def _glu(place: Place, value: Value, axis: int = -1) -> Value:
    left, right = VIEWS["chunk"](place, value, 2, axis)
    return apply("mul", left, apply("sigmoid", right, place=place), place=place)


def _hardtanh(place: Place, value: Value, low: float = -1.0, high: float = 1.0) -> Value:
    return _clamp(place, value, low, high)


OPERATORS: dict[str, Operator] = {
    **VIEWS,
    **{name: _elementwise(name) for name in (
        "add", "sub", "mul", "div", "exp", "log", "tanh", "sin", "cos", "sqrt", "rsqrt", "abs", "neg", "relu",
        "sigmoid", "silu",
    )},
    "maximum": _elementwise("max"), "minimum": _elementwise("min"), "true_divide": _elementwise("div"),
    "pow": _power, "softplus": _softplus, "clamp": _clamp, "clamp_min": _clamp, "gelu": _gelu, "expm1": _expm1,
    "clamp_max": lambda place, value, high: _clamp(place, value, None, high),
    "log1p": _log1p, "log_sigmoid": _log_sigmoid, "where": _where, "masked_fill": _masked_fill, "square": _square,
    "leaky_relu": _leaky_relu, "elu": _elu, "hardsigmoid": _hardsigmoid, "hardswish": _hardswish, "mish": _mish,
    "logaddexp": _logaddexp, "group_norm": _group_norm, "var": _variance, "std": _deviation,
    "reciprocal": _reciprocal, "rsub": _rsub, "addcmul": _addcmul, "lerp": _lerp, "hardtanh": _hardtanh,
    "linear": _linear, "matmul": _matmul, "mm": _matmul, "bmm": _matmul, "mv": _matmul, "addmm": _addmm,
    "einsum": _einsum, "outer": _outer, "dot": _dot, "conv1d": _conv1d, "convolution": _convolution,
    "sum": _reduce("sum"), "mean": _reduce("mean"), "cumsum": _cumsum, "linalg_vector_norm": _norm, "norm": _norm,
    "softmax": _softmax, "_softmax": _softmax, "rms_norm": _rms_norm, "layer_norm": _layer_norm, "glu": _glu,
    "lt": _compare("less"), "gt": _compare("less", turned=True), "le": _compare("less_equal"),
    "ge": _compare("less_equal", turned=True), "eq": _compare("equal"), "ne": _compare("equal", negated=True),
    "logical_not": _logical_not, "bitwise_not": _logical_not,
    **dict.fromkeys((
        "clone", "contiguous", "detach", "detach_", "alias", "to", "_to_copy", "type_as", "lift_fresh_copy", "dropout",
        "lift_fresh", "float", "double",
    ), _same),
}  # fmt: skip
