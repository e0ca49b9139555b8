"""A step function of time in a bounded number of bins: its mean over each bin.

The width of the bins doubles, and neighbours are merged, whenever the trace has outgrown them. Only the time that the
trace shows needs bins: what happened before it is the value to begin with; when the run goes on beyond it, the
bins stay as narrow as they are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 2048

Cycles = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
NO_CYCLES: Cycles = np.zeros(0, np.int64)
NO_AMOUNTS: Amounts = np.zeros(0)


class _Bins:
    """Changes by bin: their sum, and their sum weighted with what is left of the bin, in cycles."""

    def __init__(self, width: int, steps: Amounts, areas: Amounts) -> None:
        self.width = width
        self.reach = BINS * width
        self._steps = steps
        self._areas = areas

    def add(self, offsets: Cycles, amounts: Amounts) -> None:
        """Take in the changes that are within reach."""
        inside = offsets < self.reach
        offsets, amounts = offsets[inside], amounts[inside]
        number = offsets // self.width
        left = (number + 1) * self.width - offsets
        self._steps += np.bincount(number, amounts, BINS)
        self._areas += np.bincount(number, amounts * left, BINS)

    def doubled(self) -> _Bins:
        """The same over twice the time."""
        even, odd, rest = slice(0, None, 2), slice(1, None, 2), np.zeros(BINS // 2)
        steps = np.concatenate([self._steps[even] + self._steps[odd], rest])
        areas = np.concatenate([self._areas[even] + self._steps[even] * self.width + self._areas[odd], rest])
        return _Bins(2 * self.width, steps, areas)

    def means(self) -> Amounts:
        """The mean over each bin, of a function that begins at 0."""
        return np.concatenate([[0.0], np.cumsum(self._steps)[:-1]]) + self._areas / self.width


class StepFunction:
    """A step function of time, told as changes at cycles, in any order."""

    def __init__(self) -> None:
        self._pending: list[tuple[Cycles, Amounts]] = []  # changes not taken in yet
        self._base = 0.0  # the value at the origin
        self._origin = self._end = 0
        self._bins = [_Bins(1, np.zeros(BINS), np.zeros(BINS))]  # those that hold what is shown, then wider ones

    def change(self, cycles: Cycles, amounts: Amounts) -> None:
        """The value rises by these *amounts* at these *cycles*."""
        self._pending.append((cycles, amounts))

    def span(self, starts: Cycles, ends: Cycles, amounts: Amounts | None = None) -> None:
        """The value is higher by these *amounts*, or by 1, from *starts* to *ends*."""
        rises = np.ones(len(starts)) if amounts is None else amounts
        self._pending += ((starts, rises), (ends, -rises))

    def take_in(self, now: int, shown: tuple[int, int] | None) -> None:
        """Take in the changes told so far.

        As yet the trace shows the cycles *shown*; it may come to show later ones, never earlier ones. Where it shows
        none, it will show none before *now*.
        """
        cycles = np.concatenate([NO_CYCLES, *(cycles for cycles, _ in self._pending)])
        amounts = np.concatenate([NO_AMOUNTS, *(amounts for _, amounts in self._pending)])
        early = cycles <= (now if shown is None else shown[0])
        self._base += float(amounts[early].sum())
        self._pending = [(cycles[~early], amounts[~early])] if shown is None else []
        if shown is not None:
            self._origin, self._end = shown
            self._fill(cycles[~early] - self._origin, amounts[~early])

    def _fill(self, offsets: Cycles, amounts: Amounts) -> None:
        """Add changes, counted from the origin; wider bins are kept too, for what lies beyond the trace as yet."""
        shown = self._end - self._origin
        needed = max(shown, int(offsets.max(initial=0)) + 1)
        while self._bins[-1].reach < needed:
            self._bins.append(self._bins[-1].doubled())
        while self._bins[0].reach < shown:
            del self._bins[0]
        for bins in self._bins:
            bins.add(offsets, amounts)

    def means(self) -> tuple[int, int, list[float]]:
        """The first cycle shown, the width of a bin in cycles, and the mean over each bin up to the last cycle shown.

        The last bin may reach beyond what is shown; so values times width sum to the area below the function.
        """
        width = self._bins[0].width
        means = (self._base + self._bins[0].means())[: -(-(self._end - self._origin) // width)]
        return self._origin, width, [float(mean) for mean in np.round(means, 9) + 0.0]
