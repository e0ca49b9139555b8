"""Skips what repeats: where the machine's state recurs, time, accounts and positions advance arithmetically.

Tiles of a layer and layers of a model are alike, so a run soon does the same again and again. At the border of a tile
or layer the state is compared with that at the border before: how far every stream is from the border, and what time
and every unit's accounts have gained. Where the streams stand as they stood, the period between the borders stands for
those to come: all streams move on by so many periods, the accounts gain so many times what they gained, and every
simulated cycle counts so many times more (:mod:`sim.stretch`), by which the critical path is weighed as well.

Periods need not last the same to the cycle, since DRAM refresh falls into each of them at another moment. So not all is
skipped at once: some are simulated in between, and each stands for its share of the rest. For the machine no time
passes where something is skipped: what it goes through is a shorter run of the same work, in which refresh comes in
between as it does in the long one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hw.accounts import Accounts
from hw.machine import Machine
from sim.program import Program
from sim.streams import StreamRun
from sim.stretch import Stretch
from sim.units import Key, apportion

PERIODS = (1, 2, 4, 8, 16, 32, 64)  # tiles that make a period; the state may recur after some of them only
REFRESH_SHARE = 0.002  # of a period that one refresh more or less in it may make
TILES_ALIKE = 0.01  # of a period of tiles: how much two may differ for one to stand for others
LAYERS_ALIKE = 0.001  # the same for layers
SAME = 0.001  # periods of tiles so near to each other are taken for the same
TILE_SAMPLES = (16, 4)  # tiles to simulate of those of a layer that could be skipped: usually, where all are the same
LAYER_SAMPLES = (3, 2)  # layers that must be alike for any to be skipped, and those to simulate in between

Runs = Sequence[StreamRun[Any]]
Gains = dict[tuple[int, str], int]  # cycles of one unit by (rank of the stream, reason); the reason "" is busy


@dataclass(frozen=True)
class _Border:
    """The state at a border.

    ``positions`` are (tile, item) of every stream, tiles relative to the border for those that move on with it;
    ``free`` is until when the cycles of each unit are accounted for, ``accounts`` by unit what they went to so far.
    """

    positions: list[tuple[int, int]]
    free: dict[str, int]
    accounts: dict[str, Gains]
    channel: dict[str, int]


@dataclass(frozen=True)
class _Period:
    """From one border to the next: how many cycles of the run lie between, and what they went to."""

    cycles: int
    gains: dict[str, Gains]
    channel: dict[str, int]

    def alike(self, other: _Period, share: float) -> bool:
        """Whether no unit's work and no reason to wait differ by more than a *share* of the time, nor does that."""
        most = share * self.cycles
        if abs(self.cycles - other.cycles) > most:
            return False
        return all(abs(cycles - other.totals.get(key, 0)) <= most for key, cycles in self.totals.items())

    @cached_property
    def totals(self) -> Counter[tuple[str, str]]:
        """Cycles by unit and reason, over all streams."""
        totals: Counter[tuple[str, str]] = Counter()
        for unit, gains in self.gains.items():
            for (_, reason), cycles in gains.items():
                totals[unit, reason] += cycles
        return totals


