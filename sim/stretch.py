"""How the cycles that were simulated make up those of the run, where parts of it stand for more than themselves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Stretch:
    """For how many cycles of the run every simulated cycle stands: a step function, 1 where nothing is skipped."""

    def __init__(self) -> None:
        self._starts = [0]
        self._weights = [1]

    def repeat(self, start: int, end: int, times: int) -> None:
        """The simulated cycles from *start* to *end* happen *times* times more, with all that they stand for."""
        for number in range(self._cut(start), self._cut(end)):
            self._weights[number] *= 1 + times

    def _cut(self, cycle: int) -> int:
        """The number of the step that begins at *cycle*."""
        place = bisect_left(self._starts, cycle)
        if place == len(self._starts) or self._starts[place] != cycle:
            self._starts.insert(place, cycle)
            self._weights.insert(place, self._weights[place - 1])
        return place

    def length(self, start: int, end: int) -> int:
        """Cycles of the run from simulated cycle *start* to *end*."""
        starts, weights = self._starts, self._weights
        total, place = 0, bisect_right(starts, start) - 1
        while start < end:
            stop = min(end, starts[place + 1]) if place + 1 < len(starts) else end
            total += (stop - start) * weights[place]
            start, place = stop, place + 1
        return total
