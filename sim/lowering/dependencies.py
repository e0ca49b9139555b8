"""What the items of each stream wait for: "so many items of that stream must be done".

Three kinds of dependency: data (an operand of this or an earlier timestep), buffer space (the readers of what a slot
held before), and DRAM (weights, the layer's input, parameters, the state in decode). Items of a stream are done in
order, so "this part of that tile is done" is one number: the count of items up to the last that touches the part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hw.reasons import Reason
from hw.unit_names import DMA
from sim.lowering.buffers import Inventory, Storage
from sim.lowering.compute import conversion_name, load_name
from sim.lowering.costs import CostModel
from sim.lowering.order import ALL, Numbers, Regions, SegmentLayout, StepLayout
from sim.lowering.program import Dependency, StreamPlan
from sim.lowering.transfers import load_of, store_of
from workloads.graph import is_given

ALWAYS = -(1 << 60)  # a table entry that is always fulfilled


@dataclass(frozen=True)
class Streams:
    """The streams of a layer: ``number`` finds one by name, ``of_draft`` those of a draft, one for each share."""

    plans: list[StreamPlan]
    number: dict[str, int]
    of_draft: list[tuple[int, ...]]
    costs: CostModel
    inventory: Inventory
    tiles_per_layer: int
    keeps_state: bool
    hands_on: bool


def weight_streams(streams: Streams) -> list[tuple[int, int]]:
    """(loading stream, using stream) of every projection; it is used by what dequantises its weights, if anything."""
    number, inventory, found = streams.number, streams.inventory, []
    for draft in inventory.projections:
        for share, stream in zip(inventory.drafts[draft].streams, streams.of_draft[draft], strict=True):
            converting = draft in inventory.converted
            user = number[conversion_name(share.operations[0])] if converting else stream
            found.append((number[load_name(share)], user))
    return found


def add_dependencies(streams: Streams) -> None:
    """Fill in the dependencies of every stream's plan."""
    dependencies = _Dependencies(streams)
    for each in streams.of_draft:
        for consumer in each:
            dependencies.need_operands(consumer)
    for storage in streams.inventory.storages():
        if storage.tensors and storage.buffer.role in ("state", "step", "tile"):
            dependencies.need_space(storage)
    dependencies.need_held()
    dependencies.need_parameters()
    dependencies.need_weights()
    dependencies.need_residual()
    if streams.keeps_state:
        dependencies.need_state()
    dependencies.publish()


