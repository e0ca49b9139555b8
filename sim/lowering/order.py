"""In which order a stream works through one tile: the items of a tile and the part of it that each covers.

A tile is ``steps`` consecutive timesteps of one layer. Its parallel groups are cut into ``blocks`` of ``lanes``.
A stream does its items in a fixed order, so "is this part of the tile done" is a comparison of one counter with the
index of the last item that touches the part. What is said of all items of a stream is said in arrays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
ALL: Final = -1  # instead of the number of a block or a lane


class Region(NamedTuple):
    """Part of a tile: timesteps ``first`` to ``last`` of one block (None: of all), of one lane (None: of all)."""

    first: int
    last: int
    block: int | None = None
    lane: int | None = None


class Regions(NamedTuple):
    """Parts of a tile as columns, such as what each item of a stream covers; :data:`ALL` for all blocks or lanes."""

    first: Numbers
    last: Numbers
    block: Numbers
    lane: Numbers


class Layout(ABC):
    """The items of a stream in one tile; ``order`` says in a word how it goes through it."""

    order: ClassVar[str]

    @property
    @abstractmethod
    def items(self) -> int:
        """How many there are."""

    @cached_property
    @abstractmethod
    def regions(self) -> Regions:
        """What each item covers."""

    @abstractmethod
    def last(self, part: str, step: Numbers | int, block: Numbers | int = ALL, lane: Numbers | int = ALL) -> Numbers:
        """The last item that has to do with *part* (an operation's name) up to *step*, for each of those given."""

    def region(self, item: int) -> Region:
        """What *item* covers."""
        first, last, block, lane = (int(column[item]) for column in self.regions)
        return Region(first, last, None if block == ALL else block, None if lane == ALL else lane)

    def spans(self, steps: int) -> tuple[list[int], Numbers]:
        """How many of the first *steps* timesteps an item covers: the counts that there are, and which of them it has.

        A count that is not positive is of an item that lies behind them.
        """
        covered = np.minimum(self.regions.last + 1, steps) - self.regions.first
        spans, which = np.unique(covered, return_inverse=True)
        return spans.tolist(), which


@dataclass(frozen=True)
class StepLayout(Layout):
    """Step by step: block after block; within a block the lanes take turns at every timestep."""

    order: ClassVar[str] = "steps"
    steps: int
    blocks: int
    lanes: int

    @property
    def items(self) -> int:
        return self.blocks * self.steps * self.lanes

    @cached_property
    def regions(self) -> Regions:
        rest, lane = np.divmod(np.arange(self.items, dtype=np.int64), self.lanes)
        block, step = np.divmod(rest, self.steps)
        return Regions(step, step, block, lane)

    def last(self, part: str, step: Numbers | int, block: Numbers | int = ALL, lane: Numbers | int = ALL) -> Numbers:
        found: Numbers = (_latest(block, self.blocks) * self.steps + step) * self.lanes + _latest(lane, self.lanes)
        return found


@dataclass(frozen=True)
class BatchLayout(Layout):
    """Many timesteps at once: block after block, each in ``chunks`` of consecutive timesteps."""

    order: ClassVar[str] = "batches"
    steps: int
    blocks: int
    chunks: int

    @property
    def items(self) -> int:
        return self.blocks * self.chunks

    @cached_property
    def regions(self) -> Regions:
        block, chunk = np.divmod(np.arange(self.items, dtype=np.int64), self.chunks)
        first = chunk * self.steps // self.chunks
        last = (chunk + 1) * self.steps // self.chunks - 1
        every = np.full_like(block, ALL)
        return Regions(first, last, block if self.blocks > 1 else every, every)

    def last(self, part: str, step: Numbers | int, block: Numbers | int = ALL, lane: Numbers | int = ALL) -> Numbers:
        chunk = -(-(step + 1) * self.chunks // self.steps) - 1
        return _latest(block, self.blocks) * self.chunks + chunk


def _latest(which: Numbers | int, count: int) -> Numbers:
    """The last of *count* blocks or lanes that *which* means: all of them, or one. If there is one, any means that."""
    if count == 1:
        return np.zeros_like(which, np.int64)
    return np.where(np.equal(which, ALL), count - 1, which)


@dataclass(frozen=True)
class Segment:
    """Consecutive items of a projection: the weights of *part* for one block (None: for all), ``items`` tiles."""

    part: str
    block: int | None
    items: int


class SegmentLayout(Layout):
    """The weight tiles of one or more projections in the order of their use; each covers all timesteps of the tile."""

    order: ClassVar[str] = "weights"

    def __init__(self, steps: int, segments: Sequence[Segment]) -> None:
        self.steps = steps
        self.segments = tuple(segments)
        self._sizes = [segment.items for segment in segments]
        self._segment = np.repeat(np.arange(len(self.segments)), self._sizes)  # of each item
        self._last: dict[str, Numbers] = {}  # part -> last items by block, then that of all blocks

    @property
    def items(self) -> int:
        return len(self._segment)

    @cached_property
    def regions(self) -> Regions:
        blocks = [ALL if segment.block is None else segment.block for segment in self.segments]
        block = np.repeat(np.array(blocks, np.int64), self._sizes)
        every = np.full_like(block, ALL)
        return Regions(np.zeros_like(block), np.full_like(block, self.steps - 1), block, every)

    def part(self, item: int) -> str:
        """The projection that *item* belongs to."""
        return self.segments[int(self._segment[item])].part

    def of(self, part: str) -> NDArray[np.bool_]:
        """Which items belong to the projection *part*."""
        return np.repeat([segment.part == part for segment in self.segments], self._sizes)

    def last(self, part: str, step: Numbers | int, block: Numbers | int = ALL, lane: Numbers | int = ALL) -> Numbers:
        if part not in self._last:
            self._last[part] = self._last_items(part)
        by_block = self._last[part]
        return by_block[block] if len(by_block) > 1 else np.full_like(block, by_block[0])

    def _last_items(self, part: str) -> Numbers:
        """The last item of *part* for each block, and at the end for all of them; only that if it is not cut."""
        ends = np.cumsum(self._sizes) - 1
        own = [(segment.block, end) for segment, end in zip(self.segments, ends, strict=True) if segment.part == part]
        cut = [block for block, _ in own if block is not None]
        last = np.full(max(cut, default=-1) + 2, -1, np.int64)
        for block, end in own:
            where = slice(None) if block is None else [block, ALL]
            last[where] = np.maximum(last[where], end)
        return last
