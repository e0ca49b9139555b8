"""The lowered program: what each unit does in a tile, and what it has to wait for.

A :class:`StreamPlan` is an endless repetition: the same items tile after tile, layer after layer, so a program takes
the same memory for any number of tokens. Most items ask for the same few requests, so a plan has each request once and
an array of numbers that says which of them an item makes. A dependency says how many items of another stream must be
done before an item may start: ``tile * items of that stream + table[item]``; values below zero reach into earlier
tiles. Arrays are not changed once a plan is made, so plans may share them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from hw.reasons import reason_names
from hw.requests import Cost, Transfer, Work
from sim.lowering.order import Layout, Numbers

UnitName = Literal["mac_array", "simd", "dma"]
RECURRENCE: Final = "recurrence"
NO_BUFFER: Final = "no_buffer"
DRAM: Final = "dram"
NOTHING: Final = -1  # instead of a request's number: there is nothing to do
FIRST: Final = 1  # a tile is the first of its layer
LAST: Final = 2  # or the last
VARIANTS: Final = 4  # of tiles: neither, either, or both


@dataclass(eq=False)
class Dependency:
    """Item i of a tile needs ``tile * items(producer) + table[i]`` items of *producer* to be done."""

    producer: int
    table: Numbers
    reason: str


@dataclass(eq=False)
class StreamPlan:
    """One stream: its unit, its items, their requests and what they wait for.

    ``requests`` are those that differ, and ``numbers[variant][item]`` says which of them an item makes, or NOTHING;
    the variant of a tile is FIRST plus LAST as far as it is that of its layer. ``costs`` are those of
    ``requests`` for compute units. ``operations`` are those of all items together. What a stream moves lies
    ``layer_bytes`` further in DRAM for each layer and ``tile_bytes`` for each tile of it.
    """

    name: str
    unit: UnitName
    operations: tuple[str, ...]
    layout: Layout
    requests: tuple[Work, ...] | tuple[Transfer, ...]
    numbers: tuple[Numbers, ...]
    costs: tuple[Cost, ...] = ()
    dependencies: list[Dependency] = field(default_factory=list)
    layer_bytes: int = 0
    tile_bytes: int = 0

    @property
    def items(self) -> int:
        """Items in a tile."""
        return self.layout.items

    def request(self, variant: int, item: int) -> Work | Transfer | None:
        """What *item* asks for in a tile of a *variant*; None for nothing."""
        number = self.numbers[variant][item]
        return None if number == NOTHING else self.requests[number]

    def cost(self, variant: int, item: int) -> Cost | None:
        """What that costs; None for a transfer or for nothing."""
        number = self.numbers[variant][item]
        return None if number == NOTHING or not self.costs else self.costs[number]

    def busy(self, variant: int) -> bool:
        """Whether there is anything to do in a tile of a *variant*."""
        return bool((self.numbers[variant] != NOTHING).any())


@dataclass(frozen=True)
class Buffer:
    """A buffer in SRAM: ``slots`` of ``slot_bytes`` at byte address ``start``; ``role`` says what it is for."""

    name: str
    role: Literal["state", "parameters", "step", "tile", "weights"]
    slot_bytes: int
    slots: int
    start: int = 0

    @property
    def size_bytes(self) -> int:
        """Bytes in all."""
        return self.slot_bytes * self.slots


@dataclass(frozen=True)
class Pool:
    """Slots for weight tiles that streams share: ``members`` are pairs (stream that loads, stream that uses)."""

    slots: int
    members: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Program:
    """Everything that a run executes. Streams are numbered in the order of use, which is their priority."""

    streams: tuple[StreamPlan, ...]
    buffers: tuple[Buffer, ...]
    pool: Pool | None
    layers: int
    tiles_per_layer: int
    token_tile: int
    last_tile_tokens: int
    contended: bool  # whether requests can ask the SRAM banks for more than they give

    @property
    def reasons(self) -> tuple[str, ...]:
        """The names of the reasons to wait in a run of it, by their numbers."""
        return reason_names(dependency.reason for plan in self.streams for dependency in plan.dependencies)

    @property
    def tiles(self) -> int:
        """Tiles of all layers."""
        return self.layers * self.tiles_per_layer

    def variant(self, tile: int) -> int:
        """FIRST for the first tile of a layer, plus LAST for the last."""
        place = tile % self.tiles_per_layer
        return FIRST * (place == 0) + LAST * (place == self.tiles_per_layer - 1)

    def variant_counts(self) -> tuple[int, int, int, int]:
        """How many tiles of each variant the run has."""
        per_layer = [0, 0, 0, 0]
        for place in range(min(self.tiles_per_layer, 2)):
            per_layer[self.variant(place)] += 1
        if self.tiles_per_layer > 2:
            per_layer[0], per_layer[2] = self.tiles_per_layer - 2, 1
        first, second, third, fourth = (count * self.layers for count in per_layer)
        return first, second, third, fourth

    def counts(self, stream: StreamPlan) -> list[int]:
        """How often the run makes each of the requests of *stream*."""
        total = np.zeros(len(stream.requests), np.int64)
        for tiles, numbers in zip(self.variant_counts(), stream.numbers, strict=True):
            total += tiles * np.bincount(numbers[numbers != NOTHING], minlength=len(total))
        counts: list[int] = total.tolist()
        return counts

    def bytes_moved(self, stream: StreamPlan) -> int:
        """What all requests of *stream* move: to or from DRAM, or between SRAM and its unit."""
        sizes = [request.moved_bytes for request in stream.requests]
        return sum(count * size for count, size in zip(self.counts(stream), sizes, strict=True))
