"""The counters of a trace: use of every unit, queues, transfers in flight, DRAM bandwidth, and what is in SRAM."""

from __future__ import annotations

from typing import Any

import numpy as np

from hw.machine import MachineSpec
from hw.requests import Transfer
from sim.choice import Section
from sim.streams import StreamRun
from sim.trace.levels import Cycles, Level
from sim.trace.model import Counter
from sim.trace.occupancy import ROLES, Change, Occupancy

ALL = "all"
KIB, GIGA = 1024, 10**9
UNITS = ("mac_array", "simd", "dma")


class Meters:
    """Measures a run as it goes; cycles given to it count from the beginning of the section."""

    def __init__(self, machine: MachineSpec) -> None:
        self._clock_hz = machine.clock
        self._busy = {unit: Level() for unit in UNITS}
        self._queues = {unit: Level() for unit in UNITS}
        self._flying = Level()
        self._bandwidth = {False: Level(), True: Level()}  # by whether it writes
        self._sram = {role: Level() for role in (ALL, *ROLES)}
        self._worked: dict[str, list[int]] = {unit: [] for unit in UNITS}  # ready, issued, start, end, and again
        self._moved: dict[bool, list[int]] = {False: [], True: []}  # start, end, bytes, and again
        self._held: dict[str, list[int]] = {role: [] for role in ROLES}  # cycle, bytes more (or less), and again
        self._occupancy: Occupancy
        self._origin = 0

    def begin(self, section: Section, start: int) -> None:
        """*section* begins at cycle *start* of the run."""
        if start:
            self._keep(self._occupancy.clear(start - self._origin))
        self._occupancy, self._origin = Occupancy(section), start
        self._keep(self._occupancy.resident())

    def request(self, unit: str, stream: StreamRun[Any], ready: int, now: int, start: int, end: int) -> None:
        """*unit* is busy with the offered item of *stream*, which could have started at *ready*, and starts *now*."""
        origin = self._origin
        self._worked[unit] += (ready + origin, now + origin, start + origin, end + origin)
        self._keep(self._occupancy.request(stream, now, end))

    def moved(self, request: Transfer, start: int, end: int) -> None:
        """The channels moved the data of *request*."""
        self._moved[request.write] += (start + self._origin, end + self._origin, request.size_bytes)

    def _keep(self, changes: list[Change]) -> None:
        for role, cycle, size in changes:
            self._held[role] += (cycle + self._origin, size)

    def _levels(self) -> list[tuple[str, str, str, float, Level]]:
        """Component, name, unit and scale of every counter."""
        found: list[tuple[str, str, str, float, Level]] = []
        for unit in UNITS:
            found.append((unit, "busy", "%", 100, self._busy[unit]))
            found.append((unit, "ready and waiting", "requests", 1, self._queues[unit]))
        found.append(("dma", "in flight", "transfers", 1, self._flying))
        rate = self._clock_hz / GIGA
        for write, name in ((False, "read bandwidth"), (True, "write bandwidth")):
            found.append(("dram", name, "GB/s", rate, self._bandwidth[write]))
        for role, level in self._sram.items():
            found.append(("sram", f"in use: {role}", "KiB", 1 / KIB, level))
        return found

    def fold(self, now: int, shown: tuple[int, int] | None) -> None:
        """Take in what has been told, *now* being the run's cycle and *shown* the cycles that the trace has so far."""
        self._tell()
        for *_, level in self._levels():
            level.fold(now, shown)

    def _tell(self) -> None:
        """Hand what has been told to the levels."""
        for unit, worked in self._worked.items():
            ready, issued, start, end = _columns(worked, 4)
            self._busy[unit].span(start, end)
            waited = issued > ready
            self._queues[unit].span(ready[waited], issued[waited])
            if unit == "dma":
                self._flying.span(issued, end)
        for write, moved in self._moved.items():
            start, end, size = _columns(moved, 3)
            self._bandwidth[write].span(start, end, size / np.maximum(end - start, 1))
        for role, held in self._held.items():
            cycle, size = _columns(held, 2)
            for level in (self._sram[role], self._sram[ALL]):
                level.change(cycle, size.astype(np.float64))

    def counters(self) -> list[Counter]:
        """All of them, once the run has ended."""
        found = []
        for component, name, unit, scale, level in self._levels():
            start, width, values = level.means()
            if any(values):
                scaled = [round(value * scale, 6) for value in values]
                found.append(Counter(component, name, unit, start, width, scaled))
        return found


def _columns(told: list[int], width: int) -> Cycles:
    """What has been *told*, row after row, which is forgotten, as *width* columns."""
    found = np.array(told, dtype=np.int64).reshape(-1, width).T
    told.clear()
    return found