class _Dependencies:
    """Collects tables by (consumer, producer, reason): the largest need of each item counts."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self.plans = streams.plans
        self.number = streams.number
        self.of_draft = streams.of_draft
        self.costs = streams.costs
        self.inventory = streams.inventory
        self.drafts = streams.inventory.drafts
        self.mapping = streams.inventory.mapping
        self.analysis = streams.inventory.analysis
        self.graph = streams.inventory.analysis.graph
        self.tiles_per_layer = streams.tiles_per_layer
        self._tables: dict[tuple[int, int, str], Numbers] = {}

    def publish(self) -> None:
        """Write the tables into the plans."""
        for (consumer, producer, reason), table in self._tables.items():
            self.plans[consumer].dependencies.append(Dependency(producer, table, reason))

    def _require(self, consumer: int, producer: int, reason: str, needs: Numbers) -> None:
        """Item i of *consumer* needs ``needs[i]`` items of *producer*, counted from the start of its tile."""
        key = consumer, producer, reason
        known = self._tables.get(key, needs)
        self._tables[key] = needs if known is needs else np.maximum(known, needs)

    def _count(self, producer: int, part: str, regions: Regions, distance: int = 0) -> Numbers:
        """Items of *producer* until *part* of each of *regions*, *distance* timesteps earlier, is done.

        What is not cut into blocks is not done before the last block has been added to it.
        """
        layout, block = self.plans[producer].layout, regions.block
        tile, step = np.divmod(regions.last - distance, self.mapping.tile_steps)
        if not self._in_blocks(part):
            block = np.full_like(block, ALL)
        count: Numbers = layout.last(part, step, block, regions.lane) + 1 + tile * layout.items
        return count

    def _in_blocks(self, part: str) -> bool:
        return is_given(part) or self.analysis.grouped(part)

    def _blocks(self, stream: int, regions: Regions) -> Numbers:
        """Of which block of a state each item of *stream* needs its part: of all, where it is not cut itself."""
        uncut = self.plans[stream].layout.order == StepLayout.order and not any(
            self.analysis.grouped(name) for name in self.plans[stream].operations
        )
        return np.full_like(regions.block, ALL) if uncut else regions.block

    def _order(self, stream: int) -> Numbers:
        """The numbers of the items of *stream*."""
        return np.arange(self.plans[stream].items, dtype=np.int64)

    def _doing(self, name: str) -> list[int]:
        """The streams that do the operation *name*, all of it together; that which loads what is given."""
        if is_given(name):
            return [self.number[f"load.{name}"]]
        return [each for each in self.of_draft[self.inventory.home[name]] if name in self.plans[each].operations]

    def _made_by(self, stream: int) -> str:
        """The reason of who waits for what *stream* makes or brings."""
        unit = self.plans[stream].unit
        return Reason.DRAM if unit == DMA else Reason.waits_for(unit)

    def need_operands(self, consumer: int) -> None:
        for name in self.plans[consumer].operations:
            for source, distance, together in self.analysis.operands[name]:
                for producer in self._doing(source):
                    recurs = together and distance and not is_given(source)
                    reason = Reason.recurrence_on(self.plans[producer].unit) if recurs else self._made_by(producer)
                    if producer != consumer or distance:
                        self._require_part(consumer, producer, reason, name, source, distance)

    def _require_part(self, consumer: int, producer: int, reason: str, name: str, part: str, distance: int) -> None:
        """The operation *name* of *consumer* reads *part*, which *producer* has made *distance* timesteps earlier."""
        needs, layout = self._needs(consumer, producer, part, distance), self.plans[consumer].layout
        if producer == consumer:  # what lies in the item itself is in order
            needs = np.minimum(needs, self._order(consumer))
        if isinstance(layout, SegmentLayout):
            needs = np.where(layout.of(name), needs, ALWAYS)
        self._require(consumer, producer, reason, needs)

    def _needs(self, consumer: int, producer: int, part: str, distance: int) -> Numbers:
        """For every item of *consumer* the items of *producer* until *part* of what it covers is done.

        An item that covers many timesteps makes part of its own past itself; what it needs are those before its first.
        """
        making, using = self.plans[producer].layout, self.plans[consumer].layout
        told_apart = part if isinstance(making, SegmentLayout) else self._in_blocks(part)
        own = producer == consumer and not isinstance(using, SegmentLayout)
        key = "needs", using, making, told_apart, distance, own
        regions = using.regions
        if own:
            regions = regions._replace(last=np.minimum(regions.last, regions.first - 1 + distance))
        return self.costs.once(key, lambda: self._count(producer, part, regions, distance))

    def need_space(self, storage: Storage) -> None:
        """Writing a slot waits until everything that its previous contents are for has been done."""
        role = storage.buffer.role
        for writer in self._doing(self.graph.producer[storage.tensors[0]]):
            if role == "tile":
                self._need_tile_space(storage, writer)
            else:
                self._need_step_space(storage, writer)
            if role == "state" and self.streams.keeps_state:
                self._after_state_store(storage, writer)
            self._after_final_readers(storage, writer)

    def _need_step_space(self, storage: Storage, writer: int) -> None:
        """Between streams that go step by step the writer is so many items ahead at most."""
        lanes = self.drafts[storage.writer].layout.lanes  # type: ignore[attr-defined]
        for draft, distance in storage.readers:
            (reader,) = self.of_draft[draft]  # which goes step by step: weights of such are not dealt out
            if reader != writer:
                state = storage.buffer.role == "state"
                behind = (storage.copies - distance) * lanes if state else storage.buffer.slots - distance
                self._require(writer, reader, Reason.NO_BUFFER, self._order(writer) + 1 - behind)

    def _need_tile_space(self, storage: Storage, writer: int) -> None:
        """Ring of slots, one a block (or tile): block q is written over block q - slots."""
        layout = self.plans[writer].layout
        blocks = self.mapping.blocks if storage.blocked else 1
        own = np.maximum(layout.regions.block, 0) if storage.blocked else np.zeros(layout.items, np.int64)
        tile, block = np.divmod(own - storage.buffer.slots, blocks)
        if not storage.blocked:
            block = np.full_like(block, ALL)
        for reader, part in dict.fromkeys(self._tile_readers(storage)):
            if reader != writer:
                reading = self.plans[reader].layout
                needs = reading.last(part, self.mapping.tile_steps - 1, block) + 1 + tile * reading.items
                if isinstance(layout, SegmentLayout):
                    needs = np.where(layout.of(self.graph.producer[storage.tensors[0]]), needs, ALWAYS)
                self._require(writer, reader, Reason.NO_BUFFER, needs)

    def _tile_readers(self, storage: Storage) -> Iterator[tuple[int, str]]:
        """Streams that read *storage*, with the operation for which they do where they tell operations apart."""
        for tensor in storage.tensors:
            for name, _ in self.analysis.readers[tensor]:
                for reader in self._doing(name):
                    yield reader, name if isinstance(self.plans[reader].layout, SegmentLayout) else ""
            if tensor in self.graph.outputs:
                yield self.number[store_of(self.graph, tensor)], ""

    def _after_state_store(self, storage: Storage, writer: int) -> None:
        """A layer's first tile overwrites what a block's place held before after that has been stored."""
        spilled = storage.tensors[0] in self.inventory.spilled
        store = self.number["store.spilled" if spilled else "store.state"]
        stores, regions = self.plans[store], self.plans[writer].layout.regions
        places = storage.buffer.slots if spilled else stores.items
        stored = stores.layout.last("", regions.last, self._blocks(writer, regions))
        self._require(writer, store, Reason.NO_BUFFER, stored + 1 - places)

    def _after_final_readers(self, storage: Storage, writer: int) -> None:
        """What is read once at the end of a layer stays until then: the next layer's first tile waits for that."""
        readers = [name for tensor in storage.tensors for name, _ in self.analysis.readers[tensor]]
        for name in filter(self.analysis.final, readers):
            for reader in self._doing(name):
                if storage.buffer.role in ("state", "step") and reader != writer:
                    self._require(writer, reader, Reason.NO_BUFFER, np.zeros(self.plans[writer].items, np.int64))

    def need_held(self) -> None:
        """What is held for a layer is loaded when its readers have done with the one before, or the one before that."""
        for tensor in self.graph.held:
            load, storage = self.number[load_of(self.graph, tensor)], self.inventory.stored[tensor]
            back = self.tiles_per_layer * (storage.buffer.slots - 1)
            for name, _ in self.analysis.readers[tensor]:
                for user in self._doing(name):
                    needs = np.array([-back * self.plans[user].items], np.int64)
                    self._require(load, user, Reason.NO_BUFFER, needs)

    def need_parameters(self) -> None:
        for number, storage in self.inventory.parameters.items():
            load, (user,) = self.number[f"load.{storage.buffer.name}"], self.of_draft[number]
            self._require(user, load, Reason.DRAM, np.ones(self.plans[user].items, np.int64))
            tiles_back = 0 if storage.buffer.slots == 1 else self.tiles_per_layer
            self._require(load, user, Reason.NO_BUFFER, np.array([-tiles_back * self.plans[user].items], np.int64))

    def need_weights(self) -> None:
        """A tile of weights is used once it is loaded; resident ones are overwritten after the layer's last use.

        One that the array does not take is dequantised as soon as it is loaded and there is space, and used after that.
        """
        for draft, storage in self.inventory.converted.items():
            (user,), convert = self.of_draft[draft], self.number[conversion_name(self.drafts[draft].operations[0])]
            self._require(convert, user, Reason.NO_BUFFER, self._order(user) + 1 - storage.buffer.slots)
            self._require(user, convert, Reason.waits_for(self.plans[convert].unit), self._order(user) + 1)
        for load, user in weight_streams(self.streams):
            order = self._order(user)
            self._require(user, load, Reason.DRAM, order + 1)
            if self.inventory.resident:
                self._require(load, user, Reason.NO_BUFFER, order + 1 - len(order))

    def need_residual(self) -> None:
        """A layer reads what the one before wrote to DRAM; the store waits for the output."""
        if self.streams.hands_on:
            load, store = self.number["load.input"], self.number["store.output"]
            self._require(load, store, Reason.DRAM, np.array([1 - self.tiles_per_layer], np.int64))
        for tensor in self.graph.outputs:
            store, last = self.number[store_of(self.graph, tensor)], self.graph.producer[tensor]
            for home in self._doing(last):
                self._require(store, home, self._made_by(home), self._needs(store, home, last, 0))

    def need_state(self) -> None:
        """What a later timestep reads is stored after a layer's last tile and, in decode, loaded before its first.

        What is spilled is stored after every tile and loaded before every one but a prompt's first.
        """
        for tensor in self.graph.carried:
            spilled = tensor in self.inventory.spilled
            kind = "spilled" if spilled else "state"
            store, load = self.number[f"store.{kind}"], self.number.get(f"load.{kind}")
            blocks = self.plans[store].layout.regions.block
            part = self.graph.producer[tensor]
            for writer in self._doing(part):
                self._require(store, writer, self._made_by(writer), self._block_count(writer, part, blocks))
            if load is not None:
                places = self.inventory.stored[tensor].buffer.slots if spilled else len(blocks)
                self._load_state(tensor, load, store, places)

    def _load_state(self, tensor: str, load: int, store: int, places: int) -> None:
        """A block is loaded into one of *places* when what was there is stored and read, and read when it is there."""
        loading, order = self.plans[load].layout, self._order(load)
        self._require(load, store, Reason.NO_BUFFER, order + 1 - places)
        part = self.graph.producer[tensor]
        users = [(writer, part) for writer in self._doing(part)]
        for name, distance in self.analysis.readers[tensor]:
            for reader in self._doing(name):
                users.append((reader, name))
                if distance:
                    regions = self.plans[reader].layout.regions
                    loaded = loading.last("", regions.last, self._blocks(reader, regions))
                    self._require(reader, load, Reason.DRAM, loaded + 1)
        tile, before = np.divmod(order - places, len(order))
        for user, name in users:
            done = self._block_count(user, name, loading.regions.block[before])
            self._require(load, user, Reason.NO_BUFFER, done + tile * self.plans[user].items)

    def _block_count(self, producer: int, part: str, blocks: Numbers) -> Numbers:
        """Items of *producer* until *part* is done with each of *blocks* of the whole tile."""
        every = np.full_like(blocks, ALL)
        last = np.full_like(blocks, self.mapping.tile_steps - 1)
        return self._count(producer, part, Regions(np.zeros_like(blocks), last, blocks, every))
