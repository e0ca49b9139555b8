"""What the units did in a representative window: one or two tiles from the middle of the run, request by request.

An observer of a run. The window begins when a stream of the MAC array (or the first of another
unit) begins its tile in the middle of the run, and ends when it begins the second one after it: in steady state, two
periods. Neighbouring requests of one operation on one part of a tile are one slice. No object is kept outside the
window, so memory does not grow with the run.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.lowering.program import Program
from sim.lowering.section import Section
from sim.trace.descriptions import RequestDescriber

TILES = 2
MOST_SLICES = 20_000  # in all lanes; the window ends earlier if it has more
LANES = ("mac_array", "simd", "dma", "dram.channel0")  # all channels do the same
_BEFORE = 64  # slices of a lane remembered from before the window: transfers are issued ahead


@dataclass(frozen=True)
class Label:
    """What a slice is: ``kind`` is a class of operations, or of what is moved; of a wait its reason."""

    wait: bool
    kind: str
    name: str
    where: str


@dataclass(frozen=True)
class Slice:
    """Cycles from ``start`` up to ``end``, counted from the beginning of the run, in which a unit does one thing."""

    start: int
    end: int
    label: Label
    requests: int


@dataclass(frozen=True)
class Timeline:
    """The slices of every lane from cycle ``start`` to ``end`` of the run, cut at both ends; none overlap."""

    start: int
    end: int
    first_tile: int
    tiles: int
    lanes: dict[str, tuple[Slice, ...]]


class TimelineRecorder(RunObserver):
    """Records the window of the run whose layers are *section*."""

    def __init__(self, section: Section) -> None:
        program = section.program
        self.tiles = min(TILES, program.tiles)
        self.first_tile = program.layers // 2 * program.tiles_per_layer
        self.first_tile += max(0, program.tiles_per_layer - self.tiles) // 2
        self._layers, self._describer = section, RequestDescriber(section)
        self._earliest = self.first_tile - TILES
        self._recording, self._near = True, False
        self._pace = _pace(program)
        self._start: int | None = None
        self._end: int | None = None
        self._lanes: dict[str, deque[Slice]] = {unit: deque(maxlen=_BEFORE) for unit in LANES}
        self._count = 0
        self._past: set[str] = set()  # lanes that have reached the end of the window

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; what comes after the layers is not recorded."""
        self._recording = self._recording and section is self._layers

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        if offered.tile < self._earliest or not self._recording:
            return
        self._near = True
        if offered.plan.name == self._pace:
            self._mark(offered.tile, start)
        if unit in self._lanes:
            self._add(unit, Slice(start, end, self._label(offered), 1))

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        if self._near and self._recording and unit in self._lanes:
            self._add(unit, Slice(start, end, Label(True, reason, reason, ""), 0))

    def _mark(self, tile: int, cycle: int) -> None:
        """The stream that sets the pace is at *tile*."""
        if self._start is None and tile >= self.first_tile:
            self._start = cycle
            self._lanes = {unit: deque(slices) for unit, slices in self._lanes.items()}
        if self._end is None and tile >= self.first_tile + self.tiles:
            self._end = cycle

    def _add(self, unit: str, added: Slice) -> None:
        lane = self._lanes[unit]
        if self._end is not None and added.start >= self._end:
            self._past.add(unit)
            self._recording = len(self._past) < len(self._lanes)
            return
        if lane and lane[-1].label == added.label and lane[-1].end == added.start:
            added = Slice(lane[-1].start, added.end, added.label, lane.pop().requests + added.requests)
        elif self._start is not None:
            self._count += 1
            if self._count == MOST_SLICES:
                self._end = min(self._end or added.end, added.end)
        lane.append(added)

    def _label(self, offered: Offered) -> Label:
        plan, place = offered.plan, self._describer.describe(offered)
        tokens = place.first_token, place.last_token
        where = f"layer {place.layer}, tile {place.tile}"
        where += f", block {place.block}" if place.block is not None else ""
        where += f", lane {place.lane}" if place.lane is not None else ""
        where += f", token {tokens[0]}" if tokens[0] == tokens[1] else f", tokens {tokens[0]} to {tokens[1]}"
        if plan.moves is not None:
            return Label(False, plan.moves.kind, plan.name, where)
        name = place.operations or place.name
        return Label(False, self._layers.kind(name.split(", ")[0]), name, where)

    def timeline(self) -> Timeline:
        """What was recorded, once the run has ended."""
        start = self._start or 0
        end = self._end if self._end is not None else max(lane[-1].end for lane in self._lanes.values() if lane)
        lanes = {unit: tuple(_cut(lane, start, end)) for unit, lane in self._lanes.items() if lane}
        return Timeline(start, end, self.first_tile, self.tiles, lanes)


def _pace(program: Program) -> str:
    """The name of the stream whose tiles bound the window."""
    plans = [plan for plan in program.streams if plan.operations]
    return next((plan.name for plan in plans if plan.unit == "mac_array"), plans[0].name)


def _cut(lane: deque[Slice], start: int, end: int) -> list[Slice]:
    cut = [
        Slice(max(each.start, start), min(each.end, end), each.label, each.requests)
        for each in lane
        if each.start < end and each.end > start
    ]
    for before, after in pairwise(cut):
        if after.start < before.end:
            raise AssertionError(f"slices overlap at cycle {after.start}")
    return cut
