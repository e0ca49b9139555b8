"""What the clocks of a DRAM channel went to, transfer by transfer.

All channels do the same at the same time, so one timeline stands for all. Of a transfer's time the parts without data
come first, one behind the other: idle, turnaround, row, latency, refresh. Where within the data a refresh fell is not
shown. The clocks of each part are exact; in cycles its ends are rounded up, as the DMA engine's are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from hw.dram import TRANSFER_TIMINGS
from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.reasons import COST_NAMES
from sim.trace.slices import NOTHING, Choice, Numbers, Words

DATA = COST_NAMES[0]
IN_TURN = ("dram_turnaround", "dram_row_miss", "dram_latency", "dram_refresh", DATA)
_COSTS = [COST_NAMES.index(name) for name in IN_TURN]


@dataclass(frozen=True)
class Parts:
    """What a channel did, in order of time: with data, or for a reason without; ``transfer`` is the number of it."""

    transfer: Numbers
    reason: Words  # NOTHING: data
    start: Numbers
    end: Numbers
    clocks: Numbers

    def __getitem__(self, rows: Choice) -> Parts:
        return Parts(self.transfer[rows], self.reason[rows], self.start[rows], self.end[rows], self.clocks[rows])


class ChannelTimeline:
    """The time of the channels of one section, from clock 0 on, which is cycle *origin* of the run.

    *names* are those of the reasons for which transfers come late, by their numbers.
    """

    def __init__(self, machine: MachineSpec, names: Sequence[str], origin: int) -> None:
        self._names = names
        clocks = Fraction(10**15, machine.clock * TRANSFER_TIMINGS[machine.dram.timing].tck_fs)  # a cycle
        self._clocks, self._cycles = clocks.as_integer_ratio()
        self._origin = origin
        self._free = 0  # the clock up to which it is known what the channels did

    def transfers(self, landings: Sequence[Landing]) -> Parts:
        """The parts of the next transfers; idle clocks have the reason for which one came late."""
        late = Words.of([*IN_TURN[:-1], *(self._names[landing.late_reason] for landing in landings)])
        arrived = self._clock(np.array([landing.issued for landing in landings], np.int64))
        costs = np.array([landing.costs for landing in landings], np.int64).reshape(-1, len(COST_NAMES))[:, _COSTS]
        before = np.cumsum(costs.sum(axis=1)) - costs.sum(axis=1)  # clocks of the transfers before each of these
        begun = before + np.maximum(np.maximum.accumulate(arrived - before), self._free)
        free = np.concatenate([[self._free], begun + costs.sum(axis=1)])
        self._free = int(free[-1])
        lasting = np.column_stack([begun - free[:-1], costs])
        ends = free[:-1, None] + np.cumsum(lasting, axis=1)
        codes = np.tile([0, *range(len(IN_TURN) - 1), NOTHING], (len(landings), 1))
        codes[:, 0] = late.codes[len(IN_TURN) - 1 :]
        shown = lasting > 0
        transfer = np.nonzero(shown)[0]
        return self._parts(transfer, Words(codes[shown], late.texts), ends[shown], lasting[shown])

    def finish(self, makespan: int) -> Parts:
        """What is left of the section, *makespan* cycles long."""
        clock = self._clock(np.array([makespan]))
        left = clock - self._free
        found = self._parts(np.array([NOTHING]), Words.same("nothing_left", 1), clock, left)[left > 0]
        return replace(found, end=np.minimum(found.end, makespan + self._origin))

    def _parts(self, transfer: Numbers, reason: Words, ends: Numbers, clocks: Numbers) -> Parts:
        return Parts(transfer, reason, self._cycle(ends - clocks), self._cycle(ends), clocks)

    def _clock(self, cycles: Numbers) -> Numbers:
        return -(-cycles * self._clocks // self._cycles)

    def _cycle(self, clocks: Numbers) -> Numbers:
        return -(-clocks * self._cycles // self._clocks) + self._origin
