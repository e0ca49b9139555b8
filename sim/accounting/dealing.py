"""Work that is dealt out between the compute units of a machine: the least time in which all have done theirs.

Units that are alike are one class, which takes a part of what one of them would. Between two classes each operation
goes to one of them, or in fractions to both where there are too many ways. To deal out fractions is a linear program:
by duality, with any weights of the classes that sum to one, the time is at least the sum over all operations of the
least of weight x cycles. Between two classes the best weights are one of the ratios of the operations' costs; between
more they are looked for on a grid that gets finer, and where the longest operations weigh the same in all classes; what
is found is a bound wherever that stops.
"""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_WAYS = 2000  # to deal out operations; where there are more, fractions are dealt out
FINEST = 8  # parts in which weights are shared out at first
HALVINGS = 30  # of the distance to the weights that are looked at next, or steps over that distance
MOST_KNOWN = 500  # weights that are begun with, or remembered
MOST_LEVEL = 6  # operations that weights are levelled for
LEAST_CYCLES = 1e-9  # of an operation
NEVER = 1e30  # cycles of what a class cannot do

Floats = NDArray[np.float64]
Ways = Floats
"""(one, other) class of every way to deal out operations that no other betters in both, [2, n]."""


class Loads(NamedTuple):
    """Cycles of a layer by class: what only one can do, and of each operation that several can; inf for the others."""

    fixed: tuple[float, ...]
    either: tuple[tuple[float, ...], ...]


def dealt(loads: Loads, ways: Ways | None) -> float:
    """The least time in which two classes have done their *loads*, in one of the *ways*."""
    first, second = loads.fixed
    if ways is not None:
        return float(np.maximum(first + ways[0], second + ways[1]).min())
    ratios = (two / (one + two) for one, two in loads.either if one + two)
    return max(
        weight * first + (1 - weight) * second + sum(min(weight * one, (1 - weight) * two) for one, two in loads.either)
        for weight in {0.0, 1.0, *ratios}
    )


def ways_of(either: tuple[tuple[float, ...], ...]) -> Ways | None:
    """Every way to deal out what both of two classes can do; None if there are too many."""
    ways = np.zeros((2, 1))
    for one, two in either:
        ways = np.hstack([ways + np.array([[one], [0.0]]), ways + np.array([[0.0], [two]])])
        ways = ways[:, np.lexsort((ways[1], ways[0]))]
        before = np.minimum.accumulate(ways[1])
        ways = ways[:, np.concatenate([[True], before[1:] < before[:-1]])]
        if ways.shape[1] > MOST_WAYS:
            return None
    return ways


class Weights:
    """Weights of classes that loads are seen with; those that told most so far are where the search for more begins."""

    def __init__(self, classes: int) -> None:
        self._parts = 1
        while self._parts < FINEST and comb(self._parts + classes, self._parts + 1) <= MOST_KNOWN:
            self._parts += 1
        shares = combinations_with_replacement(range(classes), self._parts)
        self._known = np.array([[share.count(each) for each in range(classes)] for share in shares]) / self._parts

    def least(self, loads: Loads, enough: float) -> float:
        """A bound for the time in which *loads* are done, as high as the weights found tell, or *enough*."""
        fixed, either = np.array(loads.fixed), np.array(loads.either).reshape(-1, len(loads.fixed))
        either = np.where(np.isinf(either), NEVER, either)
        told = _told(self._known, fixed, either)
        best = self._known[told.argmax()]
        found, width = float(told.max()), 1.0 / self._parts
        if found < enough:
            level = _level(either)
            told = _told(level, fixed, either)
            if told.max() > found:
                found, best = float(told.max()), level[told.argmax()]
        for _ in range(HALVINGS):
            if found >= enough or len(best) == 1:
                break
            near = _around(best, width)
            told = _told(near, fixed, either)
            if told.max() > found:
                found, best = float(told.max()), near[told.argmax()]
            else:
                width /= 2
        if found > _told(self._known, fixed, either).max():
            self._known = np.vstack([self._known[-MOST_KNOWN:], best])
        return found


def _level(either: Floats) -> Floats:
    """Weights with which it does not matter where the longest operations go: for each of them, and between two."""
    longest = either[either.min(axis=1, initial=NEVER).argsort()[::-1][:MOST_LEVEL]]
    rates = 1.0 / np.maximum(longest, LEAST_CYCLES)
    rates = rates / rates.sum(axis=1, keepdims=True)
    shares = np.arange(FINEST + 1)[:, None] / FINEST
    mixed = [shares * one + (1 - shares) * other for one, other in combinations_with_replacement(rates, 2)]
    return np.vstack(mixed) if mixed else np.full((1, either.shape[1]), 1.0 / either.shape[1])


def _told(weights: Floats, fixed: Floats, either: Floats) -> Floats:
    """The bound by each of *weights*, [w, classes]."""
    told: Floats = weights @ fixed + (weights[:, None, :] * either[None, :, :]).min(axis=2).sum(axis=1)
    return told


def _around(weights: Floats, width: float) -> Floats:
    """*weights* with so much moved from one class to another, for each two of them."""
    moved = []
    for one, other in permutations(range(len(weights)), 2):
        share = min(width, float(weights[one]))
        near = weights.copy()
        near[one] -= share
        near[other] += share
        moved.append(near)
    return np.array(moved)
