"""Which of several are worth having where one figure should be large and another one small."""

from __future__ import annotations

from collections.abc import Sequence


def unbeaten(values: Sequence[tuple[float, float]]) -> list[int]:
    """The numbers of those of *values* that none beats: none has as much of the first and less of the second, or more
    of the first and no more of the second. By the second, the least first; of equal ones all.

    >>> unbeaten([(1.0, 1.0), (2.0, 3.0), (2.0, 2.0), (1.0, 1.0)])
    [0, 3, 2]
    """
    order = sorted(range(len(values)), key=lambda at: (values[at][1], -values[at][0], at))
    found: list[int] = []
    for at in order:
        if not found or values[at][0] > values[found[-1]][0] or values[at] == values[found[-1]]:
            found.append(at)
    return found
