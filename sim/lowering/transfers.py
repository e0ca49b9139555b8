"""The streams of the DMA engine: what lies where in DRAM, and what is fetched and brought back in a tile.

Prefill starts from a zero state and writes the state of the last token back; decode loads it first. What lies between
layers goes through DRAM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hw.integers import ceil_div
from hw.machine import MachineSpec
from hw.unit_names import DMA
from sim.lowering.buffers import Inventory, Storage
from sim.lowering.compute import load_name
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft
from sim.lowering.order import BatchLayout, Layout, Numbers
from sim.lowering.program import NOTHING, VARIANTS, Moved, StreamPlan, TileVariant, Transfers
from sim.lowering.tiling import Tiling
from workloads.graph import TimestepGraph
from workloads.stack import Stack

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
    storages: Sequence[Storage]  # where it lies in SRAM


class TransferStreams:
    """Makes the streams of the DMA engine, and gives all that they move its place in DRAM."""

    def __init__(
        self, stack: Stack, machine: MachineSpec, costs: CostModel, inventory: Inventory, tiling: Tiling
    ) -> None:
        self._stack = stack
        self._sram = machine.sram
        self._costs = costs
        self._inventory = inventory
        self._mapping = inventory.mapping
        self._analysis = costs.analysis
        self._drafts = inventory.drafts
        self._tiling = tiling
        self._dram_end = 0
        self._activations = self._tiled(self._analysis.graph.input_tensor, more_layers=1)
        self._states = {spilled: self._per_layer(inventory.carried_bytes(spilled)) for spilled in (False, True)}

    def before(self) -> list[StreamPlan]:
        """The streams that fetch what a tile needs: input, parameters, states, weights."""
        graph = self._analysis.graph
        fetched = [self._given(tensor) for tensor in (*graph.inputs, *graph.held)]
        for number, storage in self._inventory.parameters.items():
            name, size = f"load.{storage.buffer.name}", storage.buffer.slot_bytes
            moved, place = Moved("parameters", self._drafts[number].operations[0]), self._per_layer(size)
            fetched.append(_Transfers(name, moved, self._once(), _sizes(1, size, _in_first), place, [storage]))
        resumes = self._stack.resumes
        if resumes:
            fetched += self._state_transfers("load.state", False, _in_first)
        # In prefill what is spilled begins as zero.
        fetched += self._state_transfers("load.spilled", True, lambda variant: resumes or not _in_first(variant))
        projections = (self._drafts[number] for number in self._inventory.projections)
        fetched += [self._weight_transfers(stream) for draft in projections for stream in draft.streams]
        return [self._plan(transfers) for transfers in fetched]

    def after(self) -> list[StreamPlan]:
        """The streams that bring back what a tile leaves: states, output."""
        kept = self._state_transfers("store.spilled", True, _always)
        if self._stack.keeps_state:
            kept += self._state_transfers("store.state", False, _in_last)
        kept += [self._handed_on(tensor) for tensor in self._analysis.graph.outputs]
        return [self._plan(transfers) for transfers in kept]

    def _given(self, tensor: str) -> _Transfers:
        """The stream that loads *tensor*, which no operation makes: each tile of it, or once where it is held."""
        graph, stored = self._analysis.graph, self._inventory.stored
        inputs, name = [stored[tensor]] if tensor in stored else [], load_of(graph, tensor)
        moved, place = Moved("activations"), self._activations
        if tensor in graph.held:
            size = self._inventory.stored[tensor].buffer.slot_bytes
            return _Transfers(name, moved, self._once(), _sizes(1, size, _in_first), self._per_layer(size), inputs)
        if tensor != graph.input_tensor:
            place = self._tiled(tensor)
        return _Transfers(name, moved, self._once(), self._activation_sizes(tensor), place, inputs)

    def _handed_on(self, tensor: str) -> _Transfers:
        """The stream that stores *tensor*, tile by tile or at the end; layers that follow each other read it there."""
        graph, stored = self._analysis.graph, self._inventory.stored[tensor]
        moved, name = Moved("activations", write=True), store_of(graph, tensor)
        if tensor in graph.final:
            size = stored.buffer.slot_bytes
            return _Transfers(name, moved, self._once(), _sizes(1, size, _in_last), self._per_layer(size), [stored])
        place = replace(self._activations, start=self._activations.start + self._activations.layer_bytes)
        if tensor != graph.output_tensor or graph.row_elements(tensor) != graph.row_elements(graph.input_tensor):
            place = self._tiled(tensor)
        return _Transfers(name, moved, self._once(), self._activation_sizes(tensor), place, [stored])

    def _state_transfers(self, name: str, spilled: bool, when: Callable[[TileVariant], bool]) -> list[_Transfers]:
        """The stream *name*, which moves the states that are *spilled* (or all others) block by block, if any."""
        inventory, blocks = self._inventory, self._mapping.blocks
        size = inventory.carried_bytes(spilled)
        carried = [tensor for tensor in self._analysis.graph.carried if (tensor in inventory.spilled) == spilled]
        storages = [inventory.stored.get(f"{tensor}.past") or inventory.stored[tensor] for tensor in carried]
        moves, place = Moved("state", write=name.startswith("store")), self._states[spilled]
        sizes = _sizes(blocks, size, when)
        return [_Transfers(name, moves, self._by_block(), sizes, place, storages)] if size else []

    def _per_layer(self, layer_bytes: int, tile_bytes: int = 0, more_layers: int = 0) -> _Place:
        """A place in DRAM with *layer_bytes* for every layer."""
        start = ceil_div(self._dram_end, PAGE_BYTES) * PAGE_BYTES
        self._dram_end = start + layer_bytes * (self._stack.layers + more_layers)
        return _Place(start, layer_bytes, tile_bytes)

    def _tiled(self, tensor: str, more_layers: int = 0) -> _Place:
        """A place for all tiles of *tensor* in each layer."""
        full, last = (self._activation_bytes(tensor, variant) for variant in (TileVariant.MIDDLE, TileVariant.LAST))
        return self._per_layer((self._tiling.tiles - 1) * full + last, full, more_layers)

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

    def _weight_transfers(self, draft: Draft) -> _Transfers:
        assert draft.weights is not None
        sizes = draft.weights.sizes
        later = np.zeros_like(sizes) if self._inventory.resident else sizes
        in_variants = tuple(sizes if _in_first(variant) else later for variant in VARIANTS)
        place = self._per_layer(int(sizes.sum()))
        moves = Moved("weights", draft.operations[0], unit=draft.unit if draft.is_share else "")
        storage = self._inventory.weights
        assert storage is not None
        return _Transfers(load_name(draft), moves, draft.layout, in_variants, place, [storage])

    def _plan(self, transfers: _Transfers) -> StreamPlan:
        """The stream, with each distinct transfer once."""
        place, columns = transfers.place, list[Numbers]()
        numbers: dict[int, Numbers] = {}  # by the identity of sizes
        known = 0
        for sizes in {id(each): each for each in transfers.sizes}.values():
            busy, starts = sizes > 0, place.start + np.cumsum(sizes) - sizes
            numbers[id(sizes)] = np.where(busy, known + np.cumsum(busy) - 1, NOTHING)
            columns.append(np.stack([sizes[busy], starts[busy]]))
            known += columns[-1].shape[1]
        sizes, starts = np.hstack(columns)
        return StreamPlan(
            transfers.name, DMA, (), transfers.layout, Transfers(sizes, starts, transfers.moves.write),
            tuple(numbers[id(sizes)] for sizes in transfers.sizes),
            moves=transfers.moves, layer_bytes=place.layer_bytes, tile_bytes=place.tile_bytes,
            lies=self._lies(transfers.storages), buffers=tuple(each.buffer.name for each in transfers.storages),
        )  # fmt: skip

    def _lies(self, storages: Sequence[Storage]) -> dict[int, int]:
        """How many bytes of the buffers of *storages* lie in each cluster of SRAM."""
        lies: dict[int, int] = {}
        for buffer in (storage.buffer for storage in storages):
            for cluster, size in self._sram.spread(buffer.start, buffer.size_bytes, buffer.size_bytes).items():
                lies[cluster] = lies.get(cluster, 0) + size
        return lies


def load_of(graph: TimestepGraph, tensor: str) -> str:
    """How tables and traces call the stream that loads *tensor*, which no operation makes."""
    return f"load.{graph.producer[tensor]}"


def store_of(graph: TimestepGraph, tensor: str) -> str:
    """How tables and traces call the stream that stores the output *tensor*."""
    return "store.output" if tensor == graph.output_tensor else f"store.output.{tensor}"


def _always(_: TileVariant) -> bool:
    """Whatever tile it is."""
    return True


def _in_first(variant: TileVariant) -> bool:
    """Whether a tile is the first of its layer."""
    return TileVariant.FIRST in variant


def _in_last(variant: TileVariant) -> bool:
    """Whether a tile is the last of its layer."""
    return TileVariant.LAST in variant


def _sizes(items: int, total_bytes: int, when: Callable[[TileVariant], bool]) -> tuple[Numbers, ...]:
    """*total_bytes* cut into *items* in the variants of tiles *when* they are moved, nothing in the others."""
    moved, nothing = np.diff(np.arange(items + 1, dtype=np.int64) * total_bytes // items), np.zeros(items, np.int64)
    return tuple(moved if when(variant) else nothing for variant in VARIANTS)
