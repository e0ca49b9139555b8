"""What one cluster of SRAM banks gives two units and the DMA engine, in exact fractions: no arrays, nothing kept twice.

It is told of requests and transfers in the order in which they are issued, and says when each request ends.
"""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from math import ceil


class PlainBanks:
    """A cluster that gives *rate* bytes a cycle, of which the DMA engine takes *dma_rate* while data move."""

    def __init__(self, units: tuple[str, str], rate: int, dma_rate: int) -> None:
        self.rate = Fraction(rate)
        self.dma_rate = min(Fraction(dma_rate), self.rate / 2)
        self.time = Fraction(0)
        self.left: dict[str, list[list[Fraction]]] = {unit: [] for unit in units}  # [cycles at full speed, bytes each]
        self.served = dict.fromkeys(units, Fraction(0))  # until when
        self.ends = dict.fromkeys(units, 0)  # as told
        self.transfers: list[tuple[int, int]] = []
        self.behind = Fraction(0)  # the DMA engine, in cycles

    def transfer(self, begin: int, end: int) -> None:
        self.transfers.append((begin, end))

    def request(self, unit: str, now: int, cycles: int, size: int) -> int:
        """When a request ends that starts *now*."""
        while self.time < now:
            self._step(Fraction(now))
        alone = max(cycles, ceil(size / self.rate))
        work = Fraction(alone)
        if not self.left[unit]:
            if self.ends[unit] == now:
                work -= min(1, now - self.served[unit])
            self.served[unit] = Fraction(now)
        if work:
            self.left[unit].append([work, Fraction(size, alone or 1)])
        ahead = deepcopy(self)
        while ahead.left[unit]:
            ahead._step(None)
        self.ends[unit] = max(now + alone, ceil(ahead.served[unit]))
        return self.ends[unit]

    def _step(self, until: Fraction | None) -> None:
        """Go on until something changes."""
        firsts = {unit: queue[0] for unit, queue in self.left.items() if queue}
        asked = {unit: size for unit, (_, size) in firsts.items()}
        moving = next((each for each in self.transfers if each[0] <= self.time < each[1]), None)
        room, spare = self.rate, self._spare(asked)
        first = moving is not None and spare < 1 and self.behind >= moving[1] - moving[0]
        if first:
            room -= self.dma_rate
        speeds = {unit: self._speed(unit, asked, room) for unit in asked}
        growth = Fraction(0) if first else (1 - spare if moving else -spare if self.behind else Fraction(0))
        moments = [self.time + cycles / speeds[unit] for unit, (cycles, _) in firsts.items()]
        moments += [Fraction(moment) for each in self.transfers for moment in each if moment > self.time]
        if until is not None:
            moments.append(until)
        if growth > 0:
            assert moving is not None
            moments.append(self.time + max(Fraction(0), moving[1] - moving[0] - self.behind) / growth)
        elif growth < 0:
            moments.append(self.time - self.behind / growth)
        self._go_to(min(moments), speeds, growth)

    def _go_to(self, moment: Fraction, speeds: dict[str, Fraction], growth: Fraction) -> None:
        for unit, speed in speeds.items():
            first = self.left[unit][0]
            first[0] -= speed * (moment - self.time)
            self.served[unit] = moment
            if not first[0]:
                self.left[unit].pop(0)
        self.behind += growth * (moment - self.time)
        self.time = moment

    def _spare(self, asked: dict[str, Fraction]) -> Fraction:
        """The part of its work that the DMA engine can do beside units."""
        return min(Fraction(1), max(Fraction(0), self.rate - sum(asked.values())) / self.dma_rate)

    def _speed(self, unit: str, asked: dict[str, Fraction], room: Fraction) -> Fraction:
        """Half of *room* is everybody's, and what the other one does not ask for."""
        own, others = asked[unit], sum(asked.values()) - asked[unit]
        return Fraction(1) if own + others <= room or own <= room / 2 else max(room / 2, room - others) / own
