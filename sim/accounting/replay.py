"""The order in which a simulation did a layer's operations, for workloads/execute.py to do them again on numbers.

A compute request does all operations of its stream for some timesteps and some part of the heads (or channels); they
follow each other timestep by timestep in the order of their definition. A projection is done with the last of its
weight tiles, of whatever array does that one. Requests count from their start: what a request needs has left its unit
by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sim.execution.observers import RunObserver
from sim.lowering.order import ALL, Region, SegmentLayout
from sim.lowering.program import Program, StreamPlan
from sim.lowering.section import Section
from workloads.execute import IndexRange, Turn


class _Shares:
    """Which projections are done: those of which every stream that has a share of them has done its last tile."""

    def __init__(self, program: Program) -> None:
        self._sharing: Counter[tuple[str, int | None]] = Counter()  # streams with a share of a block, or of all
        self._finished: Counter[tuple[int, str, int | None]] = Counter()
        for plan in program.streams:
            if plan.operations and isinstance(plan.layout, SegmentLayout):
                own = {(each.part, each.block) for each in plan.layout.segments if each.items}
                self._sharing.update(own | {(part, None) for part, _ in own})

    def complete(self, plan: StreamPlan, tile: int, name: str, block: int | None) -> bool:
        """Whether *name* is done with *block* (None: all) of *tile*, now that *plan* has done its share of that."""
        if not isinstance(plan.layout, SegmentLayout):
            return True
        self._finished[tile, name, block] += 1
        return self._finished[tile, name, block] == self._sharing[name, block]


class OrderRecorder(RunObserver):
    """Hears every compute request of a run; keeps a few bytes for each, so it is meant for small models."""

    def __init__(self) -> None:
        self._section: Section
        self._started: list[tuple[int, StreamPlan, int, int]] = []

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; the order of the last one is kept, unless that is the head."""
        if not section.stack.head:
            self._section = section

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        if offered.plan.operations:
            self._started.append((start, offered.plan, offered.tile, offered.item))

    def order(self, layer: int) -> Iterator[Turn]:
        """Every operation of *layer* at every timestep, in the order of the run."""
        program = self._section.program
        shares = _Shares(program)
        own = {id(stream) for stream in program.streams}
        for _, plan, tile, item in sorted(self._started, key=lambda started: started[0]):
            if tile // program.tiles_per_layer == layer and id(plan) in own:
                first = tile % program.tiles_per_layer * program.tile_steps
                steps = self._section.stack.steps
                names, region = self._done(plan, item)
                if names and shares.complete(plan, tile, names[0], region.block):
                    yield from (turn for turn in self._turns(names, region, first) if turn.timestep < steps)

    def _done(self, plan: StreamPlan, item: int) -> tuple[tuple[str, ...], Region]:
        """The operations that are done with *item*, and where: none, if it is not the last of its projection."""
        layout, region = plan.layout, plan.layout.region(item)
        if not isinstance(layout, SegmentLayout):
            return plan.operations, region
        name = layout.part(item)
        whole = region if self._section.analysis.grouped(name) else Region(region.first, region.last)
        last = layout.last(name, whole.last, ALL if whole.block is None else whole.block)
        return ((name,) if item == last else ()), whole

    def _turns(self, names: Sequence[str], region: Region, first: int) -> Iterator[Turn]:
        if self._section.analysis.final(names[0]):
            last = self._section.stack.steps - 1
            yield from (Turn(name, last, self._part(name, region)) for name in names)
            return
        for step in range(region.first, region.last + 1):
            for name in names:
                yield Turn(name, first + step, self._part(name, region))

    def _part(self, name: str, region: Region) -> IndexRange | None:
        """The part of the parallel index that *region* covers; None for all of it."""
        analysis, mapping = self._section.analysis, self._section.mapping
        if region.block is None or analysis.group_index is None or not analysis.grouped(name):
            return None
        width = analysis.graph.sizes[analysis.group_index] // mapping.groups
        first = region.block * mapping.lanes + (region.lane or 0)
        count = mapping.lanes if region.lane is None else 1
        return IndexRange(analysis.group_index, first * width, (first + count) * width - 1)
