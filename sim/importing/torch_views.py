"""Operators of torch.export that move, cut, join and make arrays; torch_operators.py says what a function gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from sim.importing.building import (
    apply,
    chosen,
    expand,
    joined,
    number,
    part,
    permute,
    reshape,
)
from sim.importing.composites import (
    every,
    padded,
    repeated,
)
from sim.importing.primitives import Place, Static, Value

Operator = Callable[..., Any]


def axes_of(axes: int | Sequence[int] | None) -> list[int]:
    """The axes that an argument names, be it one, several or none."""
    return [] if axes is None else [axes] if isinstance(axes, int) else list(axes)


def _pad(place: Place, value: Value, pads: Sequence[int], mode: str = "constant", fill: float | None = None) -> Value:
    if mode != "constant" or fill:
        raise place.mistake("pads with something else than zeros")
    rank, given = len(value.shape), len(pads) // 2
    pairs = [(0, 0)] * (rank - given) + [(pads[2 * each], pads[2 * each + 1]) for each in reversed(range(given))]
    return padded(value, pairs, place)


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
    gone = {axis % len(value.shape) for axis in axes_of(axes)} if axes is not None else set(range(len(value.shape)))
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
    for shift, axis in zip(axes_of(shifts), axes_of(axes), strict=True):
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


def _flip(place: Place, value: Value, axes: Any) -> Value:
    for axis in axes_of(axes):
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


VIEWS: dict[str, Operator] = {
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
    "flip": _flip,
    "copy": lambda place, target, source, *_: expand(source, target.shape, place),
}  # fmt: skip
