"""Skips what repeats: where the machine's state recurs, time, accounts and positions advance arithmetically.

Tiles of a layer and layers of a model are alike, so a run soon does the same again and again. At every border between
tiles or layers the state is compared with those at the borders before: how far every stream is from the border. Where
they stand as they stood at an earlier border, the periods between the two stand for those to come: all streams move on
by so many periods, the accounts gain in proportion, and every simulated cycle counts so many times more
(:mod:`sim.stretch`), by which the critical path is weighed as well.

Periods are not the same to the cycle, since DRAM refresh falls into each of them at another moment. So there have to be
enough of them to know the time and every stall of those to come: from how much they differ follows how far their mean
may be off (:mod:`sim.confidence`). Where it may be off too far, every event is simulated; so is what takes little time.
For the machine no time passes where something is skipped: what it goes through is a shorter run of the same work, in
which refresh comes in between as it does in the long one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from hw.accounts import Accounts
from hw.machine import Machine
from sim.confidence import half_width, mean
from sim.program import Program
from sim.streams import StreamRun
from sim.stretch import Stretch
from sim.units import Key, apportion

REQUESTS = 100_000  # to simulate before anything is skipped: about a second
REFRESH_SHARE = 0.0005  # of the periods that stand for others: what one refresh more or less in them may make
TIME_ERROR = 0.0001  # of the time: how far it may be off
STALL_ERROR = 0.01  # of a stall: how far it may be off ...
LITTLE = 0.00002  # ... and of the time: how far any stall may
SAMPLES = (3, 10)  # at least and at most, to tell how much periods differ
SIMULATED = 6  # layers, over which what skipped tiles are off averages out
AGAIN = 1.1  # so many times more borders than at the last look, before another
REMEMBERED = 1024  # borders

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

    def gains(self, later: _Border) -> dict[str, Gains]:
        """What every unit has gained from this border to a *later* one."""
        return {unit: _difference(self.accounts[unit], counts) for unit, counts in later.accounts.items()}

    def totals(self, later: _Border) -> Counter[tuple[str, str]]:
        """The same by unit and reason, over all streams, and the channels' clocks: what each unit's time went to."""
        totals: Counter[tuple[str, str]] = Counter()
        for unit, gains in self.gains(later).items():
            for (_, reason), cycles in gains.items():
                totals[unit, reason] += cycles
        for name, clocks in _difference(self.channel, later.channel).items():
            if name != "bursts":
                totals["channel", name] = clocks
        return totals


class _Level:
    """The last borders of layers, or of tiles: *tiles* apart.

    A sample of what happens between them takes *sample* periods, and *least* at least stand for others. What these make
    may be off *slack* times as much as in the whole.
    """

    def __init__(self, tiles: int, sample: int, least: int = 0, slack: float = 1.0) -> None:
        self.tiles = tiles
        self.sample = sample
        self.slack = slack
        self._least = max(least, SAMPLES[0] * sample)
        self.start([])

    def start(self, borders: list[_Border]) -> None:
        """Forget all borders but these."""
        self._borders = borders
        self._met = len(borders)
        self._next = 1 + self._least

    def add(self, border: _Border) -> None:
        """One more border."""
        self._borders = [*self._borders[1 - REMEMBERED :], border]
        self._met += 1

    def windows(self) -> Iterator[list[_Border]]:
        """Borders from one with the positions of the last to that: all there are, and those of the newer half.

        None before so many more have been met since the last look that the picture can have become another.
        """
        if self._met < self._next:
            return
        self._next = ceil(AGAIN * self._met)
        for borders in (self._borders, self._borders[len(self._borders) // 2 :]):
            starts = range(len(borders) - self._least)
            same = (start for start in starts if borders[start].positions == borders[-1].positions)
            if (first := next(same, None)) is not None:
                yield borders[first:]


class Repetition:
    """Watches a run of *program* and skips what repeats."""

    def __init__(self, program: Program, machine: Machine) -> None:
        self.stretch = Stretch()
        self._program = program
        self._machine = machine
        self._runs: Runs = ()
        self._active: Runs = ()  # the streams that have something to do in every tile
        self._unit = ""  # by whose time periods are measured: the one that is the busiest in the first
        requests = sum(sum(program.counts(stream)) for stream in program.streams)
        self._first = REQUESTS * program.tiles // requests  # tile before which all are simulated
        self._shortest_cycles = machine.dma.refresh_cycles / REFRESH_SHARE
        slack = sqrt(min(program.layers, SIMULATED))
        self._tiles = _Level(1, sample=6, slack=slack)  # tiles of two kinds can take turns
        self._layers = _Level(program.tiles_per_layer, 1, self._first // program.tiles_per_layer)

    def watch(self, runs: Runs) -> None:
        """The streams of the run, in the order of the program."""
        self._runs = [run for run in runs if any(self._program.counts(run.plan))]
        self._active = [run for run in runs if run.plan.busy(0)]

    def look(self, tile: int) -> None:
        """All tiles before *tile* are done: skip what can be skipped."""
        layer, place = divmod(tile, self._program.tiles_per_layer)
        if not place:
            self._tiles.start([])
            self._look(self._layers, tile, self._layer_room())
        elif all(run.tile > layer * self._program.tiles_per_layer for run in self._active):
            self._look(self._tiles, tile, self._tile_room(layer))

    def _look(self, level: _Level, tile: int, room: int) -> None:
        """Skip *room* periods of *level* if those before stand for them."""
        level.add(self._border(level, tile))
        if not room or tile < self._first:
            return
        for window in level.windows():
            self._unit = self._unit or _busiest(window)
            long_enough = self._cycles(window[0], window[-1]) >= self._shortest_cycles and len(window) - 1 <= room
            gains = self._gains(window, room) if long_enough and self._known(level, window, room) else None
            if gains is not None:
                self._skip(level, room, gains)
                for start, end, times in _shares(window, room):
                    self.stretch.repeat(start.free[self._unit], end.free[self._unit], times)
                    counts = _difference(start.channel, end.channel)
                    self._machine.dma.channel.skip({name: times * count for name, count in counts.items()})
                level.start([self._border(level, tile + room * level.tiles)])
                return

    def _known(self, level: _Level, window: list[_Border], room: int) -> bool:
        """Whether *room* periods more are known from those of *window* as exactly as they have to be.

        The total of all periods, those of the window being known, is surer than the mean of the samples by the root of
        *room*'s share in it.
        """
        lengths, spent = self._samples(level, window)
        if len(lengths) < SAMPLES[0]:
            return False
        share = sqrt(room / (room + len(window) - 1)) / level.slack
        times = dict.fromkeys((unit for unit, _ in spent), 0.0)
        for (unit, _), samples in spent.items():
            times[unit] += mean(samples)
        return share * half_width(lengths) <= TIME_ERROR * mean(lengths) and all(
            share * half_width(samples) <= max(STALL_ERROR * mean(samples), LITTLE * times[unit])
            for (unit, _), samples in spent.items()
        )

    def _samples(self, level: _Level, window: list[_Border]) -> tuple[list[float], dict[tuple[str, str], list[float]]]:
        """What a period takes, and what each unit's time goes to in it, on average over each part of *window*.

        As many parts as can be, each from one border with the positions of the last to another.
        """
        same = [number for number, border in enumerate(window) if border.positions == window[-1].positions]
        count = min(len(same) - 1, (len(window) - 1) // level.sample, SAMPLES[1])
        lengths: list[float] = []
        spent: dict[tuple[str, str], list[float]] = {}
        for part in range(count):
            first, last = (same[number * (len(same) - 1) // count] for number in (part, part + 1))
            lengths.append(self._cycles(window[first], window[last]) / (last - first))
            for key, time in window[first].totals(window[last]).items():
                spent.setdefault(key, [0.0] * count)[part] = time / (last - first)
        return lengths, spent

    def _cycles(self, start: _Border, end: _Border) -> int:
        """Cycles of the run between two borders."""
        return self.stretch.length(start.free[self._unit], end.free[self._unit])

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

    def _gains(self, window: list[_Border], times: int) -> dict[str, Gains] | None:
        """What every unit gains in *times* periods like those of *window*, so that it adds up; None if it cannot.

        A compute unit works as many cycles in every period, so that only its stalls take part in the rounding.
        """
        result: dict[str, Gains] = {}
        periods = len(window) - 1
        cycles = sum(share * self._cycles(start, end) for start, end, share in _shares(window, times))
        for unit, gains in window[0].gains(window[-1]).items():
            work = {key: times * count // periods for key, count in gains.items() if not key[1] and unit != "dma"}
            stalls = {key: count for key, count in gains.items() if key not in work}
            left = cycles - sum(work.values())
            if any(gains[key] % periods for key in work) or (gains and (left < 0 or (left and not stalls))):
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

    def _tile_room(self, layer: int) -> int:
        """How many tiles can be skipped so that all streams stay before the last tile of *layer*."""
        per_layer = self._program.tiles_per_layer
        furthest = max(run.tile for run in self._active)
        idle = [run for run in self._runs if run not in self._active]
        room = (layer + 1) * per_layer - 2 - furthest
        waits = any(run.delays(self._active) or run.tile <= furthest + room for run in idle)
        return 0 if waits else max(0, room)

    def _layer_room(self) -> int:
        """How many layers can be skipped so that no stream goes beyond the last one."""
        return max(0, self._program.layers - 1 - max(run.tile for run in self._runs) // self._program.tiles_per_layer)


def _busiest(window: list[_Border]) -> str:
    """The unit that worked the most in *window*."""
    totals = window[0].totals(window[-1])
    return max(window[0].free, key=lambda unit: totals[unit, ""])


def _shares(window: list[_Border], times: int) -> list[tuple[_Border, _Border, int]]:
    """(from, to, for how many more each period stands): *times* shared out over the periods of *window*."""
    each, more = divmod(times, len(window) - 1)
    middle = window[-1 - more]
    return [(window[0], middle, each), (middle, window[-1], each + 1)] if more else [(window[0], window[-1], each)]


def _difference(before: dict[Key, int], after: dict[Key, int]) -> dict[Key, int]:
    """What was gained, without zeros."""
    return {key: gain for key, count in after.items() if (gain := count - before.get(key, 0))}
