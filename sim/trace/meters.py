"""The counters of a trace: use of every unit, queues, transfers in flight, DRAM bandwidth, and what is in SRAM."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hw.machine import MachineSpec
from sim.lowering.section import Section
from sim.trace.levels import Level
from sim.trace.occupancy import ROLES, Change, Occupancy
from sim.trace.requests import Requests, Tables
from sim.trace.slices import Counter, Numbers, Words

ALL = "all"
KIB, GIGA = 1024, 10**9
UNITS = ("mac_array", "simd", "dma")


class Meters:
    """Measures a run as it goes."""

    def __init__(self, machine: MachineSpec) -> None:
        self._clock_hz = machine.clock
        self._busy = {unit: Level() for unit in UNITS}
        self._queues = {unit: Level() for unit in UNITS}
        self._flying = Level()
        self._bandwidth = {False: Level(), True: Level()}  # by whether it writes
        self._sram = {role: Level() for role in (ALL, *ROLES)}
        self._occupancy: Occupancy | None = None

    def begin(self, section: Section, tables: Tables) -> None:
        """*section* begins."""
        if self._occupancy is not None:
            self._keep(self._occupancy.clear(tables.origin))
        self._occupancy = Occupancy(section, tables)
        self._keep([self._occupancy.resident()])

    def work(self, units: Words, requests: Requests) -> None:
        """*requests* of these *units* have been done."""
        assert self._occupancy is not None, "a section has begun"
        self._keep(self._occupancy.changes(requests))
        for number, unit in enumerate(units.texts):
            own = units.codes == number
            ready, now, start, end = (c[own] for c in (requests.ready, requests.now, requests.start, requests.end))
            waited = now > ready
            self._busy[unit].span(start, end)
            self._queues[unit].span(ready[waited], now[waited])
            if unit == "dma":
                self._flying.span(now, end)

    def moved(self, write: bool, start: Numbers, end: Numbers, size_bytes: Numbers) -> None:
        """The channels moved data, written to DRAM or read."""
        self._bandwidth[write].span(start, end, size_bytes / np.maximum(end - start, 1))

    def _keep(self, changes: Iterable[Change]) -> None:
        for role, cycles, sizes in changes:
            for level in (self._sram[role], self._sram[ALL]):
                level.change(cycles, sizes.astype(np.float64))

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
        for *_, level in self._levels():
            level.fold(now, shown)

    def counters(self) -> list[Counter]:
        """All of them, once the run has ended."""
        found = []
        for component, name, unit, scale, level in self._levels():
            start, width, values = level.means()
            if any(values):
                scaled = [round(value * scale, 6) for value in values]
                found.append(Counter(component, name, unit, start, width, scaled))
        return found
