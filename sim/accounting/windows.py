"""Where the cycles went over time: the accounts of every unit in windows of equal length.

The length doubles, and neighbours are merged, whenever a run has outgrown its windows: so a recorder need not know how
long a run will take, and memory does not grow with it.
"""

from __future__ import annotations

from array import array
from typing import Any

from hw.integers import apportion
from hw.requests import Cost
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.lowering.section import Section


class _Series:
    """Cycles of one kind in each window."""

    __slots__ = ("cycles",)

    def __init__(self, most: int) -> None:
        self.cycles = array("q", [0]) * most

    def add(self, window: int, cycles: int) -> None:
        """So many more in a *window*."""
        self.cycles[window] += cycles

    def counts(self, windows: int) -> list[int]:
        """Those of the first *windows*."""
        return [self.cycles[window] for window in range(windows)]

    def merge(self) -> None:
        """Every window takes in its right neighbour."""
        most = len(self.cycles)
        for window in range(most):
            right = 2 * window + 1
            left = self.cycles[2 * window] if 2 * window < most else 0
            self.cycles[window] = left + (self.cycles[right] if right < most else 0)


class WindowRecorder(RunObserver):
    """An observer that sums up *most* windows at most, and half as many at least once the run is that long."""

    __slots__ = ("_most", "_origin", "_units", "end", "window_cycles")

    def __init__(self, most: int) -> None:
        self._most = most
        self.window_cycles = 1
        self.end = 0  # of what has been heard, in cycles of the run
        self._units: dict[str, dict[str, _Series]] = {}  # unit -> what its cycles went to
        self._origin = 0

    @property
    def units(self) -> dict[str, dict[str, list[int]]]:
        """Unit -> what its cycles went to -> cycles in each window."""
        windows = -(-self.end // self.window_cycles)
        return {
            unit: {what: one.counts(windows) for what, one in series.items()} for unit, series in self._units.items()
        }

    def begin(self, section: Section, start: int) -> None:
        self._origin = start

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        """*unit* works; edges, fill and drain are spread evenly over a request."""
        request: Offered = offered
        cost: Cost | None = request.cost
        if cost is None or (not cost.fill_drain_cycles and cost.useful_cycles == end - start):
            self._add(unit, "useful", start + self._origin, end + self._origin)
            return
        useful, fill = cost.useful_cycles, cost.fill_drain_cycles
        parts = {"useful": useful, "edge": end - start - useful - fill, "fill_drain": fill}
        parts = {what: cycles for what, cycles in parts.items() if cycles}
        self._spread(unit, parts, start + self._origin, end + self._origin)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        self._add(unit, reason, start + self._origin, end + self._origin)

    def _add(self, unit: str, what: str, start: int, end: int) -> None:
        """The cycles from *start* to *end* went to one thing."""
        self._reach(end)
        length = self.window_cycles
        while start < end:
            window = start // length
            stop = min(end, (window + 1) * length)
            self._series(unit, what).add(window, stop - start)
            start = stop

    def _spread(self, unit: str, parts: dict[str, int], start: int, end: int) -> None:
        """The cycles from *start* to *end* went to these *parts*, at every time in the same proportion."""
        self._reach(end)
        length = self.window_cycles
        while start < end:
            window = start // length
            stop = min(end, (window + 1) * length)
            now = apportion(stop - start, parts) if stop < end else parts
            for what, cycles in now.items():
                self._series(unit, what).add(window, cycles)
            parts = {what: count - now[what] for what, count in parts.items()}
            start = stop

    def _reach(self, end: int) -> None:
        """Make the windows long enough for a run up to *end*."""
        self.end = max(self.end, end)
        while end > self._most * self.window_cycles:
            self.window_cycles *= 2
            for series in self._units.values():
                for one in series.values():
                    one.merge()

    def _series(self, unit: str, what: str) -> _Series:
        of_unit = self._units.get(unit)
        if of_unit is None:
            of_unit = self._units[unit] = {}
        series = of_unit.get(what)
        if series is None:
            series = of_unit[what] = _Series(self._most)
        return series
