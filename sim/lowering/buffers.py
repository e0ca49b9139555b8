"""What has to be in SRAM, and in how many slots at least; allotment.py says in how many more, and where it lies.

Roles: *state* (tensors that a later timestep reads; a *spilled* one is on chip for a few blocks at a time),
*parameters* (of everything but projections, resident for a layer), *step* (between stepped streams, a few steps deep),
*tile* (a tile of tokens of one block or of all), *weights* (a pool of slots that all projections share, or, if they
fit, all weights of a layer; and a few slots of each stream whose weights are dequantised), *held* (what is the same in
all timesteps of a run). An elementwise result takes over the buffer of an operand that nothing needs any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from sim.lowering.analysis import Analysis
from sim.lowering.following import Following
from sim.lowering.fusion import Draft
from sim.lowering.mapping import Mapping
from sim.lowering.program import Buffer, Role
from sim.lowering.weight_tiles import WeightTiles
from workloads.graph import is_given
from workloads.precision import WeightFormat

LEAST_WEIGHT_SLOTS, MOST_WEIGHT_SLOTS = 3, 16
LEAST_CONVERTED_SLOTS, MOST_CONVERTED_SLOTS = 2, 4  # tiles that are dequantised: one at work, one in the making
SPILL_SLOTS = 2  # blocks of a spilled state that are on chip: one at work, one on its way
LOAD = -1  # stands for the DMA stream that loads the layer's input, as a writer


@dataclass
class Storage:
    """One buffer's contents: ``tensors`` share it; ``writer`` fills it, ``readers`` (stream, distance) drain it.

    ``blocked`` says that a slot holds one block of the tile instead of all of it. ``copies`` of a state are kept, one
    for each timestep that is alive. Of a tile, ``step_bytes`` are those of one timestep, of all blocks.
    """

    buffer: Buffer
    tensors: list[str]
    writer: int
    readers: list[tuple[int, int]] = field(default_factory=list)
    blocked: bool = False
    most_slots: int = 1
    copies: int = 1
    step_bytes: int = 0


class Inventory:
    """Everything that a mapped layer keeps on chip, with the least number of slots of each.

    What that is does not depend on the length of a tile nor on the slots of weights: :meth:`resized` takes over the
    rest of the work.
    """

    def __init__(
        self,
        analysis: Analysis,
        mapping: Mapping,
        drafts: Sequence[Draft],
        sizes: tuple[int, int],
        stored: WeightFormat | None = None,
    ) -> None:
        self.analysis = analysis
        self.mapping = mapping
        self.drafts = drafts
        self.element_bytes, self.state_bytes = sizes
        self.weight_format = stored or WeightFormat(8 * self.element_bytes)  # how the weights of projections lie
        self.home = {name: number for number, draft in enumerate(drafts) for name in draft.operations}
        self.stored: dict[str, Storage] = {}
        self.parameters: dict[int, Storage] = {}
        self.projections = [number for number, draft in enumerate(drafts) if draft.is_projection]
        self.weights: Storage | None = None
        self.converted: dict[int, Storage] = {}  # of projections whose weights are dequantised
        self.resident = False  # whether the weights stay on chip for a whole layer
        self.spilled: list[str] = []  # states that are loaded and stored block by block, tile by tile
        self._following = Following(analysis, drafts)
        graph = analysis.graph
        for tensor in graph.producer:
            self._place(tensor)
        self._settle_least_slots()
        for number, draft in enumerate(drafts):
            if not draft.is_projection:
                self._place_parameters(number, draft)
        if self.projections:
            self._place_weights()

    def storages(self) -> list[Storage]:
        """Every storage once, state and parameters first."""
        unique = {id(storage): storage for storage in self.stored.values()}
        weights = [] if self.weights is None else [self.weights]
        return [*unique.values(), *self.parameters.values(), *weights, *self.converted.values()]

    def least_bytes(self, tile_steps: int) -> int:
        """Bytes of everything but weights, with the least number of slots, if a tile is *tile_steps* timesteps long."""
        return sum(
            self._slot_bytes(storage, tile_steps) * storage.buffer.slots
            for storage in self.storages()
            if storage.buffer.role != "weights"
        )

    def resized(self, mapping: Mapping, drafts: Sequence[Draft]) -> Inventory:
        """The same for a *mapping* that differs in its tile and weight slots only, and its *drafts*."""
        other = copy(self)
        other.mapping, other.drafts = mapping, drafts
        sized = {id(storage): self._sized(storage, mapping.tile_steps) for storage in self.storages()}
        other.stored = {tensor: sized[id(storage)] for tensor, storage in self.stored.items()}
        other.parameters = {number: sized[id(storage)] for number, storage in self.parameters.items()}
        if self.projections:
            other._place_weights()
        return other

    def _sized(self, storage: Storage, tile_steps: int) -> Storage:
        if not storage.step_bytes:
            return copy(storage)
        return replace(storage, buffer=replace(storage.buffer, slot_bytes=self._slot_bytes(storage, tile_steps)))

    def _slot_bytes(self, storage: Storage, tile_steps: int) -> int:
        if not storage.step_bytes:
            return storage.buffer.slot_bytes
        return storage.step_bytes * tile_steps // (self.mapping.blocks if storage.blocked else 1)

    @property
    def weight_tiles(self) -> list[WeightTiles]:
        """Those of every projection stream."""
        return [draft.weights for draft in self.drafts if draft.weights is not None]

    def carried_bytes(self, spilled: bool) -> int:
        """Bytes that a later timestep needs, of the states that are spilled or of everything else."""
        carried = self.analysis.graph.carried
        return sum(self._past_bytes(tensor) for tensor in carried if (tensor in self.spilled) == spilled)

    def _past_bytes(self, tensor: str) -> int:
        """Bytes of the rows of *tensor* that the next timestep needs."""
        graph = self.analysis.graph
        return self._bytes(tensor) * graph.row_elements(tensor) // graph.elements(tensor) * graph.carried[tensor]

    def _place(self, tensor: str) -> None:
        analysis, drafts = self.analysis, self.drafts
        graph = analysis.graph
        producer = graph.producer[tensor]
        writer = LOAD if is_given(producer) else self.home[producer]
        readers = [(self.home[name], distance) for name, distance in analysis.readers[tensor]]
        if tensor not in graph.outputs and all(reader == (writer, 0) for reader in readers):
            return
        if tensor in graph.held or tensor in graph.final:
            self._place_once(tensor, writer, readers)
            return
        only_steps = self._steps(writer) and tensor not in graph.outputs
        if only_steps:  # what reads it once at the end finds it where the last step has left it
            readers = [(reader, distance) for reader, distance in readers if not drafts[reader].final]
        only_steps = only_steps and all(self._following.in_step(writer, reader) for reader, _ in readers)
        carried = tensor in graph.carried
        if only_steps and carried and not graph.has_token_axis(tensor):
            self._place_state(tensor, writer, readers)
            return
        if carried:  # its last rows are kept beside it
            past = Buffer(f"{tensor}.past", "state", self._past_bytes(tensor), 2)
            self.stored[f"{tensor}.past"] = Storage(past, [], writer, most_slots=2)
        if only_steps:
            self._place_step(tensor, writer, [reader for reader in readers if not reader[1]])
        else:
            self._place_tile(tensor, writer, readers)

    def _steps(self, writer: int) -> bool:
        """Whether what *writer* makes, a stream or LOAD, is made step by step."""
        return writer != LOAD and self.drafts[writer].stepped

    def _place_once(self, tensor: str, writer: int, readers: list[tuple[int, int]]) -> None:
        """What is held for a layer, or made once at its end: in a slot of its own, in two where the next is at work."""
        role: Role = "tile" if writer != LOAD else "held"
        buffer = Buffer(tensor, role, self._bytes(tensor), 1)
        self.stored[tensor] = Storage(buffer, [tensor], writer, readers, most_slots=2)

    def width(self, tensor: str) -> int:
        """Bytes of an element."""
        return self.analysis.width(tensor, self.element_bytes, self.state_bytes)

    def _bytes(self, tensor: str) -> int:
        return self.analysis.graph.elements(tensor) * self.width(tensor) * self.mapping.batch

    def _place_state(self, tensor: str, writer: int, readers: list[tuple[int, int]]) -> None:
        """As many copies as timesteps are alive; one more where a reader of the past itself waits for the writer."""
        others = [(reader, distance) for reader, distance in readers if reader != writer]
        copies = max((distance + self._follows(reader, writer) for reader, distance in others), default=1)
        copies = max(copies, self.analysis.graph.lookback[tensor])
        if self.mapping.spill and copies == 1 and self.drafts[writer].grouped and self.mapping.blocks > SPILL_SLOTS:
            self.spilled.append(tensor)
            buffer = Buffer(tensor, "state", self._bytes(tensor) // self.mapping.blocks, SPILL_SLOTS)
            self.stored[tensor] = Storage(buffer, [tensor], writer, readers, most_slots=self.mapping.blocks)
            return
        buffer = Buffer(tensor, "state", self._bytes(tensor), copies)
        self.stored[tensor] = Storage(buffer, [tensor], writer, readers, most_slots=copies, copies=copies)

    def _follows(self, reader: int, writer: int) -> bool:
        """Whether the stream *reader* waits for *writer* within a timestep."""
        before = frozenset().union(*(self.analysis.ancestors[name] for name in self.drafts[reader].operations))
        return bool(before & frozenset(self.drafts[writer].operations))

    def _place_step(self, tensor: str, writer: int, readers: list[tuple[int, int]]) -> None:
        parts = self.mapping.groups if self.drafts[writer].grouped else 1
        buffer = Buffer(tensor, "step", self._bytes(tensor) // parts, 1)
        self.stored[tensor] = Storage(buffer, [tensor], writer, readers, most_slots=4)

    def _place_tile(self, tensor: str, writer: int, readers: list[tuple[int, int]]) -> None:
        blocked = self._writes_blocks(tensor, writer)
        owner = self._taken_over(tensor, blocked)
        if owner is not None:
            owner.tensors.append(tensor)
            owner.readers += readers
            self.stored[tensor] = owner
            return
        blocks, step_bytes = self.mapping.blocks if blocked else 1, self._bytes(tensor)
        buffer = Buffer(tensor, "tile", step_bytes * self.mapping.tile_steps // blocks, blocks)
        self.stored[tensor] = Storage(
            buffer, [tensor], writer, readers, blocked, most_slots=2 * blocks, step_bytes=step_bytes
        )

    def _settle_least_slots(self) -> None:
        """Two slots do for a blocked tensor whose readers can finish a block without having seen a later one.

        Writer after writer, since what two slots are enough for depends on who keeps the writer waiting.
        """
        closely: dict[int, set[int]] = {number: set() for number in range(len(self.drafts))}
        for storage in sorted(self.storages(), key=lambda each: (each.buffer.role == "tile", each.writer)):
            readers = {name for tensor in storage.tensors for name, _ in self.analysis.readers[tensor]}
            if storage.buffer.role == "tile":
                if not storage.blocked or not self._block_by_block(storage, readers, closely):
                    continue
                storage.buffer = replace(storage.buffer, slots=min(2, storage.buffer.slots))
            for name in readers:
                closely[self.home[name]].add(storage.writer)

    def _block_by_block(self, storage: Storage, readers: set[str], closely: dict[int, set[int]]) -> bool:
        if not set(self.analysis.graph.outputs).isdisjoint(storage.tensors):
            return False  # all of it is stored at once
        return self._following.block_by_block(storage.writer, readers, closely)

    def _writes_blocks(self, tensor: str, writer: int) -> bool:
        if writer == LOAD or self.mapping.blocks == 1:
            return False
        return self._following.makes_blocks(self.analysis.graph.producer[tensor])

    def _taken_over(self, tensor: str, blocked: bool) -> Storage | None:
        """The storage of an operand of *tensor*'s operation that may be overwritten in place."""
        analysis = self.analysis
        name = analysis.graph.producer[tensor]
        if is_given(name) or analysis.kind(name) == "projection":
            return None
        equation = analysis.operations[name].equation
        for reference in equation.references:
            storage = self.stored.get(reference.tensor)
            if storage is None or reference.lag != 0 or storage.buffer.role != "tile" or storage.blocked != blocked:
                continue
            if set(reference.indices) != set(equation.indices) or not reference.plain:
                continue
            if not set(analysis.graph.outputs).isdisjoint(storage.tensors):
                continue  # it has yet to be stored
            if self._bytes(reference.tensor) != self._bytes(tensor):
                continue
            users = {reader for shared in storage.tensors for reader, _ in analysis.readers[shared]}
            carried = any(shared in analysis.graph.carried for shared in storage.tensors)
            if not carried and users - {name} <= analysis.ancestors[name] and name in users:
                return storage
        return None

    def _place_weights(self) -> None:
        """At least one slot to use, one to fill and one for another stream to begin; every further one helps."""
        largest = max(weights.largest for weights in self.weight_tiles)
        self.weights = Storage(
            Buffer("weights", "weights", largest, LEAST_WEIGHT_SLOTS), [], LOAD, most_slots=MOST_WEIGHT_SLOTS
        )
        self.converted = {
            number: Storage(_converted_buffer(draft), [], number, most_slots=MOST_CONVERTED_SLOTS)
            for number, draft in enumerate(self.drafts)
            if draft.weights is not None and draft.weights.used is not None
        }

    def _place_parameters(self, number: int, draft: Draft) -> None:
        tensors = dict.fromkeys(tensor for name in draft.operations for tensor in self.analysis.weights[name])
        size = sum(map(self.parameter_bytes, tensors))
        if size:
            buffer = Buffer(f"parameters.{draft.operations[0]}", "parameters", size, 1)
            self.parameters[number] = Storage(buffer, list(tensors), number, most_slots=2)

    def parameter_bytes(self, tensor: str) -> int:
        """Bytes of a parameter as it lies in memory."""
        elements = self.analysis.graph.elements(tensor)
        if tensor in self.analysis.matrices:
            return self.weight_format.size_bytes(elements)
        return elements * self.element_bytes


def _converted_buffer(draft: Draft) -> Buffer:
    assert draft.weights is not None
    return Buffer(f"dequantised.{draft.operations[0]}", "weights", draft.weights.largest_used, LEAST_CONVERTED_SLOTS)
