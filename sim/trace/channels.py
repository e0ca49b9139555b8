"""What the clocks of a DRAM channel went to, transfer by transfer.

All channels do the same at the same time, so one timeline stands for all. Of a transfer's time the parts without data
come first, one behind the other: idle, turnaround, row, latency, refresh. Where within the data a refresh fell is not
shown. The clocks of each part are exact; in cycles its ends are rounded up, as the DMA engine's are.
"""

from __future__ import annotations

from collections.abc import Iterator

from hw.accounts import Landing
from hw.lpddr5 import COST_NAMES, TRANSFER_TIMINGS
from hw.machine import MachineSpec

DATA = COST_NAMES[0]
WITHOUT_DATA = ("dram_turnaround", "dram_row_miss", "dram_latency", "dram_refresh")

Part = tuple[str | None, int, int, int]  # reason (None: data), first cycle, cycle after the last, clocks


class ChannelTimeline:
    """The time of the channels of one section, from clock 0 on."""

    def __init__(self, machine: MachineSpec) -> None:
        self._per_cycle = (10**15, machine.clock * TRANSFER_TIMINGS[machine.dram.timing].tck_fs)
        self._free = 0

    def transfer(self, landing: Landing) -> Iterator[Part]:
        """The parts of the next transfer; idle clocks have the reason for which it came late."""
        numerator, denominator = self._per_cycle
        costs = dict(zip(COST_NAMES, landing.costs, strict=True))
        yield from self._until(landing.late_reason, -(-landing.issued * numerator // denominator))
        for reason in WITHOUT_DATA:
            yield from self._until(reason, self._free + costs[reason])
        yield from self._until(None, self._free + costs[DATA])

    def finish(self, makespan: int) -> Iterator[Part]:
        """What is left of the section, *makespan* cycles long."""
        numerator, denominator = self._per_cycle
        for reason, start, end, clocks in self._until("nothing_left", -(-makespan * numerator // denominator)):
            yield reason, start, min(end, makespan), clocks

    def _until(self, reason: str | None, clock: int) -> Iterator[Part]:
        if clock > self._free:
            numerator, denominator = self._per_cycle
            start, end = (-(-each * denominator // numerator) for each in (self._free, clock))
            yield reason, start, end, clock - self._free
            self._free = clock
