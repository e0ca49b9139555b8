"""Work that is dealt out between the MAC array and the SIMD unit: the least time in which both have done theirs.

Each operation goes to one unit, or in fractions to both where there are too many ways. To deal out fractions is a
linear program with one constraint, whose dual has its optimum at one of the ratios of the operations' costs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_WAYS = 2000  # to deal out operations; where there are more, fractions are dealt out

Ways = NDArray[np.float64]
"""(array, lanes) of every way to deal out operations that no other betters in both, [2, n]."""


class Loads(NamedTuple):
    """Cycles of a layer: what only the array can do, what only the lanes can, and (array, lanes) of what both can."""

    array: float
    lanes: float
    either: tuple[tuple[float, float], ...]


def dealt(loads: Loads, ways: Ways | None, projections: float) -> float:
    """The least time in which both units have done their *loads*, in one of the *ways*, *projections* on the array."""
    array, lanes = loads.array + projections, loads.lanes
    if ways is not None:
        return float(np.maximum(array + ways[0], lanes + ways[1]).min())
    ratios = (on_lanes / (on_array + on_lanes) for on_array, on_lanes in loads.either if on_array + on_lanes)
    return max(
        weight * array
        + (1 - weight) * lanes
        + sum(min(weight * on_array, (1 - weight) * on_lanes) for on_array, on_lanes in loads.either)
        for weight in {0.0, 1.0, *ratios}
    )


def ways_of(either: tuple[tuple[float, float], ...]) -> Ways | None:
    """Every way to deal out what both units can do; None if there are too many."""
    ways = np.zeros((2, 1))
    for on_array, on_lanes in either:
        ways = np.hstack([ways + np.array([[on_array], [0.0]]), ways + np.array([[0.0], [on_lanes]])])
        ways = ways[:, np.lexsort((ways[1], ways[0]))]
        before = np.minimum.accumulate(ways[1])
        ways = ways[:, np.concatenate([[True], before[1:] < before[:-1]])]
        if ways.shape[1] > MOST_WAYS:
            return None
    return ways
