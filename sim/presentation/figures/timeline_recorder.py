"""What the units did in a representative window: one or two tiles from the middle of the run, request by request.

An observer of a run. The window begins when a stream of the MAC array (or the first of another unit) begins its tile in
the middle of the run, and ends when it begins the second one after it: in steady state, two periods. Neighbouring
requests of one operation on one part of a tile are one slice. No object is kept outside the window, so memory does not
grow with the run.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hw.unit_names import DMA
from sim.accounting.breakdown import operation_weights
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.files.numbers import percent
from sim.lowering.order import SegmentLayout
from sim.lowering.program import Program
from sim.lowering.section import Section
from sim.presentation.titles import class_title, shown, title
from sim.trace.descriptions import RequestDescriber

TILES = 2
MOST_SLICES = 20_000  # of all units; the window ends earlier if it has more
_BEFORE = 64  # slices of a unit remembered from before the window: transfers are issued ahead


@dataclass(frozen=True)
class Label:
    """What a slice is: ``kind`` is a class of operations, or of what is moved; of a wait its reason as shown.

    Fused operations may be of several ``classes``, with the cycles that each would take alone: ``kind`` has the most.
    """

    wait: bool
    kind: str
    name: str
    where: str
    classes: tuple[tuple[str, int], ...] = ()

    @property
    def mixed(self) -> bool:
        """Whether it is of several classes."""
        return len(self.classes) > 1

    @property
    def title(self) -> str:
        """What the unit did, or waited for: ``state``, or ``state 75.0%, input scale 25.0%``."""
        if self.wait:
            return title(self.kind)
        total = sum(cycles for _, cycles in self.classes)
        shares = (f"{class_title(kind)} {percent(cycles / total)}" for kind, cycles in self.classes)
        return ", ".join(shares) if self.mixed and total else class_title(self.kind)


@dataclass(frozen=True)
class Slice:
    """Cycles from ``start`` up to ``end``, counted from the beginning of the run, in which a unit does one thing."""

    start: int
    end: int
    label: Label
    requests: int


@dataclass(frozen=True)
class Timeline:
    """The slices of every unit from cycle ``start`` to ``end`` of the run, cut at both ends; none of a unit overlap."""

    start: int
    end: int
    first_tile: int
    tiles: int
    slices: dict[str, tuple[Slice, ...]]


class TimelineRecorder(RunObserver):
    """Records the window of the run whose layers are *section*."""

    def __init__(self, section: Section) -> None:
        program = section.program
        self._layers, self._describer = section, RequestDescriber(section)
        self._classes: dict[tuple[str, tuple[str, ...]], tuple[tuple[str, int], ...]] = {}
        self._pace = _pace(program)
        self._tiles = min(TILES, program.tiles)
        self._first_tile = program.layers // 2 * program.tiles_per_layer
        self._first_tile += max(0, program.tiles_per_layer - self._tiles) // 2
        self._start: int | None = None  # the window's first cycle, and its end, once they are known
        self._end: int | None = None
        self._slices: dict[str, deque[Slice]] = {unit: deque(maxlen=_BEFORE) for unit in _shown(section)}
        self._count = 0  # slices in the window
        self._recording = True  # until another section begins, or all units have reached the end of the window
        self._near = False  # whether the run has come close to the window
        self._past: set[str] = set()  # units that have reached the end of the window

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; what comes after the layers is not recorded."""
        self._recording = self._recording and section is self._layers

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        if not self._recording or offered.tile < self._first_tile - TILES:
            return
        self._near = True
        if offered.rank == self._pace:
            self._reach(offered.tile, start)
        if unit in self._slices:
            self._add(unit, Slice(start, end, self._label(offered), 1))

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        if self._recording and self._near and unit in self._slices:
            self._add(unit, Slice(start, end, Label(True, shown(unit, reason), reason, ""), 0))

    def _reach(self, tile: int, cycle: int) -> None:
        """The stream that sets the pace is at *tile* in this *cycle*."""
        if self._start is None and tile >= self._first_tile:
            self._start = cycle
            self._slices = {unit: deque(slices) for unit, slices in self._slices.items()}
        if self._end is None and tile >= self._first_tile + self._tiles:
            self._end = cycle

    def _add(self, unit: str, added: Slice) -> None:
        """Append *added*, or lengthen the slice before it if that is the same; unless the window has ended."""
        if self._end is not None and added.start >= self._end:
            self._past.add(unit)
            self._recording = len(self._past) < len(self._slices)
            return
        slices = self._slices[unit]
        if slices and slices[-1].label == added.label and slices[-1].end == added.start:
            before = slices.pop()
            added = Slice(before.start, added.end, added.label, before.requests + added.requests)
        elif self._start is not None:
            self._count += 1
            if self._count == MOST_SLICES:
                self._end = min(self._end or added.end, added.end)
        slices.append(added)

    def _label(self, offered: Offered) -> Label:
        plan, found = offered.plan, self._describer.describe(offered)
        first, last = found.first_token, found.last_token
        where = f"layer {found.layer}, tile {found.tile}"
        where += f", block {found.block}" if found.block is not None else ""
        where += f", lane {found.lane}" if found.lane is not None else ""
        where += f", token {first}" if first == last else f", tokens {first} to {last}"
        if plan.moves is not None:
            return Label(False, plan.moves.kind, plan.name, where)
        if plan.converts:
            return Label(False, "dequantisation", plan.name, where)
        classes = self._classes_of(plan.unit, found.operations)
        return Label(False, classes[0][0], ", ".join(found.operations), where, classes)

    def _classes_of(self, unit: str, operations: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        """The classes of *operations* done in one request, the one with the most cycles first."""
        if (unit, operations) not in self._classes:
            weights = operation_weights(self._layers, unit, operations)
            self._classes[unit, operations] = tuple(sorted(weights.items(), key=lambda weight: -weight[1]))
        return self._classes[unit, operations]

    def timeline(self) -> Timeline:
        """What was recorded, once the run has ended."""
        present = {unit: slices for unit, slices in self._slices.items() if slices}
        start = self._start or 0
        end = self._end if self._end is not None else max(slices[-1].end for slices in present.values())
        cut = {unit: tuple(_cut(slices, start, end)) for unit, slices in present.items()}
        return Timeline(start, end, self._first_tile, self._tiles, cut)


def _shown(section: Section) -> tuple[str, ...]:
    """The units whose rows there are; all channels do the same."""
    return (*section.costs.compute, DMA, "dram.channel0")


def _pace(program: Program) -> int:
    """The rank of the stream whose tiles bound the window: the first on the unit of the first projections."""
    ranks = [rank for rank, plan in enumerate(program.streams) if plan.operations]
    units = [program.streams[rank].unit for rank in ranks if isinstance(program.streams[rank].layout, SegmentLayout)]
    return next((rank for rank in ranks if program.streams[rank].unit in units[:1]), ranks[0])


def _cut(slices: deque[Slice], start: int, end: int) -> list[Slice]:
    cut = [
        Slice(max(each.start, start), min(each.end, end), each.label, each.requests)
        for each in slices
        if each.start < end and each.end > start
    ]
    for before, after in pairwise(cut):
        if after.start < before.end:
            raise AssertionError(f"slices overlap at cycle {after.start}")
    return cut
