"""What the items of each stream wait for: "so many items of that stream must be done".

Three kinds of dependency: data (an operand of this or an earlier timestep), buffer space (the readers of what a slot
held before), and DRAM (weights, the layer's input, parameters, the state in decode). Items of a stream are done in
order, so "this part of that tile is done" is one number: the count of items up to the last that touches the part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sim.buffers import LOAD, Inventory, Storage
from sim.fusion import Draft
from sim.layout import Region, SegmentLayout
from sim.program import DRAM, NO_BUFFER, RECURRENCE, Dependency, StreamPlan, UnitName
from sim.units import ceil_div
from workloads.graph import INPUT

ALWAYS = -(1 << 60)  # a table entry that is always fulfilled


@dataclass(frozen=True)
class Streams:
    """The streams of a layer: ``number`` finds one by name, ``of_draft`` by the draft that it came from."""

    plans: list[StreamPlan]
    number: dict[str, int]
    of_draft: list[int]
    inventory: Inventory
    tiles_per_layer: int


def weight_streams(number: dict[str, int], of_draft: list[int], inventory: Inventory) -> list[tuple[int, int]]:
    """(loading stream, using stream) of every projection stream."""
    return [
        (number[f"load.weights.{inventory.drafts[draft].operations[0]}"], of_draft[draft])
        for draft in inventory.projections
    ]


def add_dependencies(streams: Streams) -> None:
    """Fill in the dependencies of every stream's plan."""
    dependencies = _Dependencies(streams)
    for number, draft in enumerate(streams.inventory.drafts):
        dependencies.need_operands(number, draft)
    for storage in streams.inventory.storages():
        if storage.tensors and storage.buffer.role in ("state", "step", "tile"):
            dependencies.need_space(storage)
    dependencies.need_parameters()
    dependencies.need_weights()
    dependencies.need_residual()
    dependencies.need_state()
    dependencies.publish()


