"""In which order a stream works through one tile: the items of a tile and the part of it that each covers.

A tile is ``tokens`` consecutive timesteps of one layer. Its parallel groups are cut into ``blocks`` of ``lanes``.
A stream does its items in a fixed order, so "is this part of the tile done" is a comparison of one counter with the
index of the last item that touches the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

from sim.units import ceil_div


class Region(NamedTuple):
    """Part of a tile: tokens ``first`` to ``last`` of one block (None: of all), of one lane (None: of all)."""

    first: int
    last: int
    block: int | None = None
    lane: int | None = None


class Layout(Protocol):
    """The items of a stream in one tile; ``order`` says in a word how it goes through it."""

    order: ClassVar[str]

    @property
    def items(self) -> int:
        """How many there are."""

    def region(self, item: int) -> Region:
        """What *item* covers."""

    def last(self, part: str, region: Region) -> int:
        """The last item that has to do with *part* (an operation's name) in *region*."""


@dataclass(frozen=True)
class StepLayout:
    """Token by token: block after block; within a block the lanes take turns at every token."""

    order: ClassVar[str] = "steps"
    tokens: int
    blocks: int
    lanes: int

    @property
    def items(self) -> int:
        return self.blocks * self.tokens * self.lanes

    def region(self, item: int) -> Region:
        rest, lane = divmod(item, self.lanes)
        block, token = divmod(rest, self.tokens)
        return Region(token, token, block, lane)

    def last(self, part: str, region: Region) -> int:
        block = self.blocks - 1 if region.block is None or self.blocks == 1 else region.block
        lane = self.lanes - 1 if region.lane is None or self.lanes == 1 else region.lane
        return (block * self.tokens + region.last) * self.lanes + lane


@dataclass(frozen=True)
class BatchLayout:
    """Many tokens at once: block after block, each in ``chunks`` of consecutive tokens."""

    order: ClassVar[str] = "batches"
    tokens: int
    blocks: int
    chunks: int

    @property
    def items(self) -> int:
        return self.blocks * self.chunks

    def bounds(self, chunk: int) -> tuple[int, int]:
        """First token of *chunk* and the first one after it."""
        return chunk * self.tokens // self.chunks, (chunk + 1) * self.tokens // self.chunks

    def region(self, item: int) -> Region:
        block, chunk = divmod(item, self.chunks)
        start, end = self.bounds(chunk)
        return Region(start, end - 1, block if self.blocks > 1 else None)

    def last(self, part: str, region: Region) -> int:
        block = self.blocks - 1 if region.block is None or self.blocks == 1 else region.block
        chunk = ceil_div((region.last + 1) * self.chunks, self.tokens) - 1
        return block * self.chunks + chunk


@dataclass(frozen=True)
class Segment:
    """Consecutive items of a projection: the weights of *part* for one block (None: for all), ``items`` tiles."""

    part: str
    block: int | None
    items: int


class SegmentLayout:
    """The weight tiles of one or more projections in the order of their use; each covers all tokens of the tile."""

    order: ClassVar[str] = "weights"

    def __init__(self, tokens: int, segments: Sequence[Segment]) -> None:
        self.tokens = tokens
        self.segments = tuple(segments)
        self.starts: list[int] = []
        self._of: list[Segment] = []
        self._last: dict[tuple[str, int | None], int] = {}
        for segment in segments:
            self.starts.append(len(self._of))
            self._of += [segment] * segment.items

    @property
    def items(self) -> int:
        return len(self._of)

    def region(self, item: int) -> Region:
        return Region(0, self.tokens - 1, self._of[item].block)

    def part(self, item: int) -> str:
        """The projection that *item* belongs to."""
        return self._of[item].part

    def last(self, part: str, region: Region) -> int:
        key = part, region.block
        if key not in self._last:
            self._last[key] = max(
                start + segment.items - 1
                for start, segment in zip(self.starts, self.segments, strict=True)
                if segment.part == part and (None in (region.block, segment.block) or segment.block == region.block)
            )
        return self._last[key]
