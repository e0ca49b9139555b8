"""What the DMA engine moves to and from SRAM, and how far it is behind with it.

The data of a transfer move at DRAM's peak rate. Units go first: the DMA engine takes what they leave of the clusters in
which the transfer's buffer lies, and what it does not get then it takes when there is room. It may fall behind by as
much as the transfer at hand; then it has priority. Who waits for a transfer asks for nothing meanwhile, so that others
hold it up at most; the end that the channel tells does not move for it.
"""

from __future__ import annotations

from array import array
from math import inf
from typing import Final

ROUNDING: Final = 1e-9  # of a cycle: nothing is left


class Traffic:
    """The intervals in which data move, in order of time; those before ``place`` are over.

    ``kind`` says which clusters they take, 0 is nothing. At the time that was looked at last the DMA engine is
    ``behind`` by so many cycles of its work; ``taking`` is what it moves with priority.
    """

    __slots__ = (
        "_begin", "_end", "_growth", "_kept_behind", "_kept_late", "_kept_place", "_kept_seen", "_kind", "_late",
        "_seen", "behind", "count", "place", "room", "taking",
    )  # fmt: skip

    def __init__(self) -> None:
        self.room = 16
        self._begin = array("d", [0.0]) * 16
        self._end = array("d", [0.0]) * 16
        self._kind = array("q", [0]) * 16
        self.count = self.place = self.taking = 0
        self.behind = 0.0
        self._growth = 0.0  # of behind, a cycle
        self._late = 0  # the kind that it is behind with
        self._seen = 0.0  # until when behind has been brought up to date; since then there was room for everything
        self._kept_place = self._kept_late = 0
        self._kept_behind = self._kept_seen = 0.0

    def add(self, kind: int, begin: float, end: float) -> None:
        """One more interval, behind all others."""
        self._kind[self.count] = kind
        self._begin[self.count] = begin
        self._end[self.count] = end
        self.count += 1

    def make_room(self, time: float) -> None:
        """Forget what is over at *time*, which everything else has come to; grow if that is not much."""
        self._bring_up(time)
        for place in range(self.place, self.count):
            self._kind[place - self.place] = self._kind[place]
            self._begin[place - self.place] = self._begin[place]
            self._end[place - self.place] = self._end[place]
        self.count -= self.place
        self.place = 0
        if 2 * self.count > self.room:
            self._kind = array("q", self._kind) + array("q", [0]) * self.room
            self._begin = array("d", self._begin) + array("d", [0.0]) * self.room
            self._end = array("d", self._end) + array("d", [0.0]) * self.room
            self.room *= 2

    def keep(self) -> None:
        """Remember how things stand, to look ahead."""
        self._kept_place = self.place
        self._kept_late = self._late
        self._kept_behind = self.behind
        self._kept_seen = self._seen

    def go_back(self) -> None:
        """Let things stand as they were when they were kept."""
        self.place = self._kept_place
        self._late = self._kept_late
        self.behind = self._kept_behind
        self._seen = self._kept_seen

    def look(self, time: float, spare: array[float]) -> float:
        """What happens at *time*, never earlier than before; returns for how long it goes on.

        *spare* is the part of its work, by kind, that the DMA engine can do without holding up units.
        """
        self._bring_up(time)
        self.taking = 0
        self._growth = 0.0
        place = self.place
        if place < self.count and self._begin[place] <= time:
            self._late = self._kind[place]
            left = self._end[place] - time
            self._growth = 1.0 - spare[self._late]
            allowed = self._end[place] - self._begin[place] - self.behind
            if self._growth <= 0.0:
                return left
            if allowed > ROUNDING:
                return min(left, allowed / self._growth)
            self._growth = 0.0
            self.taking = self._late
            return left
        left = inf if place == self.count else self._begin[place] - time
        if self.behind and spare[self._late] > 0.0:
            self._growth = -spare[self._late]
            left = min(left, self.behind / spare[self._late])
        return left

    def go_on(self, time: float, span: float) -> None:
        """What was looked at goes on for *span* cycles, until *time*."""
        self._seen = time
        self.behind += self._growth * span
        if self.behind < ROUNDING:
            self.behind = 0.0

    def _bring_up(self, time: float) -> None:
        """Go on to the first interval that is not over at *time*; there was room for everything until then."""
        idle = time - self._seen
        while self.place < self.count and self._end[self.place] <= time:
            idle -= max(0.0, self._end[self.place] - max(self._begin[self.place], self._seen))
            self.place += 1
        if self.behind:
            if self.place < self.count:
                idle -= max(0.0, time - max(self._begin[self.place], self._seen))
            self.behind = max(0.0, self.behind - idle)
        self._seen = time
