"""Masks as conditions of the notation: an index below a number, at it, or below or at another index."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from sim.importing.primitives import Array, Value
from workloads.expression import Condition, Expression, Where


def masked(value: Value, mask: Array, indices: Sequence[str], then: Expression, other: Expression) -> Expression:
    """*then* where *mask*, which has an axis for each of *indices*, is not zero, *other* elsewhere.

    Raises InputError if no condition of the notation says the same.
    """
    true = mask != 0
    if true.all():
        return then
    if not true.any():
        return other
    along = [axis for axis in range(true.ndim) if (true != true.take([0], axis)).any()]
    plain = true[tuple(slice(None) if axis in along else 0 for axis in range(true.ndim))]
    for turned in (False, True):
        found = _condition(~plain if turned else plain, [indices[axis] for axis in along])
        if found is not None:
            return Where(found, other, then) if turned else Where(found, then, other)
    raise value.place.mistake("has a mask that is neither a range of one index nor an order of two")


def _condition(true: Array, indices: Sequence[str]) -> Condition | None:
    if len(indices) == 1:
        count = int(true.sum())
        if true[:count].all():
            return Condition(indices[0], "<", count)
        if count == 1:
            return Condition(indices[0], "==", int(true.argmax()))
        if true[::2].all() and not true[1::2].any():
            return Condition(indices[0], "==", 0, 2)
    if len(indices) == 2:
        for first, second in permutations(range(2)):
            left, right = np.indices(true.shape)[first], np.indices(true.shape)[second]
            for comparison, holds in (("<=", left <= right), ("<", left < right), ("==", left == right)):
                if (holds == true).all():
                    return Condition(indices[first], comparison, indices[second])
    return None
