"""What the operators of ONNX are in terms of the primitives: a table, operator -> function.

A function gets the place, the attributes and the operands (None for one that is left out), and gives a value, or a list
of them. Semantics: https://onnx.ai/onnx/operators/ under the operator's name, up to opset 27. Types are not modelled: a
cast changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from sim.importing.building import (
    apply,
    chosen,
    contracted,
    evaluated,
    expand,
    folded,
    is_static,
    joined,
    number,
    part,
    permute,
    reduced,
    reshape,
)
from sim.importing.composites import (
    clipped,
    depthwise,
    einsum,
    every,
    gelu_tanh,
    layer_norm,
    length,
    matmul,
    padded,
    power,
    repeated,
    rms_norm,
    softmax,
)
from sim.importing.primitives import Cumulate, Place, Static, Value

Attributes = Mapping[str, Any]
Operator = Callable[..., Any]


def integers(value: Value | None, place: Place) -> list[int] | None:
    """The integers that an operand holds; raises InputError if they are computed."""
    if value is None:
        return None
    if not is_static(value):
        raise place.mistake("has an operand that is computed, expected integers")
    return [int(each) for each in evaluated(value).flat]


def _elementwise(function: str) -> Operator:
    return lambda place, attributes, *operands: apply(function, *operands, place=place)


def _chained(function: str) -> Operator:
    def operator(place: Place, attributes: Attributes, first: Value, *others: Value) -> Value:
        for each in others:
            first = apply(function, first, each, place=place)
        return first

    return operator


def _compare(function: str, turned: bool = False) -> Operator:
    def operator(place: Place, attributes: Attributes, left: Value, right: Value) -> Value:
        return apply(function, right, left, place=place) if turned else apply(function, left, right, place=place)

    return operator


def _mean(place: Place, attributes: Attributes, *operands: Value) -> Value:
    return apply("div", _chained("add")(place, attributes, *operands), float(len(operands)), place=place)


def _same(place: Place, attributes: Attributes, value: Value, *_: Value | None) -> Value:
    return value


def _swish(place: Place, attributes: Attributes, value: Value) -> Value:
    alpha = attributes.get("alpha", 1.0)
    if alpha == 1.0:
        return apply("silu", value, place=place)
    gate = apply("sigmoid", apply("mul", value, alpha, place=place), place=place)
    return apply("mul", value, gate, place=place)


def _hard_sigmoid(place: Place, attributes: Attributes, value: Value) -> Value:
    scaled = apply("mul", value, attributes.get("alpha", 0.2), place=place)
    return clipped(apply("add", scaled, attributes.get("beta", 0.5), place=place), 0.0, 1.0, place)


def _gelu(place: Place, attributes: Attributes, value: Value) -> Value:
    if attributes.get("approximate", "none") != "tanh":
        raise place.mistake("is not the tanh form, write approximate='tanh'")
    return gelu_tanh(value, place)


def _clip(
    place: Place, attributes: Attributes, value: Value, low: Value | None = None, high: Value | None = None
) -> Value:
    return clipped(value, attributes.get("min", low), attributes.get("max", high), place)


def _pow(place: Place, attributes: Attributes, base: Value, exponent: Value) -> Value:
    return power(base, exponent, place)


def _matmul(place: Place, attributes: Attributes, left: Value, right: Value) -> Value:
    return matmul(left, right, place)


def _gemm(place: Place, attributes: Attributes, left: Value, right: Value, bias: Value | None = None) -> Value:
    labels = ("ai" if not attributes.get("transA") else "ia", "ib" if not attributes.get("transB") else "bi", "ab")
    product = apply("mul", contracted(left, right, labels, place), attributes.get("alpha", 1.0), place=place)
    if bias is None:
        return product
    return apply("add", product, apply("mul", bias, attributes.get("beta", 1.0), place=place), place=place)


def _einsum(place: Place, attributes: Attributes, *operands: Value) -> Value:
    return einsum(attributes["equation"], operands, place)


def _axes(place: Place, attributes: Attributes, value: Value, axes: Value | None) -> list[int] | None:
    """The axes of a reduction: all if none is named, unless that means nothing is to be done."""
    named = attributes.get("axes") or integers(axes, place)
    if named:
        return list(named)
    return None if attributes.get("noop_with_empty_axes") else list(range(len(value.shape)))


def _reduce(function: str) -> Operator:
    def operator(place: Place, attributes: Attributes, value: Value, axes: Value | None = None) -> Value:
        over = _axes(place, attributes, value, axes)
        if over is None:
            return value
        return reduced(function, value, over, bool(attributes.get("keepdims", 1)), place)

    return operator


def _sum_of_squares(place: Place, attributes: Attributes, value: Value, axes: Value | None = None) -> Value:
    return _reduce("sum")(place, attributes, apply("mul", value, value, place=place), axes)  # type: ignore[no-any-return]


def _reduce_length(place: Place, attributes: Attributes, value: Value, axes: Value | None = None) -> Value:
    return apply("sqrt", _sum_of_squares(place, attributes, value, axes), place=place)


def _softmax(place: Place, attributes: Attributes, value: Value) -> Value:
    return softmax(value, attributes.get("axis", -1), place)


def _layer_norm(
    place: Place, attributes: Attributes, value: Value, scale: Value | None = None, bias: Value | None = None
) -> Value:
    rank = len(value.shape) - attributes.get("axis", -1) % len(value.shape)
    return layer_norm(value, rank, scale, bias, attributes.get("epsilon", 1e-5), place)


def _rms_norm(place: Place, attributes: Attributes, value: Value, scale: Value | None = None) -> Value:
    rank = len(value.shape) - attributes.get("axis", -1) % len(value.shape)
    return rms_norm(value, rank, scale, attributes.get("epsilon", 1e-5), place)


def _lp_norm(place: Place, attributes: Attributes, value: Value) -> Value:
    if attributes.get("p", 2) != 2:
        raise place.mistake(f"is a norm of order {attributes['p']}, expected 2")
    return apply("div", value, length(value, [attributes.get("axis", -1)], True, place), place=place)


def _transpose(place: Place, attributes: Attributes, value: Value) -> Value:
    return permute(value, attributes.get("perm") or range(len(value.shape))[::-1], place)


def _reshape(place: Place, attributes: Attributes, value: Value, shape: Value) -> Value:
    wanted = integers(shape, place) or []
    if not attributes.get("allowzero"):
        wanted = [value.shape[axis] if length == 0 else length for axis, length in enumerate(wanted)]
    return reshape(value, wanted, place)


def _flatten(place: Place, attributes: Attributes, value: Value) -> Value:
    axis = attributes.get("axis", 1)
    return reshape(value, (prod(value.shape[:axis]), -1), place)


def _squeeze(place: Place, attributes: Attributes, value: Value, axes: Value | None = None) -> Value:
    named = attributes.get("axes") or integers(axes, place)
    gone = {axis % len(value.shape) for axis in named} if named else {i for i, n in enumerate(value.shape) if n == 1}
    return reshape(value, [n for axis, n in enumerate(value.shape) if axis not in gone], place)


def _unsqueeze(place: Place, attributes: Attributes, value: Value, axes: Value | None = None) -> Value:
    named = attributes.get("axes") or integers(axes, place) or []
    rank = len(value.shape) + len(named)
    new, lengths = {axis % rank for axis in named}, iter(value.shape)
    return reshape(value, [1 if axis in new else next(lengths) for axis in range(rank)], place)


def _slice(
    place: Place, attributes: Attributes, value: Value, starts: Value, ends: Value, axes: Value | None = None,
    steps: Value | None = None,
) -> Value:  # fmt: skip
    first, last = integers(starts, place) or [], integers(ends, place) or []
    along, step = integers(axes, place) or list(range(len(first))), integers(steps, place) or [1] * len(first)
    for axis, start, stop, each in zip(along, first, last, step, strict=True):
        value = every(value, axis, start, stop, each, place)
    return value


def _split(place: Place, attributes: Attributes, value: Value, sizes: Value | None = None) -> list[Value]:
    axis = attributes.get("axis", 0) % len(value.shape)
    each = attributes.get("split") or integers(sizes, place)
    if not each:
        count = attributes.get("num_outputs") or attributes["outputs"]
        most = -(-value.shape[axis] // count)
        each = [min(most, value.shape[axis] - most * at) for at in range(count)]
    return [part(value, axis, a, b, place) for a, b in pairwise(np.cumsum([0, *each]).tolist())]


def _concat(place: Place, attributes: Attributes, *operands: Value) -> Value:
    return joined(operands, attributes["axis"], place)


def _expand(place: Place, attributes: Attributes, value: Value, shape: Value) -> Value:
    wanted = tuple(integers(shape, place) or [])
    return expand(value, np.broadcast_shapes(value.shape, wanted), place)


def _tile(place: Place, attributes: Attributes, value: Value, repeats: Value) -> Value:
    for axis, count in enumerate(integers(repeats, place) or []):
        value = repeated(value, axis, count, False, place)
    return value


def _gather(place: Place, attributes: Attributes, value: Value, indices: Value) -> Value:
    axis = attributes.get("axis", 0) % len(value.shape)
    found = integers(indices, place) or []
    if len(indices.shape) == 0:
        return chosen(value, axis, found[0], place)
    if len(indices.shape) > 1:
        raise place.mistake("takes positions along more than one axis")
    return joined(
        [part(value, axis, at % value.shape[axis], at % value.shape[axis] + 1, place) for at in found], axis, place
    )


def _where(place: Place, attributes: Attributes, mask: Value, then: Value, other: Value) -> Value:
    return apply("where", mask, then, other, place=place)


def _not(place: Place, attributes: Attributes, value: Value) -> Value:
    return apply("equal", value, 0.0, place=place)


def _triangle(place: Place, attributes: Attributes, value: Value, diagonal: Value | None = None) -> Value:
    keep = np.triu if attributes.get("upper", 1) else np.tril
    array = keep(np.ones(value.shape[-2:]), (integers(diagonal, place) or [0])[0])
    return apply("where", Value(Static(array), (), array.shape, place), value, 0.0, place=place)


def _cumsum(place: Place, attributes: Attributes, value: Value, axis: Value) -> Value:
    if attributes.get("exclusive") or attributes.get("reverse"):
        raise place.mistake("is exclusive or goes backwards")
    along = (integers(axis, place) or [0])[0] % len(value.shape)
    return folded(Value(Cumulate(along), (value,), value.shape, place))


def _pad(
    place: Place, attributes: Attributes, value: Value, pads: Value | None = None, fill: Value | None = None,
    axes: Value | None = None,
) -> Value:  # fmt: skip
    zeros = attributes.get("mode", "constant") == "constant" and (fill is None or not any(evaluated(fill).flat))
    if not zeros:
        raise place.mistake("pads with something else than zeros")
    each = attributes.get("pads") or integers(pads, place) or []
    along = integers(axes, place) or list(range(len(value.shape)))
    pairs = [(0, 0)] * len(value.shape)
    for axis, before, after in zip(along, each[: len(along)], each[len(along) :], strict=True):
        pairs[axis] = (before, after)
    return padded(value, pairs, place)


def _conv(place: Place, attributes: Attributes, value: Value, weight: Value, bias: Value | None = None) -> Value:
    pads = attributes.get("pads") or [0, 0]
    plain = attributes.get("auto_pad", "NOTSET") == "NOTSET" and len(pads) == 2
    if not plain or {1} != {*attributes.get("strides", [1]), *attributes.get("dilations", [1])}:
        raise place.mistake("is not a depthwise convolution of stride and dilation 1 along the time (group = channels)")
    return depthwise(value, weight, bias, (pads[0], pads[1]), attributes.get("group", 1), place)


def _constant(place: Place, attributes: Attributes) -> Value:
    for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if key in attributes:
            array = np.asarray(attributes[key], dtype=np.float64)
            return Value(Static(array), (), array.shape, place)
    raise place.mistake("is no number")


def _constant_of_shape(place: Place, attributes: Attributes, shape: Value) -> Value:
    value = np.asarray(attributes.get("value", 0.0)).flat[0]
    return expand(number(float(value)), integers(shape, place) or [], place)


def _shape(place: Place, attributes: Attributes, value: Value) -> Value:
    array = np.asarray(value.shape[slice(attributes.get("start", 0), attributes.get("end"))], dtype=np.float64)
    return Value(Static(array), (), array.shape, place)


def _range(place: Place, attributes: Attributes, *bounds: Value) -> Value:
    array = np.arange(*(float(evaluated(bound)) for bound in bounds))
    return Value(Static(array), (), array.shape, place)


OPERATORS: dict[str, Operator] = {
    "Add": _elementwise("add"), "Sub": _elementwise("sub"), "Mul": _elementwise("mul"), "Div": _elementwise("div"),
    "Neg": _elementwise("neg"), "Exp": _elementwise("exp"), "Log": _elementwise("log"), "Sqrt": _elementwise("sqrt"),
    "Tanh": _elementwise("tanh"), "Sin": _elementwise("sin"), "Cos": _elementwise("cos"), "Abs": _elementwise("abs"),
    "Relu": _elementwise("relu"), "Sigmoid": _elementwise("sigmoid"), "Softplus": _elementwise("softplus"),
    "Reciprocal": lambda place, attributes, value: apply("div", 1.0, value, place=place),
    "Max": _chained("max"), "Min": _chained("min"), "Sum": _chained("add"), "Mean": _mean, "Clip": _clip, "Pow": _pow,
    "Swish": _swish, "HardSigmoid": _hard_sigmoid, "Gelu": _gelu, "Softmax": _softmax, "Where": _where, "Not": _not,
    "Less": _compare("less"), "Greater": _compare("less", turned=True), "Equal": _compare("equal"),
    "LessOrEqual": _compare("less_equal"), "GreaterOrEqual": _compare("less_equal", turned=True),
    "MatMul": _matmul, "Gemm": _gemm, "Einsum": _einsum, "Conv": _conv, "CumSum": _cumsum, "Trilu": _triangle,
    "ReduceSum": _reduce("sum"), "ReduceMean": _reduce("mean"), "ReduceSumSquare": _sum_of_squares,
    "ReduceL2": _reduce_length, "LayerNormalization": _layer_norm, "RMSNormalization": _rms_norm,
    "LpNormalization": _lp_norm, "Transpose": _transpose, "Reshape": _reshape, "Flatten": _flatten,
    "Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Slice": _slice, "Split": _split, "Concat": _concat,
    "Expand": _expand, "Tile": _tile, "Gather": _gather, "Pad": _pad, "Constant": _constant, "Shape": _shape,
    "ConstantOfShape": _constant_of_shape, "Range": _range,
    "Identity": _same, "Cast": _same, "CastLike": _same, "Dropout": _same,
}  # fmt: skip


def _heads(value: Value, heads: int, place: Place) -> Value:
    """``[..., heads * width]`` as ``[..., heads, width]``."""
    if value.shape[-1] % heads:
        raise place.mistake(f"has {value.shape[-1]} channels, which {heads} heads do not divide")
    return reshape(value, (*value.shape[:-1], heads, value.shape[-1] // heads), place)


def linear_attention_step(
    place: Place, attributes: Attributes, state: Value, operands: Sequence[Value | None]
) -> tuple[Value, Value]:
    """Output and state after one token: *operands* query, key, value, decay, beta of it, each ``[B, channels]``.

    The state is ``[B, heads of keys, width of a key, width of a value]``. The rules of LinearAttention of opset 27.
    """
    query, key, value, decay, beta = operands

    def at(word: str) -> Place:
        return replace(place, operator=word)

    assert query is not None and key is not None and value is not None
    rule = attributes.get("update_rule", "gated_delta")
    of_query, of_key = attributes["q_num_heads"], attributes["kv_num_heads"]
    if (decay is not None) != ("gated" in rule) or (beta is not None) != ("delta" in rule):
        raise place.mistake(f"has not the operands of update_rule {rule!r}: decay if gated, beta if delta")
    q, k, v = (_heads(each, heads, place) for each, heads in ((query, of_query), (key, of_key), (value, of_key)))
    width = q.shape[-1]
    if decay is not None:
        factor = apply("exp", reshape(_heads(decay, of_key, place), (*k.shape[:-1], -1, 1), place), place=at("decay"))
        state = apply("mul", factor, state, place=at("decayed"))
    if beta is not None:
        found = contracted(state, k, ("bhkv", "bhk", "bhv"), place)
        rate = reshape(beta, (*beta.shape, 1), place)
        v = apply("mul", rate, apply("sub", v, found, place=place), place=at("correction"))
    state = apply("add", state, contracted(k, v, ("bhk", "bhv", "bhkv"), place), place=at("updated"))
    groups = reshape(q, (q.shape[0], of_key, of_query // of_key, width), place)
    read = contracted(groups, state, ("bhgk", "bhkv", "bhgv"), place)
    scaled = apply("mul", read, attributes.get("scale", 0.0) or width**-0.5, place=place)
    return reshape(scaled, (q.shape[0], of_query * v.shape[-1]), place), state
