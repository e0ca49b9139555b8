"""The counters of a trace: use of every unit, queues, transfers in flight, DRAM bandwidth, and what is in SRAM."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hw.machine import MachineSpec
from hw.unit_names import DMA
from sim.trace.buffer_uses import ROLES
from sim.trace.occupancy import Change
from sim.trace.requests import Requests
from sim.trace.slices import Counter, Numbers, Words
from sim.trace.step_function import StepFunction

ALL = "all"
KIB, GIGA = 1024, 10**9


class RunCounters:
    """Counts as a run goes on, from what is written of its requests."""

    def __init__(self, machine: MachineSpec) -> None:
        self._clock_hz = machine.clock
        self._busy: dict[str, StepFunction] = {unit: StepFunction() for unit in (*machine.compute, DMA)}
        self._queues: dict[str, StepFunction] = {unit: StepFunction() for unit in (*machine.compute, DMA)}
        self._in_flight = StepFunction()
        self._bandwidth = {False: StepFunction(), True: StepFunction()}  # by whether it writes
        self._sram = {role: StepFunction() for role in (ALL, *ROLES)}

    def work(self, units: Words, requests: Requests) -> None:
        """*requests* of these *units* have been done."""
        for number, unit in enumerate(units.texts):
            own = units.codes == number
            ready, now, start, end = (c[own] for c in (requests.ready, requests.now, requests.start, requests.end))
            waited = now > ready
            self._busy[unit].span(start, end)
            self._queues[unit].span(ready[waited], now[waited])
            if unit == DMA:
                self._in_flight.span(now, end)

    def moved(self, write: bool, start: Numbers, end: Numbers, size_bytes: Numbers) -> None:
        """The channels moved data, written to DRAM or read."""
        self._bandwidth[write].span(start, end, size_bytes / np.maximum(end - start, 1))

    def occupied(self, changes: Iterable[Change]) -> None:
        """More or less of the SRAM is in use."""
        for role, cycles, sizes in changes:
            for in_use in (self._sram[role], self._sram[ALL]):
                in_use.change(cycles, sizes.astype(np.float64))

    def take_in(self, now: int, shown: tuple[int, int] | None) -> None:
        """Take in what has been told, *now* being the run's cycle and *shown* the cycles that the trace has so far."""
        for *_, counted in self._all():
            counted.take_in(now, shown)

    def _all(self) -> list[tuple[str, str, str, float, StepFunction]]:
        """Component, name, unit and scale of every counter, and what it counts."""
        found: list[tuple[str, str, str, float, StepFunction]] = []
        for unit in self._busy:
            found.append((unit, "busy", "%", 100, self._busy[unit]))
            found.append((unit, "ready and waiting", "requests", 1, self._queues[unit]))
        found.append((DMA, "in flight", "transfers", 1, self._in_flight))
        rate = self._clock_hz / GIGA
        for write, name in ((False, "read bandwidth"), (True, "write bandwidth")):
            found.append(("dram", name, "GB/s", rate, self._bandwidth[write]))
        for role, in_use in self._sram.items():
            found.append(("sram", f"in use: {role}", "KiB", 1 / KIB, in_use))
        return found

    def counters(self) -> list[Counter]:
        """All that count anything, once the run has ended."""
        found = []
        for component, name, unit, scale, counted in self._all():
            start, width, values = counted.means()
            if any(values):
                scaled = [round(value * scale, 6) for value in values]
                found.append(Counter(component, name, unit, start, width, scaled))
        return found
