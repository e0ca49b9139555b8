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

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.reasons import COST_NAMES, Reason
from sim.trace.slices import NOTHING, Mask, Numbers, Words

DATA = COST_NAMES[0]
IN_TURN = (Reason.DRAM_TURNAROUND, Reason.DRAM_ROW_MISS, Reason.DRAM_LATENCY, Reason.DRAM_REFRESH, DATA)
_COSTS = [COST_NAMES.index(name) for name in IN_TURN]


@dataclass(frozen=True)
class ChannelUse:
    """What a channel did, one stretch after the other: it moved data, or it did not for a ``reason``.

    ``transfer`` is the number of the transfer that the stretch belongs to, ``clocks`` its exact length.
    """

    transfer: Numbers
    reason: Words  # NOTHING where it moved data
    start: Numbers
    end: Numbers
    clocks: Numbers

    @property
    def moves(self) -> Mask:
        """Where it moved data."""
        moves: Mask = self.reason.codes == NOTHING
        return moves

    def __getitem__(self, rows: Numbers | Mask) -> ChannelUse:
        return ChannelUse(self.transfer[rows], self.reason[rows], self.start[rows], self.end[rows], self.clocks[rows])


class ChannelTimeline:
    """The time of the channels of one section, from clock 0 on, which is cycle *origin* of the run.

    *names* are those of the reasons for which transfers come late, by their numbers.
    """

    def __init__(self, machine: MachineSpec, names: Sequence[str], origin: int) -> None:
        self._names = names
        clocks = Fraction(10**15, machine.clock * machine.dram.grade.tck_fs)  # a cycle
        self._clocks, self._cycles = clocks.as_integer_ratio()
        self._origin = origin
        self._free = 0  # the clock up to which it is known what a channel did

    def transfers(self, landings: Sequence[Landing]) -> ChannelUse:
        """What the next transfers made a channel do; idle clocks have the reason for which the transfer came late."""
        arrived = self._clock(np.array([landing.issued for landing in landings], np.int64))
        costs = np.array([landing.costs for landing in landings], np.int64).reshape(-1, len(COST_NAMES))[:, _COSTS]
        ends = self._ends(arrived, costs.sum(axis=1))
        free = np.concatenate([[self._free], ends])
        self._free = int(free[-1])
        idle = ends - costs.sum(axis=1) - free[:-1]
        clocks = np.column_stack([idle, costs])  # of each transfer those of each stretch
        stretch_ends = free[:-1, None] + np.cumsum(clocks, axis=1)
        reasons = Words.of([*IN_TURN[:-1], *(self._names[landing.late_reason] for landing in landings)])
        of_costs, of_idle = np.split(reasons.codes, [len(IN_TURN) - 1])
        codes = np.column_stack([of_idle, np.tile([*of_costs, NOTHING], (len(landings), 1))])
        some = clocks > 0
        return self._use(np.nonzero(some)[0], Words(codes[some], reasons.texts), stretch_ends[some], clocks[some])

    def _ends(self, arrived: Numbers, lasting: Numbers) -> Numbers:
        """The clocks at which transfers end that have *arrived* and last so many clocks, one after the other.

        Each begins when it has arrived and the one before it has ended. Less the clocks of all those before it, that is
        the latest arrival so far, or when the channel was free.
        """
        before = np.cumsum(lasting) - lasting
        latest = np.maximum(np.maximum.accumulate(arrived - before), self._free)
        ends: Numbers = before + latest + lasting
        return ends

    def finish(self, makespan: int) -> ChannelUse:
        """What a channel did between its last transfer and the end of the section, which is *makespan* cycles long."""
        clock = self._clock(np.array([makespan]))
        left = clock - self._free
        found = self._use(np.array([NOTHING]), Words.same(Reason.NOTHING_LEFT, 1), clock, left)[left > 0]
        return replace(found, end=np.minimum(found.end, makespan + self._origin))

    def _use(self, transfer: Numbers, reason: Words, ends: Numbers, clocks: Numbers) -> ChannelUse:
        return ChannelUse(transfer, reason, self._cycle(ends - clocks), self._cycle(ends), clocks)

    def _clock(self, cycles: Numbers) -> Numbers:
        return -(-cycles * self._clocks // self._cycles)

    def _cycle(self, clocks: Numbers) -> Numbers:
        return -(-clocks * self._cycles // self._clocks) + self._origin
