"""Which requests of a section put its buffers in SRAM to use, and which free them.

A slot of a buffer is in use from the start of the request that writes it first (or the issue of the transfer) until the
last request that needs it has read its operands. A weight slot that has been granted to a transfer that is not issued
yet counts as free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hw.integers import apportion
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
        self._computing: dict[str, list[int]] = {}  # the streams that do an operation, shares of it in their order
        for rank, plan in computing:
            for name in plan.operations:
                self._computing.setdefault(name, []).append(rank)
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
                user = self._user(moves)
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

    def _user(self, moves: Moved) -> int:
        """The rank of the stream that reads the weights that another one *moves*."""
        if moves.user in self._converting:
            return self._converting[moves.user]
        doing = self._computing[moves.user]
        return next(rank for rank in doing if moves.unit in ("", self._plans[rank].unit))

    def _dequantised(self) -> None:
        """A tile that is dequantised is in use from then on until the request of the same number has read it."""
        for number, storage in self._inventory.converted.items():
            user = self._inventory.drafts[number].operations[0]
            made, read = self._tables.rows(self._converting[user]), self._tables.rows(self._computing[user][0])
            self.taken["weights"][:, made] += storage.buffer.slot_bytes
            self.freed["weights"][:, read] += storage.buffer.slot_bytes

    def _parameters(self) -> None:
        """Parameters are in use until the last request of a layer that reads them."""
        for number, storage in self._inventory.parameters.items():
            moves = Moved("parameters", self._inventory.drafts[number].operations[0])
            load, (user,) = self._moving[moves], self._computing[moves.user]
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
                for size, uses in self._uses(storage):
                    for begin, ends in uses:
                        self.taken[role][begin] += size
                        reads += [(len(sizes), *end) for end in ends]
                    sizes.append(size)
        return TileSlots(self._tables, sizes, reads)

    def _uses(self, storage: Storage) -> Iterator[tuple[int, list[tuple[_Request, list[_Request]]]]]:
        """For each slot of *storage* that a tile fills: bytes, the request that begins its use, those that may end it.

        The requests once for each variant of a tile that uses it. Of a slot that shares of a projection write, an
        equal part for each of them.
        """
        writers, operation = self._writers(storage), self._inventory.analysis.graph.producer[storage.tensors[0]]
        readers = dict.fromkeys(self._readers(storage, writers))
        for slot in self._slots(storage, self._plans[writers[0]]):
            written = {w: [self._items(variant, w, operation, storage, slot) for variant in VARIANTS] for w in writers}
            writing = [writer for writer in writers if any(written[writer])] or writers[:1]
            for writer, size in apportion(storage.buffer.slot_bytes, dict.fromkeys(writing, 1)).items():
                uses: list[tuple[_Request, list[_Request]]] = []
                for variant, items in zip(VARIANTS, written[writer], strict=True):
                    if items:
                        read = [(rank, self._items(variant, rank, name, storage, slot)) for rank, name in readers]
                        last = [(int(variant), self._tables.row(rank, own[-1])) for rank, own in read if own]
                        uses.append(((int(variant), self._tables.row(writer, items[0])), last))
                yield size, uses

    def _writers(self, storage: Storage) -> list[int]:
        """The ranks of the streams that write *storage*: one, or the shares of a projection."""
        if storage.writer == LOAD:
            return [self._moving[Moved("activations")]]
        return self._computing[self._inventory.analysis.graph.producer[storage.tensors[0]]]

    def _readers(self, storage: Storage, writers: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Streams that need *storage*, of which *writers* are the first, by rank, and the operations that do.

        The stream that stores the output has no operation.
        """
        graph, readers = self._inventory.analysis.graph, self._inventory.analysis.readers
        yield from ((writer, graph.producer[storage.tensors[0]]) for writer in writers)
        for tensor in storage.tensors:
            yield from ((rank, name) for name, _ in readers[tensor] for rank in self._computing[name])
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
