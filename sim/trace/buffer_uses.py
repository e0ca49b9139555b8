"""Which requests of a section put its buffers in SRAM to use, and which free them.

A slot of a buffer is in use from the start of the request that writes it first (or the issue of the transfer) until the
last request that needs it has read its operands. A weight slot that has been granted to a transfer that is not issued
yet counts as free.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.lowering.buffers import LOAD, Storage
from sim.lowering.order import ALL, Layout, SegmentLayout
from sim.lowering.program import NOTHING, VARIANTS, Moved, StreamPlan, TileVariant
from sim.lowering.section import Section
from sim.trace.requests import ItemTables
from sim.trace.slices import Mask
from sim.trace.tile_slots import TileSlots

ROLES = ("weights", "tile", "step", "state", "parameters")

_LAST = [variant for variant in VARIANTS if TileVariant.LAST in variant]
_Request = tuple[int, int]  # variant of a tile, row of an item


class BufferUses:
    """What the requests of *section* do to its buffers.

    ``taken`` and ``freed`` are bytes by role, then by variant of the tile and row of the item: those in use from the
    request's issue on, and those free once it has read its operands. Slots that several requests of a tile read are in
    ``slots`` instead of ``freed``, by role: which of the requests is the last to read shows in the run.
    """

    def __init__(self, section: Section, tables: ItemTables) -> None:
        self._tables = tables
        self._inventory = section.inventory
        self._plans = section.program.streams
        self._moving = {plan.moves: rank for rank, plan in enumerate(self._plans) if plan.moves is not None}
        computing = [(rank, plan) for rank, plan in enumerate(self._plans) if plan.costs]
        self._computing = {name: rank for rank, plan in computing for name in plan.operations}
        self._converting = {plan.converts: rank for rank, plan in computing if plan.converts}
        self.taken = {role: np.zeros_like(tables.bytes) for role in ROLES}
        self.freed = {role: np.zeros_like(tables.bytes) for role in ROLES}
        self.slots = {role: self._tile_slots(role) for role in ("tile", "step")}
        self._weights()
        self._dequantised()
        self._parameters()

    def _weights(self) -> None:
        """Weights are in use until the request of the same number has read them; if they stay, until the layer ends."""
        weights, tables = self._inventory.weights, self._tables
        stays = self._inventory.resident or weights is None
        for moves, load in self._moving.items():
            if moves.kind == "weights":
                user = self._converting.get(moves.user, self._computing[moves.user])
                loaded, read = tables.rows(load), tables.rows(user)
                sizes = tables.bytes[:, loaded]
                if stays:
                    self.taken["weights"][:, loaded] += sizes
                    for variant in _LAST:
                        self.freed["weights"][variant, read] += sizes[TileVariant.FIRST]
                else:
                    assert weights is not None
                    self.taken["weights"][:, loaded] += weights.buffer.slot_bytes
                    self.freed["weights"][:, read] += weights.buffer.slot_bytes

    def _dequantised(self) -> None:
        """A tile that is dequantised is in use from then on until the request of the same number has read it."""
        for number, storage in self._inventory.converted.items():
            user = self._inventory.drafts[number].operations[0]
            made, read = self._tables.rows(self._converting[user]), self._tables.rows(self._computing[user])
            self.taken["weights"][:, made] += storage.buffer.slot_bytes
            self.freed["weights"][:, read] += storage.buffer.slot_bytes

    def _parameters(self) -> None:
        """Parameters are in use until the last request of a layer that reads them."""
        for number, storage in self._inventory.parameters.items():
            moves = Moved("parameters", self._inventory.drafts[number].operations[0])
            load, user = self._moving[moves], self._computing[moves.user]
            self.taken["parameters"][:, self._tables.rows(load)] += storage.buffer.slot_bytes
            for variant in _LAST:
                busy = np.flatnonzero(self._plans[user].numbers[variant] != NOTHING)
                last = int(busy[-1]) if len(busy) else 0
                self.freed["parameters"][variant, self._tables.row(user, last)] += storage.buffer.slot_bytes

    def _tile_slots(self, role: str) -> TileSlots:
        """The slots of all buffers of a *role*, which the first request that writes them takes."""
        sizes: list[int] = []
        reads: list[tuple[int, int, int]] = []
        for storage in self._inventory.storages():
            if storage.tensors and storage.buffer.role == role:
                for uses in self._uses(storage):
                    for begin, ends in uses:
                        self.taken[role][begin] += storage.buffer.slot_bytes
                        reads += [(len(sizes), *end) for end in ends]
                    sizes.append(storage.buffer.slot_bytes)
        return TileSlots(self._tables, sizes, reads)

    def _uses(self, storage: Storage) -> Iterator[list[tuple[_Request, list[_Request]]]]:
        """For each slot of *storage* that a tile fills: the request that begins its use, and those that may end it.

        That once for each variant of a tile that uses it.
        """
        writer = self._writer(storage)
        readers = dict.fromkeys(self._readers(storage, writer))
        operation = self._inventory.analysis.graph.producer[storage.tensors[0]]
        for slot in self._slots(storage, self._plans[writer]):
            uses: list[tuple[_Request, list[_Request]]] = []
            for variant in VARIANTS:
                begin = self._items(variant, writer, operation, storage, slot)
                if begin:
                    read = [(rank, self._items(variant, rank, name, storage, slot)) for rank, name in readers]
                    last = [(int(variant), self._tables.row(rank, items[-1])) for rank, items in read if items]
                    uses.append(((int(variant), self._tables.row(writer, begin[0])), last))
            yield uses

    def _writer(self, storage: Storage) -> int:
        """The rank of the stream that writes *storage*."""
        if storage.writer == LOAD:
            return self._moving[Moved("activations")]
        return self._computing[self._inventory.drafts[storage.writer].operations[0]]

    def _readers(self, storage: Storage, writer: int) -> Iterator[tuple[int, str]]:
        """Streams that need *storage*, of which *writer* is the first, by rank, and the operations that do.

        The stream that stores the output has no operation.
        """
        graph, readers = self._inventory.analysis.graph, self._inventory.analysis.readers
        yield writer, graph.producer[storage.tensors[0]]
        for tensor in storage.tensors:
            yield from ((self._computing[name], name) for name, _ in readers[tensor])
        if graph.output_tensor in storage.tensors:
            yield self._moving[Moved("activations", write=True)], ""

    def _slots(self, storage: Storage, writer: StreamPlan) -> range:
        """The slots that a tile fills: one for each step, for each block, or one."""
        if storage.buffer.role == "step":
            return range(writer.items)
        return range(self._inventory.mapping.blocks if storage.blocked else 1)

    def _items(self, variant: int, rank: int, operation: str, storage: Storage, slot: int) -> list[int]:
        """The first and the last item of a stream with a request that has to do with a *slot* of *storage*, if any."""
        plan = self._plans[rank]
        numbers = plan.numbers[variant]
        if storage.buffer.role == "step":
            return [slot] if slot < plan.items and numbers[slot] != NOTHING else []
        block = slot if storage.blocked else ALL
        last = int(plan.layout.last(operation, self._inventory.mapping.tile_steps - 1, block))
        touching = np.flatnonzero((numbers != NOTHING) & _touches(plan.layout, operation, block))
        touching = touching[touching <= last]
        return [int(item) for item in touching[[0, -1]]] if len(touching) else []


def _touches(layout: Layout, operation: str, block: int) -> Mask:
    """Which items have to do with an *operation* on a *block*."""
    own = layout.regions.block
    touches: Mask = (own == ALL) | (own == block) | (block == ALL)
    return touches & layout.of(operation) if isinstance(layout, SegmentLayout) and operation else touches
