"""Counters over time in a bounded number of bins: the mean of a step function over each bin.

The width of the bins doubles, and neighbours are merged, whenever the run has outgrown them. Only the time that the
trace shows needs bins: what happened before it counts as a level to begin with, and when the run goes on after it, the
bins are kept as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 2048

Cycles = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
NO_CYCLES: Cycles = np.zeros(0, np.int64)
NO_AMOUNTS: Amounts = np.zeros(0)


@dataclass
class _Bins:
    """Changes by bin: ``steps`` is their sum, ``areas`` their sum weighted with what is left of the bin, in cycles."""

    width: int
    steps: Amounts
    areas: Amounts

    def add(self, offsets: Cycles, amounts: Amounts) -> None:
        number = offsets // self.width
        left = (number + 1) * self.width - offsets
        self.steps += np.bincount(number, amounts, BINS)
        self.areas += np.bincount(number, amounts * left, BINS)

    def doubled(self) -> _Bins:
        """The same over twice the time."""
        even, odd, rest = slice(0, None, 2), slice(1, None, 2), np.zeros(BINS // 2)
        steps = np.concatenate([self.steps[even] + self.steps[odd], rest])
        areas = np.concatenate([self.areas[even] + self.steps[even] * self.width + self.areas[odd], rest])
        return _Bins(2 * self.width, steps, areas)


class Level:
    """A step function, told as changes at cycles in any order."""

    def __init__(self) -> None:
        self._told: list[tuple[Cycles, Amounts]] = []  # what has not been taken in yet
        self._base = 0.0  # the level at the origin
        self._origin: int | None = None
        self._end = 0
        self._bins = _Bins(1, np.zeros(BINS), np.zeros(BINS))
        self._kept: tuple[_Bins, int] | None = None  # the bins, and what was shown, before the run went on beyond it

    def change(self, cycles: Cycles, amounts: Amounts) -> None:
        """The level rises by these *amounts* at these *cycles*."""
        self._told.append((cycles, amounts))

    def span(self, starts: Cycles, ends: Cycles, amounts: Amounts | None = None) -> None:
        """The level is higher by these *amounts*, or by 1, from *starts* to *ends*."""
        rises = np.ones(len(starts)) if amounts is None else amounts
        self._told += ((starts, rises), (ends, -rises))

    def fold(self, now: int, shown: tuple[int, int] | None) -> None:
        """Take in the changes told so far; the trace shows the cycles *shown* as yet, nothing happens before *now*."""
        cycles = np.concatenate([NO_CYCLES, *(cycles for cycles, _ in self._told)])
        amounts = np.concatenate([NO_AMOUNTS, *(amounts for _, amounts in self._told)])
        early = cycles <= (now if shown is None else shown[0])
        self._base += float(amounts[early].sum())
        self._told = [(cycles[~early], amounts[~early])] if shown is None else []
        if shown is None:
            return
        self._origin, self._end = shown
        offsets, amounts = cycles[~early] - self._origin, amounts[~early]
        needed = self._end - self._origin
        if self._kept is not None and self._end > self._kept[1]:
            self._kept = None
        while offsets.size and int(offsets.max()) >= BINS * self._bins.width:
            if self._kept is None and needed <= BINS * self._bins.width:
                inside = offsets < BINS * self._bins.width
                kept = _Bins(self._bins.width, self._bins.steps.copy(), self._bins.areas.copy())
                kept.add(offsets[inside], amounts[inside])
                self._kept = kept, self._end
            self._bins = self._bins.doubled()
        self._bins.add(offsets, amounts)

    def means(self) -> tuple[int, int, list[float]]:
        """The first cycle shown, the width of a bin in cycles, and the mean over each bin up to the last cycle shown.

        The last bin may reach beyond what is shown; so values times width sum to the area below the function.
        """
        if self._origin is None:
            return 0, 1, []
        bins = self._kept[0] if self._kept is not None else self._bins
        before = self._base + np.concatenate([[0.0], np.cumsum(bins.steps)[:-1]])
        means = (before + bins.areas / bins.width)[: -(-(self._end - self._origin) // bins.width)]
        return self._origin, bins.width, [float(mean) for mean in np.round(means, 9) + 0.0]
