"""Where the cycles went over time: the accounts of every unit in windows of equal length.

The length doubles, and neighbours are merged, whenever a run has outgrown its windows: so a recorder need not know how
long a run will take, and memory does not grow with it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sim.choice import Section
from sim.units import apportion


class WindowRecorder:
    """A recorder that sums up *most* windows at most, and half as many at least once the run is that long."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.window_cycles = 1
        self.windows: list[dict[str, Counter[str]]] = []  # window -> unit -> cycles by what they went to
        self._origin = 0

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; its cycles count from *start* of the run."""
        self._origin = start

    def busy(self, unit: str, stream: Any, start: int, end: int) -> None:
        """*unit* works; edges, fill and drain are spread evenly over a request."""
        cost = stream.cost
        useful, fill = (end - start, 0) if cost is None else (cost.useful_cycles, cost.fill_drain_cycles)
        parts = {"useful": useful, "edge": end - start - useful - fill, "fill_drain": fill}
        self._add(unit, {what: cycles for what, cycles in parts.items() if cycles}, start + self._origin, end - start)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits."""
        self._add(unit, {reason: end - start}, start + self._origin, end - start)

    def _add(self, unit: str, parts: dict[str, int], start: int, cycles: int) -> None:
        """Spread *parts*, which sum to *cycles*, over the windows from cycle *start* on."""
        end = start + cycles
        while end > self._most * self.window_cycles:
            self._double()
        length = self.window_cycles
        while len(self.windows) * length < end:
            self.windows.append({})
        for number in range(start // length, -(-end // length)):
            stop = min(end, (number + 1) * length)
            now = apportion(stop - max(start, number * length), parts) if stop < end else parts
            counts = self.windows[number].setdefault(unit, Counter())
            for what, count in now.items():
                counts[what] += count
            parts = {what: count - now[what] for what, count in parts.items()}

    def _double(self) -> None:
        self.window_cycles *= 2
        merged = []
        for first in range(0, len(self.windows), 2):
            window = self.windows[first]
            for other in self.windows[first + 1 : first + 2]:
                for unit, counts in other.items():
                    window.setdefault(unit, Counter()).update(counts)
            merged.append(window)
        self.windows = merged