class _Dependencies:
    """Collects tables by (consumer, producer, reason): the largest need of each item counts."""

    def __init__(self, streams: Streams) -> None:
        self.plans = streams.plans
        self.number = streams.number
        self.of_draft = streams.of_draft
        self.inventory = streams.inventory
        self.drafts = streams.inventory.drafts
        self.mapping = streams.inventory.mapping
        self.analysis = streams.inventory.analysis
        self.graph = streams.inventory.analysis.graph
        self.tiles_per_layer = streams.tiles_per_layer
        self._regions: dict[int, list[Region]] = {}  # what the items of a stream cover
        self._known: dict[object, list[int]] = {}  # needs of all items of a stream
        self._tables: dict[tuple[int, int, str], list[int]] = {}

    def publish(self) -> None:
        """Write the tables into the plans."""
        for (consumer, producer, reason), table in self._tables.items():
            self.plans[consumer].dependencies.append(Dependency(producer, np.array(table, np.int64), reason))

    def _require(self, consumer: int, producer: int, reason: str, needs: Iterable[int]) -> None:
        """Item i of *consumer* needs ``needs[i]`` items of *producer*, counted from the start of its tile."""
        table = self._tables.setdefault((consumer, producer, reason), [ALWAYS] * self.plans[consumer].items)
        for item, need in enumerate(needs):
            table[item] = max(table[item], need)

    def _count(self, producer: int, part: str, region: Region, distance: int = 0) -> int:
        """Items of *producer* until *part* of *region*, *distance* timesteps earlier, is done.

        What is not cut into blocks is not done before the last block has been added to it.
        """
        layout, (first, last, block, lane) = self.plans[producer].layout, region
        if not self._in_blocks(part):
            block = None
        last -= distance
        if last >= 0:
            return layout.last(part, Region(min(first, last), last, block, lane)) + 1
        back = ceil_div(-last, self.mapping.token_tile)
        last += back * self.mapping.token_tile
        return layout.last(part, Region(min(first, last), last, block, lane)) + 1 - back * layout.items

    def _in_blocks(self, part: str) -> bool:
        return part == INPUT or self.analysis.grouped(part)

    def _parts(self, draft: Draft) -> list[tuple[str, list[int]]]:
        """Operations of a draft, each with the items that perform it."""
        layout = draft.layout
        if isinstance(layout, SegmentLayout):
            return [(n, [i for i in range(layout.items) if layout.part(i) == n]) for n in draft.operations]
        everything = list(range(layout.items))
        return [(name, everything) for name in draft.operations]

    def need_operands(self, number: int, draft: Draft) -> None:
        consumer, graph = self.of_draft[number], self.graph
        for name, items in self._parts(draft):
            for source, _, _, distance in graph.reads[name]:
                if source not in self.inventory.home:
                    producer, reason = self.number["load.input"], DRAM
                else:
                    producer = self.of_draft[self.inventory.home[source]]
                    together = any({name, source} <= recurrence for recurrence in graph.recurrences)
                    unit = self.plans[producer].unit
                    reason = f"{RECURRENCE}_on_{unit}" if together and distance else f"waits_for_{unit}"
                if producer == consumer and distance == 0:
                    continue
                self._require_parts(consumer, producer, reason, items, source, distance)

    def _require_parts(
        self, consumer: int, producer: int, reason: str, items: list[int], part: str, distance: int
    ) -> None:
        needs = self._needs(consumer, producer, part, distance)
        if producer == consumer:  # what lies in the item itself is in order
            needs = [min(need, item) for item, need in enumerate(needs)]
        if len(items) < len(needs):
            mine = set(items)
            needs = [need if item in mine else ALWAYS for item, need in enumerate(needs)]
        self._require(consumer, producer, reason, needs)

    def _needs(self, consumer: int, producer: int, part: str, distance: int) -> list[int]:
        """For every item of *consumer* the items of *producer* until *part* of what it covers is done."""
        told_apart = part if isinstance(self.plans[producer].layout, SegmentLayout) else self._in_blocks(part)
        key = consumer, producer, told_apart, distance
        if key not in self._known:
            regions = self._regions_of(consumer)
            self._known[key] = [self._count(producer, part, region, distance) for region in regions]
        return self._known[key]

    def _regions_of(self, stream: int) -> list[Region]:
        if stream not in self._regions:
            layout = self.plans[stream].layout
            self._regions[stream] = [layout.region(item) for item in range(layout.items)]
        return self._regions[stream]

    def need_space(self, storage: Storage) -> None:
        """Writing a slot waits until everything that its previous contents are for has been done."""
        writer = self.number["load.input"] if storage.writer == LOAD else self.of_draft[storage.writer]
        role = storage.buffer.role
        if role == "tile":
            for tensor in storage.tensors:
                for reader, part in self._tile_readers(tensor):
                    if reader != writer:
                        self._require_tile_space(storage, writer, reader, part)
        else:
            lanes = self.drafts[storage.writer].layout.lanes  # type: ignore[attr-defined]
            for draft, distance in storage.readers:
                reader = self.of_draft[draft]
                if reader != writer:
                    behind = (storage.copies - distance) * lanes if role == "state" else storage.buffer.slots - distance
                    self._require(writer, reader, NO_BUFFER, [i + 1 - behind for i in range(self.plans[writer].items)])
        if role == "state":
            self._after_state_store(storage, writer)

    def _tile_readers(self, tensor: str) -> list[tuple[int, str]]:
        readers = [(self.of_draft[self.inventory.home[n]], n) for n, _ in self.analysis.readers[tensor]]
        if tensor == self.graph.output_tensor:
            readers.append((self.number["store.output"], ""))
        return readers

    def _require_tile_space(self, storage: Storage, writer: int, reader: int, part: str) -> None:
        """Ring of slots, one a block (or tile): block q is written over block q - slots."""
        plan, reading = self.plans[writer], self.plans[reader]
        blocks = self.mapping.blocks if storage.blocked else 1
        slots, last_token = storage.buffer.slots, self.mapping.token_tile - 1
        written = {self.graph.producer[storage.tensors[0]]}
        needs = []
        for item, own in enumerate(self._regions_of(writer)):
            if isinstance(plan.layout, SegmentLayout) and plan.layout.part(item) not in written:
                needs.append(ALWAYS)
                continue
            block = (own.block or 0) if storage.blocked else 0
            tiles_back, previous = divmod(block - slots, blocks)
            region = Region(0, last_token, previous if storage.blocked else None)
            needs.append(reading.layout.last(part, region) + 1 + tiles_back * reading.items)
        self._require(writer, reader, NO_BUFFER, needs)

    def _after_state_store(self, storage: Storage, writer: int) -> None:
        """A layer's first tile overwrites what a block's place held before after that has been stored."""
        spilled = storage.tensors[0] in self.inventory.spilled
        store = self.number["store.spilled" if spilled else "store.state"]
        plan, stores = self.plans[writer], self.plans[store]
        places = storage.buffer.slots if spilled else stores.items
        needs = [stores.layout.last("", plan.layout.region(i)) + 1 - places for i in range(plan.items)]
        self._require(writer, store, NO_BUFFER, needs)

    def need_parameters(self) -> None:
        for number, storage in self.inventory.parameters.items():
            load, user = self.number[f"load.{storage.buffer.name}"], self.of_draft[number]
            self._require(user, load, DRAM, [1] * self.plans[user].items)
            tiles_back = 0 if storage.buffer.slots == 1 else self.tiles_per_layer
            self._require(load, user, NO_BUFFER, [-tiles_back * self.plans[user].items])

    def need_weights(self) -> None:
        """A tile of weights is used once it is loaded; resident ones are overwritten after the layer's last use."""
        for load, user in weight_streams(self.number, self.of_draft, self.inventory):
            items = self.plans[user].items
            self._require(user, load, DRAM, [i + 1 for i in range(items)])
            if self.inventory.resident:
                self._require(load, user, NO_BUFFER, [i + 1 - items for i in range(items)])

    def need_residual(self) -> None:
        """A layer reads what the one before wrote to DRAM; the store waits for the output."""
        graph = self.graph
        load, store = self.number["load.input"], self.number["store.output"]
        unit = self._unit_of(graph.output_tensor)
        self._require(load, store, DRAM, [1 - self.tiles_per_layer])
        home = self.of_draft[self.inventory.home[graph.producer[graph.output_tensor]]]
        self._require_parts(store, home, f"waits_for_{unit}", [0], graph.producer[graph.output_tensor], 0)

    def need_state(self) -> None:
        """What a later timestep reads is stored after a layer's last tile and, in decode, loaded before its first.

        What is spilled is stored after every tile and loaded before every one but a prompt's first.
        """
        for tensor in self.graph.carried:
            spilled = tensor in self.inventory.spilled
            kind = "spilled" if spilled else "state"
            store, load = self.number[f"store.{kind}"], self.number.get(f"load.{kind}")
            blocks = [self.plans[store].layout.region(i).block for i in range(self.plans[store].items)]
            part = self.graph.producer[tensor]
            writer = self.number["load.input"] if part == INPUT else self.of_draft[self.inventory.home[part]]
            done = [self._block_count(writer, part, block) for block in blocks]
            self._require(store, writer, DRAM if part == INPUT else f"waits_for_{self.plans[writer].unit}", done)
            if load is not None:
                places = self.inventory.stored[tensor].buffer.slots if spilled else len(blocks)
                self._load_state(tensor, load, store, places)

    def _load_state(self, tensor: str, load: int, store: int, places: int) -> None:
        """A block is loaded into one of *places* when what was there is stored and read, and read when it is there."""
        items = self.plans[load].items
        self._require(load, store, NO_BUFFER, [i + 1 - places for i in range(items)])
        part = self.graph.producer[tensor]
        users = [(self.number["load.input"] if part == INPUT else self.of_draft[self.inventory.home[part]], part)]
        for name, distance in self.analysis.readers[tensor]:
            reader = self.of_draft[self.inventory.home[name]]
            users.append((reader, name))
            if distance:
                layout, readings = self.plans[load].layout, range(self.plans[reader].items)
                needs = [layout.last("", self.plans[reader].layout.region(i)) + 1 for i in readings]
                self._require(reader, load, DRAM, needs)
        for user, name in users:
            needs = []
            for item in range(items):
                tiles_back, before = divmod(item - places, items)
                block = self.plans[load].layout.region(before).block
                needs.append(self._block_count(user, name, block) + tiles_back * self.plans[user].items)
            self._require(load, user, NO_BUFFER, needs)

    def _block_count(self, producer: int, part: str, block: int | None) -> int:
        """Items of *producer* until *part* is done with a block of the whole tile."""
        return self._count(producer, part, Region(0, self.mapping.token_tile - 1, block))

    def _unit_of(self, tensor: str) -> UnitName:
        return self.drafts[self.inventory.home[self.graph.producer[tensor]]].unit
