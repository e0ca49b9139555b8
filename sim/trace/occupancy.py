"""How many bytes of SRAM hold something that is still needed, by what they are for.

A slot of a buffer is in use from the start of the request that writes it first (or the issue of the transfer) until the
last request that needs it has read its operands. What a layer keeps, its state, is in use all the time. A weight slot
that has been granted to a transfer that is not issued yet counts as free.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sim.buffers import LOAD, Storage
from sim.choice import Section
from sim.layout import Region, SegmentLayout
from sim.program import StreamPlan
from sim.streams import StreamRun

ROLES = ("weights", "tile", "step", "state", "parameters")

Change = tuple[str, int, int]  # role, cycle, bytes more (or less)
_Contents = tuple[int, int]  # number of the storage; block or item of the tile


class Occupancy:
    """The buffers of a *section* as its requests use them."""

    def __init__(self, section: Section) -> None:
        self._program = section.program
        self._inventory = section.choice.inventory
        plans = section.program.streams
        self._plans = plans
        self._rank = {plan.name: rank for rank, plan in enumerate(plans)}
        self._home = {name: rank for rank, plan in enumerate(plans) if plan.costs for name in plan.operations}
        self._storages = self._inventory.storages()
        self._fixed = sum(s.buffer.size_bytes for s in self._storages if s.buffer.role == "state")
        self._held: defaultdict[str, int] = defaultdict(int)
        self._open: dict[tuple[int, int, int], tuple[int, int]] = {}  # storage, tile, part: readers left, latest end
        self._opens: list[dict[tuple[int, int], list[_Contents]]] = [defaultdict(list) for _ in range(4)]
        self._closes: list[dict[tuple[int, int], list[_Contents]]] = [defaultdict(list) for _ in range(4)]
        self._readers: list[dict[_Contents, int]] = [defaultdict(int) for _ in range(4)]
        for number, storage in enumerate(self._storages):
            if storage.tensors and storage.buffer.role in ("tile", "step"):
                self._follow(number, storage)
        self._loads, self._users = self._fetched()

    def _fetched(self) -> tuple[dict[int, tuple[str, int | None]], dict[int, list[tuple[str, int, int | None]]]]:
        """Streams that load weights or parameters, with role and bytes (None: what is moved); and who uses them."""
        loads: dict[int, tuple[str, int | None]] = {}
        users: defaultdict[int, list[tuple[str, int, int | None]]] = defaultdict(list)
        weights, resident = self._inventory.weights, self._inventory.resident
        for name, rank in self._rank.items():
            if name.startswith("load.weights."):
                size = None if resident or weights is None else weights.buffer.slot_bytes
                loads[rank] = "weights", size
                users[self._home[name.removeprefix("load.weights.")]].append(("weights", rank, size))
        for storage in self._inventory.parameters.values():
            rank = self._rank[f"load.{storage.buffer.name}"]
            loads[rank] = "parameters", storage.buffer.slot_bytes
            first = storage.buffer.name.removeprefix("parameters.")
            users[self._home[first]].append(("parameters", rank, storage.buffer.slot_bytes))
        return loads, users

    def _follow(self, number: int, storage: Storage) -> None:
        """Note which items begin and which end the use of a slot of *storage*."""
        writer = self._rank["load.input"] if storage.writer == LOAD else self._writer(storage)
        graph, readers = self._inventory.analysis.graph, self._inventory.analysis.readers
        part = graph.producer[storage.tensors[0]]
        ends = [(writer, part)]
        ends += [(self._home[name], name) for tensor in storage.tensors for name, _ in readers[tensor]]
        if graph.output_tensor in storage.tensors:
            ends.append((self._rank["store.output"], ""))
        for variant in range(4):
            for place in self._parts(storage, self._plans[writer]):
                begin = self._items(variant, writer, part, storage, place)
                if begin:
                    self._opens[variant][writer, begin[0]].append((number, place))
                    for reader in dict.fromkeys(ends):
                        touched = self._items(variant, *reader, storage, place)
                        if touched:
                            self._closes[variant][reader[0], touched[-1]].append((number, place))
                            self._readers[variant][number, place] += 1

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
        requests = plan.requests[variant]
        if storage.buffer.role == "step":
            return [place] if place < plan.items and requests[place] is not None else []
        block = place if storage.blocked else None
        last = plan.layout.last(part, Region(0, self._inventory.mapping.token_tile - 1, block))
        touching = [
            item for item in range(last + 1) if requests[item] is not None and self._touches(plan, item, part, block)
        ]
        return touching[:1] + touching[-1:]

    @staticmethod
    def _touches(plan: StreamPlan, item: int, part: str, block: int | None) -> bool:
        layout = plan.layout
        if isinstance(layout, SegmentLayout) and part and layout.part(item) != part:
            return False
        return block is None or layout.region(item).block in (None, block)

    def resident(self) -> list[Change]:
        """What is in use from the section's first cycle to its last."""
        return self._changed("state", 0, self._fixed)

    def request(self, stream: StreamRun[Any], now: int, end: int) -> list[Change]:
        """What changes with the offered item of *stream*, which starts *now* and has read its operands by *end*."""
        rank, tile, variant = stream.rank, stream.tile, stream.variant
        place = rank, stream.item
        changes: list[Change] = []
        if rank in self._loads:
            role, size = self._loads[rank]
            changes += self._changed(role, now, stream.request.size_bytes if size is None else size)
        if place in self._opens[variant]:
            changes += self._opened(tile, variant, self._opens[variant][place], now)
        if place in self._closes[variant]:
            changes += self._closed(tile, self._closes[variant][place], end)
        if rank in self._users:
            for role, load, size in self._users[rank]:
                changes += self._let_go(role, load, size, stream, end)
        return changes

    def _opened(self, tile: int, variant: int, contents: list[_Contents], now: int) -> list[Change]:
        """Slots that are written first *now*."""
        changes: list[Change] = []
        for number, part in contents:
            buffer = self._storages[number].buffer
            self._open[number, tile, part] = self._readers[variant][number, part], 0
            changes += self._changed(buffer.role, now, buffer.slot_bytes)
        return changes

    def _closed(self, tile: int, contents: list[_Contents], end: int) -> list[Change]:
        """Slots that have been read by *end* by one of those that need them; the last one gives them back."""
        changes: list[Change] = []
        for number, part in contents:
            left, latest = self._open.pop((number, tile, part), (0, 0))
            if left > 1:
                self._open[number, tile, part] = left - 1, max(latest, end)
            elif left:
                buffer = self._storages[number].buffer
                changes += self._changed(buffer.role, max(latest, end), -buffer.slot_bytes)
        return changes

    def _let_go(self, role: str, load: int, size: int | None, stream: StreamRun[Any], end: int) -> list[Change]:
        """What *stream* is done with when its offered item, which ends at *end*, has read what *load* loaded."""
        last_of_layer = self._program.variant(stream.tile) & 2
        if role == "parameters":
            requests = stream.requests or ()
            ended = last_of_layer and all(request is None for request in requests[stream.item + 1 :])
            return self._changed(role, end, -(size or 0)) if ended else []
        if size is not None:
            return self._changed(role, end, -size)
        loaded = self._plans[load].requests[1][stream.item] if last_of_layer else None
        return self._changed(role, end, -loaded.size_bytes) if loaded is not None else []  # type: ignore[union-attr]

    def _changed(self, role: str, cycle: int, size: int) -> list[Change]:
        self._held[role] += size
        return [(role, cycle, size)]

    def clear(self, cycle: int) -> list[Change]:
        """The section ends at *cycle*, and nothing that it held is needed any more."""
        return [change for role, size in list(self._held.items()) for change in self._changed(role, cycle, -size)]