class _Level:
    """What is known of the borders of layers, or of those of every so many *tiles*.

    Nothing is skipped before so many periods as the first of *samples* have been seen. If as many have been the *same*
    without a break, the second of *samples* are simulated of those that could be skipped, else the first; none is
    skipped then if *strict*.
    """

    def __init__(self, tiles: int, samples: tuple[int, int], alike: float, same: float, strict: bool) -> None:
        self.tiles = tiles
        self.alike = alike  # how much two periods may differ in length for one to stand for others
        self._samples = samples
        self._same = same
        self._strict = strict
        self._shortest = self._longest = self._seen = self._unbroken = 0
        self.forget()

    def forget(self) -> None:
        """Borders to come have nothing to do with those before."""
        self.border: _Border | None = None
        self.period: _Period | None = None
        self._room = 0  # when the first was skipped

    def times(self, cycles: int, room: int) -> int:
        """How many of the *room* periods that can be skipped to skip after one of *cycles*."""
        self._seen += 1
        self._unbroken += 1
        self._shortest, self._longest = min(self._shortest, cycles), max(self._longest, cycles)
        if self._longest - self._shortest > self._same * cycles:
            self._shortest = self._longest = cycles
            self._unbroken = 1
        many, few = self._samples
        if self._seen < many or (self._strict and self._unbroken < many):
            return 0
        self._room = self._room or room
        return min(max(1, self._room // (few if self._unbroken >= many else many)), room)


class Repetition:
    """Watches a run of *program* and skips what repeats."""

    def __init__(self, program: Program, machine: Machine) -> None:
        self.stretch = Stretch()
        self._program = program
        self._machine = machine
        self._runs: Runs = ()
        self._active: Runs = ()  # the streams that have something to do in every tile
        self._unit = ""  # by whose time periods are measured: the one that is the busiest in the first
        many, few = TILE_SAMPLES
        self._tiles = [_Level(n, (max(2, many // n), -(-few // n)), TILES_ALIKE, SAME, strict=False) for n in PERIODS]
        self._shortest_cycles = machine.dma.refresh_cycles / REFRESH_SHARE
        self._layers = _Level(program.tiles_per_layer, LAYER_SAMPLES, LAYERS_ALIKE, LAYERS_ALIKE, strict=True)

    def watch(self, runs: Runs) -> None:
        """The streams of the run, in the order of the program."""
        counts = self._program.variant_counts()
        self._runs = [run for run in runs if any(n and any(r) for n, r in zip(counts, run.plan.requests, strict=True))]
        self._active = [run for run in runs if any(run.plan.requests[0])]

    def look(self, tile: int) -> None:
        """All tiles before *tile* are done: skip what can be skipped."""
        layer, place = divmod(tile, self._program.tiles_per_layer)
        if not place:
            for level in self._tiles:
                level.forget()
            self._look(self._layers, tile, self._layer_room())
        else:
            for level in self._tiles:
                if place % level.tiles == 0 and self._look(level, tile, self._tile_room(layer, level.tiles)):
                    for other in self._tiles:
                        if other is not level:
                            other.forget()
                    break

    def _look(self, level: _Level, tile: int, room: int) -> bool:
        """Whether some of the *room* periods of *level* that can be skipped were."""
        before, previous = level.border, level.period
        border = level.border = self._border(level, tile)
        level.period = None
        if before is None or before.positions != border.positions:
            return False
        period = level.period = self._period(before, border)
        if previous is None or not room or period.cycles < self._shortest_cycles:
            return False
        if not period.alike(previous, level.alike):
            return False
        times = level.times(period.cycles, room)
        gains = self._gains(period, times) if times else None
        if gains is None:
            return False
        self._skip(level, times, gains)
        self.stretch.repeat(before.free[self._unit], border.free[self._unit], times)
        self._machine.dma.channel.skip({name: times * count for name, count in period.channel.items()})
        level.border = self._border(level, tile + times * level.tiles)
        return True

    def _moving(self, level: _Level) -> Runs:
        """The streams that move on with the periods of *level*: those with nothing to do in most tiles wait."""
        return self._runs if level is self._layers else self._active

    def _border(self, level: _Level, tile: int) -> _Border:
        moving = self._moving(level)
        positions = [(run.tile - tile if run in moving else run.tile, run.item) for run in self._runs]
        accounts: dict[str, Gains] = {}
        for run in self._runs:
            total = run.accounts if moving is self._active else Accounts.total(run.layers)
            of_unit = accounts.setdefault(run.plan.unit, {})
            of_unit[run.rank, ""] = total.busy
            for reason, cycles in total.stalls.items():
                of_unit[run.rank, reason] = cycles
        return _Border(positions, self._machine.free_at, accounts, self._machine.dma.channel.counters())

    def _period(self, before: _Border, after: _Border) -> _Period:
        gains = {unit: _difference(before.accounts[unit], counts) for unit, counts in after.accounts.items()}
        if not self._unit:
            self._unit = max(gains, key=lambda unit: sum(n for (_, reason), n in gains[unit].items() if not reason))
        cycles = self.stretch.length(before.free[self._unit], after.free[self._unit])
        return _Period(cycles, gains, _difference(before.channel, after.channel))

    def _gains(self, period: _Period, times: int) -> dict[str, Gains] | None:
        """What every unit gains in *times* periods, so that it adds up to their cycles; None if it cannot.

        A compute unit works as many cycles in every period, so that only its stalls take part in the rounding.
        """
        result: dict[str, Gains] = {}
        for unit, gains in period.gains.items():
            work = {key: times * cycles for key, cycles in gains.items() if not key[1] and unit != "dma"}
            stalls = {key: cycles for key, cycles in gains.items() if key not in work}
            left = times * period.cycles - sum(work.values())
            if gains and (left < 0 or (left and not stalls)):
                return None
            result[unit] = work | (apportion(left, stalls) if stalls else {})
        return result

    def _skip(self, level: _Level, times: int, gains: dict[str, Gains]) -> None:
        """The streams move on by *times* periods of *level* and gain *gains*."""
        moving = self._moving(level)
        for run in moving:
            own = [(reason, n) for (rank, reason), n in gains[run.plan.unit].items() if rank == run.rank]
            parts = times if level is self._layers else 1
            for part in range(parts):
                accounts = run.open_layer() if level is self._layers else run.accounts
                for reason, total in own:
                    cycles = (part + 1) * total // parts - part * total // parts
                    if reason:
                        accounts.stall(reason, cycles)
                    else:
                        accounts.busy += cycles
        for run in moving:
            run.skip(times * level.tiles, moving)

    def _tile_room(self, layer: int, tiles: int) -> int:
        """How many periods of so many *tiles* can be skipped so that all streams stay before the last tile of *layer*.

        None if one of them was not in the layer yet a period ago.
        """
        per_layer = self._program.tiles_per_layer
        places = [run.tile - layer * per_layer for run in self._active]
        idle = [run for run in self._runs if run not in self._active]
        room = per_layer - 2 - max(places)
        waits = any(run.delays(self._active) or run.tile <= layer * per_layer + max(places) + room for run in idle)
        return max(0, room // tiles) if min(places) >= tiles and not waits else 0

    def _layer_room(self) -> int:
        """How many layers can be skipped so that no stream goes beyond the last one."""
        return max(0, self._program.layers - 1 - max(run.tile for run in self._runs) // self._program.tiles_per_layer)


def _difference(before: dict[Key, int], after: dict[Key, int]) -> dict[Key, int]:
    """What was gained, without zeros."""
    return {key: gain for key, count in after.items() if (gain := count - before.get(key, 0))}
