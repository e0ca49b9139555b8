"""Skips what repeats: where the machine's state recurs, time, accounts and positions advance arithmetically.

Tiles of a layer and layers of a model are alike, so a run soon does the same again and again. At every border between
tiles or layers the state is compared with those at the borders before: how far every stream is from the border. Where
they stand as they stood at an earlier border, the periods between the two stand for those to come: all streams move on
by so many periods, the accounts gain in proportion, and every simulated cycle counts so many times more
(:mod:`sim.stretch`), by which the critical path is weighed as well.

Periods are not the same to the cycle, since DRAM refresh falls into each of them at another moment. So there have to be
several, of which the older half must have gained what the newer half has. What takes little time to simulate is not
skipped at all. For the machine no time passes where something is skipped: what it goes through is a shorter run of the
same work, in which refresh comes in between as it does in the long one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

from hw.accounts import Accounts
from hw.machine import Machine
from sim.program import Program
from sim.streams import StreamRun
from sim.stretch import Stretch
from sim.units import Key, apportion

REQUESTS = 100_000  # to simulate before anything is skipped: about a second
REFRESH_SHARE = 0.0005  # of the periods that stand for others: what one refresh more or less in them may make
PARTS = 3  # in which these periods are compared
TILES = 18  # tiles that stand for others, at least
LAYERS = 3  # layers that stand for others, at least
TILES_ERROR = 0.001  # of the time: standard error of what tiles gain on average
LAYERS_ERROR = 0.00015  # the same for layers
REMEMBERED = 256  # borders

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
        """The same by unit and reason, over all streams."""
        totals: Counter[tuple[str, str]] = Counter()
        for unit, gains in self.gains(later).items():
            for (_, reason), cycles in gains.items():
                totals[unit, reason] += cycles
        return totals


class _Level:
    """The last borders of layers, or of tiles: *tiles* apart, so many periods *least* to stand for others."""

    def __init__(self, tiles: int, least: int, most: float) -> None:
        self.tiles = tiles
        self.most = most  # of the time: standard error of what periods that stand for others gain on average
        self.borders: list[_Border] = []
        self._least = least

    def windows(self) -> Iterator[list[_Border]]:
        """Borders from one with the positions of the last to that: all there are, and those of the newer half."""
        for borders in (self.borders, self.borders[len(self.borders) // 2 :]):
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
        requests = sum(map(program.requests_of, program.streams))
        self._first = REQUESTS * program.tiles // requests  # tile before which all are simulated
        self._shortest_cycles = machine.dma.refresh_cycles / REFRESH_SHARE
        self._tiles = _Level(1, TILES, TILES_ERROR)
        layers = max(LAYERS, self._first // program.tiles_per_layer)
        self._layers = _Level(program.tiles_per_layer, layers, LAYERS_ERROR)

    def watch(self, runs: Runs) -> None:
        """The streams of the run, in the order of the program."""
        counts = self._program.variant_counts()
        self._runs = [run for run in runs if any(n and any(r) for n, r in zip(counts, run.plan.requests, strict=True))]
        self._active = [run for run in runs if any(run.plan.requests[0])]

    def look(self, tile: int) -> None:
        """All tiles before *tile* are done: skip what can be skipped."""
        layer, place = divmod(tile, self._program.tiles_per_layer)
        if not place:
            self._tiles.borders = []
            self._look(self._layers, tile, self._layer_room())
        elif all(run.tile > layer * self._program.tiles_per_layer for run in self._active):
            self._look(self._tiles, tile, self._tile_room(layer))

    def _look(self, level: _Level, tile: int, room: int) -> None:
        """Skip *room* periods of *level* if those before stand for them."""
        level.borders = [*level.borders[1 - REMEMBERED :], self._border(level, tile)]
        if not room or tile < self._first:
            return
        for window in level.windows():
            self._unit = self._unit or _busiest(window)
            stands = self._cycles(window[0], window[-1]) >= self._shortest_cycles and self._error(window) <= level.most
            gains = self._gains(window, room) if stands and len(window) - 1 <= room else None
            if gains is not None:
                self._skip(level, room, gains)
                for start, end, times in _shares(window, room):
                    self.stretch.repeat(start.free[self._unit], end.free[self._unit], times)
                    counts = _difference(start.channel, end.channel)
                    self._machine.dma.channel.skip({name: times * count for name, count in counts.items()})
                level.borders = [self._border(level, tile + room * level.tiles)]
                return

    def _error(self, window: list[_Border]) -> float:
        """Standard error of what a period of *window* gains on average, of its length: the most of all reasons.

        The samples are its parts, each from one border with the positions of the last to another.
        """
        same = [number for number, border in enumerate(window) if border.positions == window[-1].positions]
        if len(same) <= PARTS:
            return inf
        lengths: list[float] = []
        gains: dict[tuple[str, str], list[float]] = {}
        for part in range(PARTS):
            first, last = (same[number * (len(same) - 1) // PARTS] for number in (part, part + 1))
            lengths.append(self._cycles(window[first], window[last]) / (last - first))
            for key, gain in window[first].totals(window[last]).items():
                gains.setdefault(key, [0.0] * PARTS)[part] = gain / (last - first)
        return max(map(_standard_error, [lengths, *gains.values()])) * PARTS / sum(lengths)

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


def _standard_error(samples: Sequence[float]) -> float:
    """That of the mean of *samples*; the module ``statistics`` takes longer to load than all of this to run."""
    count = len(samples)
    mean = sum(samples) / count
    return sqrt(sum((sample - mean) ** 2 for sample in samples) / (count - 1) / count)


def _shares(window: list[_Border], times: int) -> list[tuple[_Border, _Border, int]]:
    """(from, to, for how many more each period stands): *times* shared out over the periods of *window*."""
    each, more = divmod(times, len(window) - 1)
    middle = window[-1 - more]
    return [(window[0], middle, each), (middle, window[-1], each + 1)] if more else [(window[0], window[-1], each)]


def _difference(before: dict[Key, int], after: dict[Key, int]) -> dict[Key, int]:
    """What was gained, without zeros."""
    return {key: gain for key, count in after.items() if (gain := count - before.get(key, 0))}
