"""The streams of the DMA engine: what lies where in DRAM, and what is fetched and brought back in a tile.

Prefill starts from a zero state and writes the state of the last token back; decode loads it first. What lies between
layers goes through DRAM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from hw.integers import ceil_div
from hw.requests import Transfer
from hw.unit_names import DMA
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.order import BatchLayout, Layout, Numbers
from sim.lowering.program import NOTHING, VARIANTS, Moved, StreamPlan, TileVariant
from sim.lowering.tiling import Tiling
from workloads.workload import Stack

PAGE_BYTES = 4096  # what lies in DRAM begins at multiples of it


@dataclass(frozen=True)
class _Place:
    """Where something lies in DRAM: from ``start`` on, so many bytes further for each layer and each tile of it."""

    start: int
    layer_bytes: int
    tile_bytes: int = 0


@dataclass(frozen=True)
class _Transfers:
    """A DMA stream to be: what it moves, and how many bytes each item, by variant of tile; items lie in their order.

    Variants that move the same share their array, and no transfer is in two arrays.
    """

    name: str
    moves: Moved
    layout: Layout
    sizes: tuple[Numbers, ...]  # 0 for nothing to do
    place: _Place


class TransferStreams:
    """Makes the streams of the DMA engine, and gives all that they move its place in DRAM."""

    def __init__(self, stack: Stack, costs: CostModel, inventory: Inventory, tiling: Tiling) -> None:
        self._stack = stack
        self._costs = costs
        self._inventory = inventory
        self._mapping = inventory.mapping
        self._analysis = costs.analysis
        self._drafts = inventory.drafts
        self._tiling = tiling
        self._dram_end = 0
        self._activations = self._hand_over_place()
        self._states = {spilled: self._per_layer(inventory.carried_bytes(spilled)) for spilled in (False, True)}

    def before(self) -> list[StreamPlan]:
        """The streams that fetch what a tile needs: input, parameters, states, weights."""
        source = self._analysis.graph.input_tensor
        activations, moved_state = Moved("activations"), Moved("state")
        sizes = self._activation_sizes(source)
        fetched = [_Transfers("load.input", activations, self._once(), sizes, self._activations)]
        for number, storage in self._inventory.parameters.items():
            name, size = f"load.{storage.buffer.name}", storage.buffer.slot_bytes
            parameters = Moved("parameters", self._drafts[number].operations[0])
            fetched.append(
                _Transfers(name, parameters, self._once(), _sizes(1, size, _in_first), self._per_layer(size))
            )
        resumes, blocks = self._stack.resumes, self._mapping.blocks
        state = ceil_div(self._inventory.carried_bytes(spilled=False), blocks)
        if state and resumes:
            sizes = _sizes(blocks, state, _in_first)
            fetched.append(_Transfers("load.state", moved_state, self._by_block(), sizes, self._states[False]))
        spilled = ceil_div(self._inventory.carried_bytes(spilled=True), blocks)
        if spilled:  # in prefill it begins as zero
            sizes = _sizes(blocks, spilled, lambda variant: resumes or not _in_first(variant))
            fetched.append(_Transfers("load.spilled", moved_state, self._by_block(), sizes, self._states[True]))
        fetched += [self._weight_transfers(number) for number in self._inventory.projections]
        return [_plan(transfers) for transfers in fetched]

    def after(self) -> list[StreamPlan]:
        """The streams that bring back what a tile leaves: states, output."""
        kept: list[_Transfers] = []
        for name, spilled, when in (("store.spilled", True, _always), ("store.state", False, _in_last)):
            size = ceil_div(self._inventory.carried_bytes(spilled), self._mapping.blocks)
            if size:
                sizes, place = _sizes(self._mapping.blocks, size, when), self._states[spilled]
                kept.append(_Transfers(name, Moved("state", write=True), self._by_block(), sizes, place))
        output, handed_on = self._analysis.graph.output_tensor, self._activations
        place = replace(handed_on, start=handed_on.start + handed_on.layer_bytes)
        activations = Moved("activations", write=True)
        kept.append(_Transfers("store.output", activations, self._once(), self._activation_sizes(output), place))
        return [_plan(transfers) for transfers in kept]

    def _per_layer(self, layer_bytes: int, tile_bytes: int = 0, more_layers: int = 0) -> _Place:
        """A place in DRAM with *layer_bytes* for every layer."""
        start = ceil_div(self._dram_end, PAGE_BYTES) * PAGE_BYTES
        self._dram_end = start + layer_bytes * (self._stack.layers + more_layers)
        return _Place(start, layer_bytes, tile_bytes)

    def _hand_over_place(self) -> _Place:
        """What layers hand on: the input of the first, then the output of each."""
        full = self._activation_bytes(self._analysis.graph.input_tensor, TileVariant.MIDDLE)
        last = self._activation_bytes(self._analysis.graph.input_tensor, TileVariant.LAST)
        return self._per_layer((self._tiling.tiles - 1) * full + last, full, more_layers=1)

    def _once(self) -> Layout:
        return BatchLayout(self._mapping.tile_steps, 1, 1)

    def _by_block(self) -> Layout:
        return BatchLayout(self._mapping.tile_steps, self._mapping.blocks, 1)

    def _activation_bytes(self, tensor: str, variant: TileVariant) -> int:
        elements = self._analysis.graph.elements(tensor) * self._mapping.batch
        return elements * self._costs.element_bytes * self._tiling.steps_in(variant)

    def _activation_sizes(self, tensor: str) -> tuple[Numbers, ...]:
        sizes = [self._activation_bytes(tensor, variant) for variant in VARIANTS]
        arrays = {size: np.array([size], np.int64) for size in sizes}
        return tuple(arrays[size] for size in sizes)

    def _weight_transfers(self, number: int) -> _Transfers:
        draft = self._drafts[number]
        assert draft.weights is not None
        sizes = draft.weights.elements * self._costs.element_bytes
        later = np.zeros_like(sizes) if self._inventory.resident else sizes
        in_variants = tuple(sizes if _in_first(variant) else later for variant in VARIANTS)
        place = self._per_layer(int(sizes.sum()))
        user = draft.operations[0]
        return _Transfers(f"load.weights.{user}", Moved("weights", user), draft.layout, in_variants, place)


def _plan(transfers: _Transfers) -> StreamPlan:
    """The stream, with each distinct transfer once."""
    place, requests = transfers.place, list[Transfer]()
    numbers: dict[int, Numbers] = {}  # by the identity of sizes
    for sizes in {id(each): each for each in transfers.sizes}.values():
        busy, starts = sizes > 0, place.start + np.cumsum(sizes) - sizes
        numbers[id(sizes)] = np.where(busy, len(requests) + np.cumsum(busy) - 1, NOTHING)
        requests += map(Transfer, sizes[busy].tolist(), repeat(transfers.moves.write), starts[busy].tolist())
    return StreamPlan(
        transfers.name, DMA, (), transfers.layout, tuple(requests),
        tuple(numbers[id(sizes)] for sizes in transfers.sizes),
        moves=transfers.moves, layer_bytes=place.layer_bytes, tile_bytes=place.tile_bytes,
    )  # fmt: skip


def _always(_: TileVariant) -> bool:
    """Whatever tile it is."""
    return True


def _in_first(variant: TileVariant) -> bool:
    """Whether a tile is the first of its layer."""
    return TileVariant.FIRST in variant


def _in_last(variant: TileVariant) -> bool:
    """Whether a tile is the last of its layer."""
    return TileVariant.LAST in variant


def _sizes(items: int, size: int, when: Callable[[TileVariant], bool]) -> tuple[Numbers, ...]:
    """*items* of *size* bytes in the variants of tiles *when* they are moved, of none in the others."""
    moved, nothing = np.full(items, size, np.int64), np.zeros(items, np.int64)
    return tuple(moved if when(variant) else nothing for variant in VARIANTS)
