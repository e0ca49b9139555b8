"""How many bytes of SRAM hold something that is still needed, by what they are for.

A slot of a buffer is in use from the start of the request that writes it first (or the issue of the transfer) until the
last request that needs it has read its operands. What a layer keeps, its state, is in use all the time. A weight slot
that has been granted to a transfer that is not issued yet counts as free.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.lowering.buffers import LOAD, Storage
from sim.lowering.order import ALL, Layout, SegmentLayout
from sim.lowering.program import NOTHING, VARIANTS, Moved, StreamPlan, TileVariant
from sim.lowering.section import Section
from sim.trace.requests import ItemTables, Requests
from sim.trace.slices import Numbers
from sim.trace.tile_slots import TileSlots

ROLES = ("weights", "tile", "step", "state", "parameters")

_LAST = [variant for variant in VARIANTS if TileVariant.LAST in variant]
_Use = tuple[int, int]  # variant of a tile, row of a request
Change = tuple[str, Numbers, Numbers]  # role; cycles; at each of them bytes more (or less)


class Occupancy:
    """The buffers of a *section* as its requests use them."""

    def __init__(self, section: Section, tables: ItemTables) -> None:
        self._tables = tables
        self._inventory = section.inventory
        self._plans = section.program.streams
        self._moving = {plan.moves: rank for rank, plan in enumerate(self._plans) if plan.moves is not None}
        self._home = {name: rank for rank, plan in enumerate(self._plans) if plan.costs for name in plan.operations}
        self._held = dict.fromkeys(ROLES, 0)
        self._taken = {role: np.zeros_like(tables.bytes) for role in ROLES}  # bytes in use from its issue on
        self._given = {role: np.zeros_like(tables.bytes) for role in ROLES}  # bytes free when it has read
        self._slots = [(role, self._slots_of(role)) for role in ("tile", "step")]
        self._fetch_weights()
        self._fetch_parameters()

    def _fetch_weights(self) -> None:
        """Weights are in use until the request of the same number has read them; if they stay, until the layer ends."""
        weights, tables = self._inventory.weights, self._tables
        stays = self._inventory.resident or weights is None
        for moves, load in self._moving.items():
            if moves.kind == "weights":
                user = self._home[moves.user]
                loaded, read = tables.rows(load), tables.rows(user)
                sizes = tables.bytes[:, loaded]
                if stays:
                    self._taken["weights"][:, loaded] += sizes
                    for variant in _LAST:
                        self._given["weights"][variant, read] += sizes[TileVariant.FIRST]
                else:
                    assert weights is not None
                    self._taken["weights"][:, loaded] += weights.buffer.slot_bytes
                    self._given["weights"][:, read] += weights.buffer.slot_bytes

    def _fetch_parameters(self) -> None:
        """Parameters are in use until the last request of a layer that reads them."""
        for number, storage in self._inventory.parameters.items():
            moves = Moved("parameters", self._inventory.drafts[number].operations[0])
            load, user = self._moving[moves], self._home[moves.user]
            self._taken["parameters"][:, self._tables.rows(load)] += storage.buffer.slot_bytes
            for variant in _LAST:
                busy = np.flatnonzero(self._plans[user].numbers[variant] != NOTHING)
                last = int(busy[-1]) if len(busy) else 0
                self._given["parameters"][variant, self._tables.row(user, last)] += storage.buffer.slot_bytes

    def _slots_of(self, role: str) -> TileSlots:
        """The slots of all buffers of a *role*; their first requests take them."""
        sizes: list[int] = []
        reads: list[tuple[int, int, int]] = []
        for storage in self._inventory.storages():
            if storage.tensors and storage.buffer.role == role:
                for uses in self._uses(storage):
                    for begin, ends in uses:
                        self._taken[role][begin] += storage.buffer.slot_bytes
                        reads += [(len(sizes), *end) for end in ends]
                    sizes.append(storage.buffer.slot_bytes)
        return TileSlots(self._tables, sizes, reads)

    def _uses(self, storage: Storage) -> Iterator[list[tuple[_Use, list[_Use]]]]:
        """For each slot of *storage* what begins its use and what ends it, in tiles of every variant."""
        writer = self._moving[Moved("activations")] if storage.writer == LOAD else self._writer(storage)
        graph, readers = self._inventory.analysis.graph, self._inventory.analysis.readers
        part = graph.producer[storage.tensors[0]]
        ends = [(writer, part)]
        ends += [(self._home[name], name) for tensor in storage.tensors for name, _ in readers[tensor]]
        if graph.output_tensor in storage.tensors:
            ends.append((self._moving[Moved("activations", write=True)], ""))
        for place in self._parts(storage, self._plans[writer]):
            uses: list[tuple[_Use, list[_Use]]] = []
            for variant in VARIANTS:
                begin = self._items(variant, writer, part, storage, place)
                if begin:
                    read = [
                        (rank, self._items(variant, rank, name, storage, place)) for rank, name in dict.fromkeys(ends)
                    ]
                    last = [(int(variant), self._tables.row(rank, items[-1])) for rank, items in read if items]
                    uses.append(((int(variant), self._tables.row(writer, begin[0])), last))
            yield uses

    def _writer(self, storage: Storage) -> int:
        return self._home[self._inventory.drafts[storage.writer].operations[0]]

    def _parts(self, storage: Storage, writer: StreamPlan) -> range:
        """The slots that a tile fills: one for each step, for each block, or one."""
        if storage.buffer.role == "step":
            return range(writer.items)
        return range(self._inventory.mapping.blocks if storage.blocked else 1)

    def _items(self, variant: int, rank: int, part: str, storage: Storage, place: int) -> list[int]:
        """The first and the last item of a stream that have to do with *place* of *storage*; none without a request."""
        plan = self._plans[rank]
        numbers = plan.numbers[variant]
        if storage.buffer.role == "step":
            return [place] if place < plan.items and numbers[place] != NOTHING else []
        block = place if storage.blocked else ALL
        last = int(plan.layout.last(part, self._inventory.mapping.tile_steps - 1, block))
        touching = np.flatnonzero((numbers != NOTHING) & self._touches(plan.layout, part, block))
        touching = touching[touching <= last]
        return [int(item) for item in touching[[0, -1]]] if len(touching) else []

    @staticmethod
    def _touches(layout: Layout, part: str, block: int) -> NDArray[np.bool_]:
        """Which items have to do with *part* of a *block*."""
        own = layout.regions.block
        touches: NDArray[np.bool_] = (own == ALL) | (own == block) | (block == ALL)
        return touches & layout.of(part) if isinstance(layout, SegmentLayout) and part else touches

    def resident(self) -> Change:
        """What is in use from the section's first cycle to its last."""
        states = [s.buffer.size_bytes for s in self._inventory.storages() if s.buffer.role == "state"]
        return self._changed("state", np.array([self._tables.origin]), np.array([sum(states)]))

    def changes(self, requests: Requests) -> Iterator[Change]:
        """What changes with *requests*, which take slots when they are issued and have read them by their end."""
        for role in ROLES:
            taken = self._taken[role][requests.variant, requests.row]
            given = self._given[role][requests.variant, requests.row]
            takes, gives = taken > 0, given > 0
            yield self._changed(role, requests.now[takes], taken[takes])
            yield self._changed(role, requests.end[gives], -given[gives])
        for role, slots in self._slots:
            cycles, sizes = slots.free(requests)
            yield self._changed(role, cycles, -sizes)

    def _changed(self, role: str, cycles: Numbers, sizes: Numbers) -> Change:
        self._held[role] += int(sizes.sum())
        return role, cycles, sizes

    def clear(self, cycle: int) -> list[Change]:
        """The section ends at *cycle*, and nothing that it held is needed any more."""
        return [self._changed(role, np.array([cycle]), np.array([-size])) for role, size in self._held.items()]
