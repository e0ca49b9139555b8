"""What the clocks of a DRAM channel went to, transfer by transfer.

All channels do the same at the same time, so one timeline stands for all. Of a transfer's time the parts without data
come first, one behind the other: idle, turnaround, row, latency, refresh. Where within the data a refresh fell is not
shown. The clocks of each part are exact; in cycles its ends are rounded up, as the DMA engine's are.
"""

from __future__ import annotations

from hw.accounts import Landing
from hw.lpddr5 import COST_NAMES, TRANSFER_TIMINGS
from hw.machine import MachineSpec

DATA = COST_NAMES[0]
WITHOUT_DATA = ("dram_turnaround", "dram_row_miss", "dram_latency", "dram_refresh")
IN_TURN = [(None if name == DATA else name, COST_NAMES.index(name)) for name in (*WITHOUT_DATA, DATA)]

Part = tuple[str | None, int, int, int]  # reason (None: data), first cycle, cycle after the last, clocks


class ChannelTimeline:
    """The time of the channels of one section, from clock 0 on."""

    def __init__(self, machine: MachineSpec) -> None:
        self._per_cycle = (10**15, machine.clock * TRANSFER_TIMINGS[machine.dram.timing].tck_fs)
        self._free = 0  # the clock up to which it is known what the channels did
        self._cycle = 0  # that clock in cycles

    def transfer(self, landing: Landing) -> list[Part]:
        """The parts of the next transfer; idle clocks have the reason for which it came late."""
        numerator, denominator = self._per_cycle
        found: list[Part] = []
        arrived, costs = -(-landing.issued * numerator // denominator), landing.costs
        if arrived > self._free:
            found.append(self._until(landing.late_reason, arrived))
        for reason, place in IN_TURN:
            if costs[place] > 0:
                found.append(self._until(reason, self._free + costs[place]))
        return found

    def finish(self, makespan: int) -> list[Part]:
        """What is left of the section, *makespan* cycles long."""
        numerator, denominator = self._per_cycle
        clock = -(-makespan * numerator // denominator)
        if clock <= self._free:
            return []
        reason, start, end, clocks = self._until("nothing_left", clock)
        return [(reason, start, min(end, makespan), clocks)]

    def _until(self, reason: str | None, clock: int) -> Part:
        """The part that ends at *clock*."""
        numerator, denominator = self._per_cycle
        start, clocks = self._cycle, clock - self._free
        self._free, self._cycle = clock, -(-clock * denominator // numerator)
        return reason, start, self._cycle, clocks
