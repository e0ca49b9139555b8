"""Work that is dealt out between the compute units of a machine: the least time in which all have done theirs.

Units that are alike are one class, which takes a part of what one of them would. Between two classes each operation
goes to one of them, or in fractions to both where there are too many ways. To deal out fractions is a linear program:
by duality, with any weights of the classes that sum to one, the time is at least the sum over all operations of the
least of weight x cycles. Between two classes the best weights are one of the ratios of the operations' costs; between
more they are approached step by step (exponentiated gradient), and what is found is a bound wherever it stops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_WAYS = 2000  # to deal out operations; where there are more, fractions are dealt out
STEPS = 60  # towards the best weights
LEAST_WEIGHT = 1e-9

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
    """Weights of classes, which any loads can be seen with; those that told most so far come first."""

    def __init__(self, classes: int) -> None:
        self._known = [np.full(classes, 1.0 / classes)]

    def least(self, loads: Loads, enough: float) -> float:
        """A bound for the time in which *loads* are done, as high as the weights found tell, or *enough*."""
        fixed, either = np.array(loads.fixed), np.array(loads.either).reshape(-1, len(loads.fixed))
        found = max(_told(weights, fixed, either)[0] for weights in self._known)
        if found >= enough:
            return found
        told, weights = _climbed(self._known[-1], fixed, either, enough)
        if told > found:
            self._known = [*self._known[-3:], weights]
        return max(found, told)


def _told(weights: Floats, fixed: Floats, either: Floats) -> tuple[float, Floats]:
    """(the bound by *weights*, cycles of each class if each operation goes where it weighs least)."""
    weighed = weights * either
    where = weighed.argmin(axis=1)
    operations = np.arange(len(either))
    loads = fixed.copy()
    np.add.at(loads, where, either[operations, where])
    return float(weights @ fixed + weighed[operations, where].sum()), loads


def _climbed(weights: Floats, fixed: Floats, either: Floats, enough: float) -> tuple[float, Floats]:
    """The highest bound on the way from *weights* to better ones, and its weights."""
    best = 0.0, weights
    for step in range(STEPS):
        told, loads = _told(weights, fixed, either)
        best = max(best, (told, weights), key=lambda each: each[0])
        if told >= enough or not loads.any():
            break
        weights = np.maximum(weights * np.exp(loads / loads.max() / (1 + step) ** 0.5), LEAST_WEIGHT)
        weights = weights / weights.sum()
    return best
