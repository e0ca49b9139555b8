"""Where the cycles went over time: the accounts of every unit in windows of equal length.

The length doubles, and neighbours are merged, whenever a run has outgrown its windows: so a recorder need not know how
long a run will take, and memory does not grow with it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sim.choice import Section

BUSY = "busy"


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
        """*unit* works."""
        self._add(unit, BUSY, start + self._origin, end + self._origin)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        """*unit* waits."""
        self._add(unit, reason, start + self._origin, end + self._origin)

    def _add(self, unit: str, what: str, start: int, end: int) -> None:
        while end > self._most * self.window_cycles:
            self._double()
        length = self.window_cycles
        while len(self.windows) * length < end:
            self.windows.append({})
        while start < end:
            number = start // length
            stop = min(end, (number + 1) * length)
            self.windows[number].setdefault(unit, Counter())[what] += stop - start
            start = stop

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
