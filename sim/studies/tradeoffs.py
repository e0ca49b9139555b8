"""Which of several are worth having where several figures should be small."""

from __future__ import annotations

from collections.abc import Sequence


def unbeaten(values: Sequence[tuple[float, ...]]) -> list[int]:
    """The numbers of those of *values* that none beats: none has less of one figure and no more of the others.

    In rising order of the first figure, then of the next; of equal ones all. What should be large is given negated.

    >>> unbeaten([(1.0, 3.0), (2.0, 3.0), (2.0, 2.0), (1.0, 3.0)])
    [0, 3, 2]
    """
    kept: list[int] = []
    for number in sorted(range(len(values)), key=lambda at: (values[at], at)):  # whoever beats it comes before it
        if not any(_beats(values[other], values[number]) for other in kept):
            kept.append(number)
    return kept


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(mine <= its for mine, its in zip(one, other, strict=True))
