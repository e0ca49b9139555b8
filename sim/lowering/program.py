"""The lowered program: what each unit does in a tile, and what it has to wait for.

A :class:`StreamPlan` is an endless repetition: the same items tile after tile, layer after layer, so a program takes
the same memory for any number of tokens. Most items ask for the same few requests, so a plan has each request once and
an array of numbers that says which of them an item makes. A dependency says how many items of another stream must be
done before an item may start: ``tile * items of that stream + table[item]``; values below zero reach into earlier
tiles. Arrays are not changed once a plan is made, so plans may share them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import Final, Literal

import numpy as np

from hw.reasons import reason_names
from hw.requests import Cost, Transfer, Work
from hw.unit_names import UnitName
from sim.lowering.order import Layout, Numbers

DataKind = Literal["weights", "parameters", "state", "activations"]
Role = Literal["state", "parameters", "held", "step", "tile", "weights"]
NOTHING: Final = -1  # instead of a request's number: there is nothing to do


class TileVariant(IntFlag):
    """What tells a tile from others of its layer: it is the first, or the last, or both, or neither."""

    MIDDLE = 0
    FIRST = 1
    LAST = 2


VARIANTS: Final = tuple(TileVariant(number) for number in range(4))  # all of them, by their number


@dataclass(eq=False)
class Dependency:
    """Item i of a tile needs ``tile * items(producer) + table[i]`` items of *producer* to be done."""

    producer: int
    table: Numbers
    reason: str


@dataclass(frozen=True)
class Moved:
    """What a stream of transfers moves, and whether it writes that to DRAM.

    Weights and parameters have a ``user``, the first operation of the stream that needs them; weights of a share of
    projections also the ``unit`` of that stream.
    """

    kind: DataKind
    user: str = ""
    write: bool = False
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Transfers:
    """The transfers of a stream in columns: their ``sizes`` in bytes and ``addresses``; all to DRAM or all from it."""

    sizes: Numbers
    addresses: Numbers
    write: bool = False

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, number: int) -> Transfer:
        return Transfer(int(self.sizes[number]), self.write, int(self.addresses[number]))


@dataclass(eq=False)
class StreamPlan:
    """One stream: its unit, its items, their requests and what they wait for.

    ``requests`` are those that differ, and ``numbers[variant][item]`` says which of them an item makes, or NOTHING;
    variants of tiles are those of :class:`TileVariant`. ``costs`` are those of ``requests`` for compute units, and
    ``operations`` those of all items together. A stream of transfers has ``moves`` instead; that lies ``layer_bytes``
    further in DRAM for each layer and ``tile_bytes`` for each tile of it. In SRAM so many bytes of the ``buffers`` that
    the transfers fill or empty ``lies`` in each cluster. Its requests are as urgent as those of others ``ahead`` tiles
    earlier. A stream that ``converts`` has no operations: tile by tile it dequantises the weights of the stream whose
    first operation that is.
    """

    name: str
    unit: UnitName
    operations: tuple[str, ...]
    layout: Layout
    requests: tuple[Work, ...] | Transfers
    numbers: tuple[Numbers, ...]
    costs: tuple[Cost, ...] = ()
    dependencies: list[Dependency] = field(default_factory=list)
    moves: Moved | None = None
    layer_bytes: int = 0
    tile_bytes: int = 0
    ahead: int = 0
    lies: dict[int, int] = field(default_factory=dict)
    converts: str = ""
    buffers: tuple[str, ...] = ()

    @property
    def items(self) -> int:
        """Items in a tile."""
        return self.layout.items

    def request(self, variant: TileVariant, item: int) -> Work | Transfer | None:
        """What *item* asks for in a tile of a *variant*; None for nothing."""
        number = self.numbers[variant][item]
        return None if number == NOTHING else self.requests[number]

    def cost(self, variant: TileVariant, item: int) -> Cost | None:
        """What that costs; None for a transfer or for nothing."""
        number = self.numbers[variant][item]
        return None if number == NOTHING or not self.costs else self.costs[number]

    @property
    def moved_bytes(self) -> list[int]:
        """What each of its requests moves: to or from DRAM, or between SRAM and its unit."""
        if isinstance(self.requests, Transfers):
            sizes: list[int] = self.requests.sizes.tolist()
            return sizes
        return [work.moved_bytes for work in self.requests]

    def busy(self, variant: TileVariant) -> bool:
        """Whether there is anything to do in a tile of a *variant*."""
        return bool((self.numbers[variant] != NOTHING).any())


@dataclass(frozen=True)
class Buffer:
    """A buffer in SRAM: ``slots`` of ``slot_bytes`` at byte address ``start``; ``role`` says what it is for."""

    name: str
    role: Role
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
    tile_steps: int
    last_tile_steps: int
    contended: bool  # whether requests can ask the SRAM banks for more than they give
    times: int = 1  # how often a model runs it; everything but counts is of one run

    @property
    def reasons(self) -> tuple[str, ...]:
        """The names of the reasons to wait in a run of it, by their numbers."""
        return reason_names(dependency.reason for plan in self.streams for dependency in plan.dependencies)

    @property
    def tiles(self) -> int:
        """Tiles of all layers."""
        return self.layers * self.tiles_per_layer

    def priority(self, number: int, tile: int) -> int:
        """Of the requests of stream *number* in a *tile*; the lowest goes first: the oldest tile, its first stream."""
        return (tile - self.streams[number].ahead) * len(self.streams) + number

    def variant(self, tile: int) -> TileVariant:
        """The variant of *tile*, counted over all layers."""
        place = tile % self.tiles_per_layer
        return VARIANTS[TileVariant.FIRST * (place == 0) + TileVariant.LAST * (place == self.tiles_per_layer - 1)]

    def variant_counts(self) -> list[int]:
        """How many tiles of each variant all runs have, in the order of :data:`VARIANTS`."""
        per_layer = [0] * len(VARIANTS)
        for place in range(min(self.tiles_per_layer, 2)):
            per_layer[self.variant(place)] += 1
        if self.tiles_per_layer > 2:
            per_layer[0], per_layer[TileVariant.LAST] = self.tiles_per_layer - 2, 1
        return [count * self.layers * self.times for count in per_layer]

    def counts(self, stream: StreamPlan) -> list[int]:
        """How often all runs make each of the requests of *stream*."""
        total = np.zeros(len(stream.requests), np.int64)
        for tiles, numbers in zip(self.variant_counts(), stream.numbers, strict=True):
            total += tiles * np.bincount(numbers[numbers != NOTHING], minlength=len(total))
        counts: list[int] = total.tolist()
        return counts

    def bytes_moved(self, stream: StreamPlan) -> int:
        """What all requests of *stream* move in all runs: to or from DRAM, or between SRAM and its unit."""
        return sum(count * size for count, size in zip(self.counts(stream), stream.moved_bytes, strict=True))
