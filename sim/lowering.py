"""Workload + machine + mapping -> program: streams with requests, and dependencies between their items.

Three kinds of dependency, all of the form "so many items of that stream must be done":
data (an operand of this or an earlier timestep), buffer space (the readers of what a slot held before), and DRAM
(weights, the layer's input, parameters, the state in decode). Prefill starts from a zero state and writes the state
of the last token back; what lies between layers goes through DRAM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hw.mac_array import gemm_cost, operand_bytes
from hw.machine import MachineSpec
from hw.requests import Cost, Gemm, Transfer, Work
from sim.analysis import Analysis
from sim.buffers import LOAD, Inventory, Storage
from sim.fusion import Draft
from sim.layout import BatchLayout, Layout, Region, SegmentLayout
from sim.mapping import CostModel, Mapping
from sim.program import DRAM, NO_BUFFER, RECURRENCE, Dependency, Pool, Program, StreamPlan, UnitName
from sim.units import ceil_div
from workloads.config import Workload

NEVER = -(1 << 60)  # a table entry that is always fulfilled


@dataclass(frozen=True)
class _Transfers:
    """A DMA stream to be: which bytes each item moves in which variant of tile."""

    name: str
    layout: Layout
    sizes: Callable[[int, int], int]  # (item, variant) -> bytes, 0 for nothing to do
    write: bool = False


class Lowering:
    """Builds the program of one mapped layer; use :func:`build_program`."""

    def __init__(
        self, workload: Workload, machine: MachineSpec, costs: CostModel, mapping: Mapping, inventory: Inventory
    ) -> None:
        self.workload = workload
        self.machine = machine
        self.costs = costs
        self.mapping = mapping
        self.inventory = inventory
        self.analysis: Analysis = costs.analysis
        self.drafts: Sequence[Draft] = inventory.drafts
        self.tiles_per_layer = ceil_div(workload.steps, mapping.token_tile)
        self.last_tokens = workload.steps - (self.tiles_per_layer - 1) * mapping.token_tile
        self.plans: list[StreamPlan] = []
        self.number: dict[str, int] = {}  # stream name -> number in the program
        self.of_draft: list[int] = []
        self._tables: dict[tuple[int, int, str], list[int]] = {}

    def build(self) -> Program:
        """The program."""
        self._add_transfers_before()
        for draft in self.drafts:
            self.of_draft.append(self._add(self._compute_plan(draft)))
        self._add_transfers_after()
        for number, draft in enumerate(self.drafts):
            self._need_operands(number, draft)
        for storage in self._unique_storages():
            self._need_space(storage)
        self._need_transfers()
        for (consumer, producer, reason), table in self._tables.items():
            self.plans[consumer].dependencies.append(Dependency(producer, tuple(table), reason))
        return Program(
            tuple(self.plans),
            tuple(storage.buffer for storage in self.inventory.storages()),
            self._pool(),
            self.workload.spec.layers,
            self.tiles_per_layer,
            self.mapping.token_tile,
            self.last_tokens,
            self._contended(),
        )

    def _pool(self) -> Pool | None:
        weights = self.inventory.weights
        if weights is None or self.inventory.resident:
            return None
        return Pool(weights.buffer.slots, tuple(self._weight_streams()))

    def _contended(self) -> bool:
        """Whether the units' highest demands on some cluster of banks can add up to more than it gives."""
        sram, worst = self.machine.sram, dict.fromkeys(range(self.machine.sram.clusters), 0.0)
        for unit in ("mac_array", "simd"):
            peaks = dict.fromkeys(worst, 0.0)
            for plan in self.plans:
                for work in {id(r): r for requests in plan.requests for r in requests if isinstance(r, Work)}.values():
                    if plan.unit == unit:
                        for cluster, size in work.demand.items():
                            peaks[cluster] = max(peaks[cluster], size / max(1, work.cycles))
            worst = {cluster: worst[cluster] + peak for cluster, peak in peaks.items()}
        background = self.machine.dram_bytes_per_cycle
        return any(rate + background > sram.cluster_bytes_per_cycle for rate in worst.values())

    # ------------------------------------------------------------------------------------------------- requests

    def _add(self, plan: StreamPlan) -> int:
        number = self.number[plan.name] = len(self.plans)
        self.plans.append(plan)
        return number

    def _tokens(self, variant: int) -> int:
        return self.last_tokens if variant & 2 else self.mapping.token_tile

    def _compute_plan(self, draft: Draft) -> StreamPlan:
        requests, costs = [], []
        for variant in range(4):
            known: dict[object, tuple[Work, Cost] | None] = {}
            items = [self._work(draft, item, self._tokens(variant), known) for item in range(draft.layout.items)]
            requests.append([item[0] if item else None for item in items])
            costs.append([item[1] if item else None for item in items])
        return StreamPlan(
            stream_name(draft), draft.unit, tuple(draft.operations), draft.layout, tuple(requests), tuple(costs)
        )

    def _work(
        self, draft: Draft, item: int, tokens: int, known: dict[object, tuple[Work, Cost] | None]
    ) -> tuple[Work, Cost] | None:
        """The request of one item of a tile that has *tokens* tokens, or None if the item lies behind them."""
        batch = self.mapping.batch
        region = draft.layout.region(item)
        if isinstance(draft.layout, SegmentLayout):
            full = draft.tiles[item]
            key: object = full
            if key not in known:
                known[key] = self._projection_work(full, tokens * batch)
            return known[key]
        span = min(region.last + 1, tokens) - region.first
        if span <= 0:
            return None
        if span not in known:
            groups = (self.mapping.groups if draft.stepped else self.mapping.blocks) if draft.grouped else 1
            cost = self.costs.fused_cost(draft.operations, draft.unit, span * batch, groups)
            demand = self._demand(draft, span * batch, groups)
            known[span] = Work(cost.cycles, cost.tail_cycles, demand), cost
        return known[span]

    def _projection_work(self, full: Gemm, rows: int) -> tuple[Work, Cost]:
        """The request for a weight tile of a full tile of tokens, for *rows* tokens x sequences."""
        gemm = Gemm(full.m // (self.mapping.token_tile * self.mapping.batch) * rows, full.n, full.k, full.batch)
        cost = gemm_cost(self.machine.mac_array, gemm)
        traffic = operand_bytes(self.machine.mac_array, gemm, self.costs.element_bytes)
        storage = self.inventory.weights
        assert storage is not None
        return Work(cost.cycles, cost.tail_cycles, self._spread([(storage, traffic)])), cost

    def _demand(self, draft: Draft, scale: int, groups: int) -> dict[int, int]:
        """SRAM traffic of a fused request: every stored operand and result once, intermediates not at all."""
        inventory, moved = self.inventory, []
        own = set(draft.operations)
        seen: set[str] = set()
        for name in draft.operations:
            equation = self.analysis.operations[name].equation
            for reference in equation.references:
                storage = inventory.stored.get(reference.tensor)
                if storage is None or reference.tensor in seen:
                    continue
                fused = self.analysis.graph.producer[reference.tensor] in own and reference.lag == 0
                if not fused:
                    seen.add(reference.tensor)
                    moved.append((storage, self._traffic(reference.indices, scale, groups)))
            storage = inventory.stored.get(equation.tensor)
            if storage is not None:
                moved.append((storage, self._traffic(equation.indices, scale, groups)))
        parameters = inventory.parameters.get(inventory.home[draft.operations[0]])
        if parameters is not None:
            parts = groups if draft.grouped else 1
            moved.append((parameters, parameters.buffer.slot_bytes // parts))
        return self._spread(moved)

    def _traffic(self, indices: Iterable[str], scale: int, groups: int) -> int:
        return self.analysis.size(indices, groups) * scale * self.costs.element_bytes

    def _spread(self, moved: list[tuple[Storage, int]]) -> dict[int, int]:
        demand: dict[int, int] = {}
        for storage, traffic in moved:
            buffer = storage.buffer
            for cluster, size in self.machine.sram.spread(buffer.start, buffer.size_bytes, traffic).items():
                demand[cluster] = demand.get(cluster, 0) + size
        return demand

    # ------------------------------------------------------------------------------------------------ transfers

    def _transfer_plan(self, transfers: _Transfers) -> StreamPlan:
        requests = []
        for variant in range(4):
            sizes = [transfers.sizes(item, variant) for item in range(transfers.layout.items)]
            requests.append([Transfer(size, transfers.write) if size else None for size in sizes])
        return StreamPlan(transfers.name, "dma", (), transfers.layout, tuple(requests))

    def _once(self) -> Layout:
        return BatchLayout(self.mapping.token_tile, 1, 1)

    def _by_block(self) -> Layout:
        return BatchLayout(self.mapping.token_tile, self.mapping.blocks, 1)

    def _activation_bytes(self, tensor: str, variant: int) -> int:
        elements = self.analysis.graph.elements(tensor) * self.mapping.batch
        return elements * self.costs.element_bytes * self._tokens(variant)

    def _add_transfers_before(self) -> None:
        graph = self.analysis.graph
        layers: list[_Transfers] = []
        layers.append(_Transfers("load.input", self._once(), lambda _, v: self._activation_bytes(graph.input_tensor, v)))
        for storage in self.inventory.parameters.values():
            name, size = f"load.{storage.buffer.name}", storage.buffer.slot_bytes
            layers.append(_Transfers(name, self._once(), _only_first(size)))
        state = self.inventory.carried_bytes()
        if state and self.workload.spec.phase == "decode":
            layers.append(_Transfers("load.state", self._by_block(), _only_first(ceil_div(state, self.mapping.blocks))))
        layers += [self._weight_transfers(number) for number in self.inventory.projections]
        for transfers in layers:
            self._add(self._transfer_plan(transfers))

    def _weight_transfers(self, number: int) -> _Transfers:
        draft, sizes, resident = self.drafts[number], self.inventory.tile_bytes(number), self.inventory.resident

        def size(item: int, variant: int) -> int:
            return 0 if resident and not variant & 1 else sizes[item]

        return _Transfers(f"load.weights.{draft.operations[0]}", draft.layout, size)

    def _add_transfers_after(self) -> None:
        state = self.inventory.carried_bytes()
        if state:
            size = ceil_div(state, self.mapping.blocks)
            only_last: Callable[[int, int], int] = lambda _, variant: size if variant & 2 else 0  # noqa: E731
            self._add(self._transfer_plan(_Transfers("store.state", self._by_block(), only_last, write=True)))
        output = self.analysis.graph.output_tensor
        store = _Transfers("store.output", self._once(), lambda _, v: self._activation_bytes(output, v), write=True)
        self._add(self._transfer_plan(store))

    # --------------------------------------------------------------------------------------------- dependencies

    def _require(self, consumer: int, producer: int, reason: str, needs: Iterable[int]) -> None:
        """Item i of *consumer* needs ``needs[i]`` items of *producer*, counted from the start of its tile."""
        table = self._tables.setdefault((consumer, producer, reason), [NEVER] * self.plans[consumer].items)
        for item, need in enumerate(needs):
            table[item] = max(table[item], need)

    def _count(self, producer: int, part: str, region: Region, distance: int = 0) -> int:
        """Items of *producer* until *part* of *region*, *distance* timesteps earlier, is done."""
        plan, last = self.plans[producer], region.last - distance
        back = 0 if last >= 0 else ceil_div(-last, self.mapping.token_tile)
        last += back * self.mapping.token_tile
        earlier = Region(min(region.first, last), last, region.block, region.lane)
        return plan.layout.last(part, earlier) + 1 - back * plan.items

    def _parts(self, draft: Draft) -> list[tuple[str, list[int]]]:
        """Operations of a draft, each with the items that perform it."""
        layout = draft.layout
        if isinstance(layout, SegmentLayout):
            return [(n, [i for i in range(layout.items) if layout.part(i) == n]) for n in draft.operations]
        everything = list(range(layout.items))
        return [(name, everything) for name in draft.operations]

    def _need_operands(self, number: int, draft: Draft) -> None:
        consumer, graph = self.of_draft[number], self.analysis.graph
        for name, items in self._parts(draft):
            for source, _, edge in graph.graph.in_edges(name, data=True):
                distance = edge["distance"]
                if source not in self.inventory.home:
                    producer, reason = self.number["load.input"], DRAM
                else:
                    producer = self.of_draft[self.inventory.home[source]]
                    together = any({name, source} <= recurrence for recurrence in graph.recurrences)
                    reason = RECURRENCE if together and distance else f"waits_for_{self.plans[producer].unit}"
                if producer == consumer and distance == 0:
                    continue
                self._require_parts(consumer, producer, reason, items, source, distance)

    def _require_parts(
        self, consumer: int, producer: int, reason: str, items: list[int], part: str, distance: int
    ) -> None:
        needs = [NEVER] * self.plans[consumer].items
        for item in items:
            needs[item] = self._count(producer, part, self.plans[consumer].layout.region(item), distance)
        self._require(consumer, producer, reason, needs)

    def _unique_storages(self) -> list[Storage]:
        return list({id(s): s for s in self.inventory.stored.values() if s.tensors}.values())

    def _need_space(self, storage: Storage) -> None:
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
                    behind = (storage.buffer.slots - distance) * (lanes if role == "state" else 1)
                    self._require(writer, reader, NO_BUFFER, [i + 1 - behind for i in range(self.plans[writer].items)])
        if role == "state" and "store.state" in self.number:
            self._after_state_store(writer)

    def _tile_readers(self, tensor: str) -> list[tuple[int, str]]:
        readers = [(self.of_draft[self.inventory.home[n]], n) for n, _ in self.analysis.readers[tensor]]
        if tensor == self.analysis.graph.output_tensor:
            readers.append((self.number["store.output"], ""))
        return readers

    def _require_tile_space(self, storage: Storage, writer: int, reader: int, part: str) -> None:
        """Ring of slots, one a block (or tile): block q is written over block q - slots."""
        plan, reading = self.plans[writer], self.plans[reader]
        blocks = self.mapping.blocks if storage.blocked else 1
        slots, last_token = storage.buffer.slots, self.mapping.token_tile - 1
        written = {self.analysis.graph.producer[storage.tensors[0]]}
        needs = []
        for item in range(plan.items):
            if isinstance(plan.layout, SegmentLayout) and plan.layout.part(item) not in written:
                needs.append(NEVER)
                continue
            block = (plan.layout.region(item).block or 0) if storage.blocked else 0
            tiles_back, previous = divmod(block - slots, blocks)
            region = Region(0, last_token, previous if storage.blocked else None)
            needs.append(reading.layout.last(part, region) + 1 + tiles_back * reading.items)
        self._require(writer, reader, NO_BUFFER, needs)

    def _after_state_store(self, writer: int) -> None:
        """The first tile of a layer overwrites a block's state after the previous layer's has been stored."""
        store = self.number["store.state"]
        plan, stores = self.plans[writer], self.plans[store]
        needs = [stores.layout.last("", plan.layout.region(i)) + 1 - stores.items for i in range(plan.items)]
        self._require(writer, store, NO_BUFFER, needs)

    def _need_transfers(self) -> None:
        self._need_parameters()
        self._need_weights()
        self._need_residual()
        self._need_state()

    def _need_parameters(self) -> None:
        for number, storage in self.inventory.parameters.items():
            load, user = self.number[f"load.{storage.buffer.name}"], self.of_draft[number]
            self._require(user, load, DRAM, [1] * self.plans[user].items)
            tiles_back = 0 if storage.buffer.slots == 1 else self.tiles_per_layer
            self._require(load, user, NO_BUFFER, [-tiles_back * self.plans[user].items])

    def _weight_streams(self) -> list[tuple[int, int]]:
        """(loading stream, using stream) of every projection."""
        return [
            (self.number[f"load.weights.{self.drafts[number].operations[0]}"], self.of_draft[number])
            for number in self.inventory.projections
        ]

    def _need_weights(self) -> None:
        """A tile of weights is used once it is loaded; resident ones are overwritten after the layer's last use."""
        for load, user in self._weight_streams():
            items = self.plans[user].items
            self._require(user, load, DRAM, [i + 1 for i in range(items)])
            if self.inventory.resident:
                self._require(load, user, NO_BUFFER, [i + 1 - items for i in range(items)])

    def _need_residual(self) -> None:
        """A layer reads what the one before wrote to DRAM; the store waits for the output."""
        graph = self.analysis.graph
        load, store = self.number["load.input"], self.number["store.output"]
        unit = self._unit_of(graph.output_tensor)
        self._require(load, store, f"waits_for_{unit}", [1 - self.tiles_per_layer])
        home = self.of_draft[self.inventory.home[graph.producer[graph.output_tensor]]]
        self._require_parts(store, home, f"waits_for_{unit}", [0], graph.producer[graph.output_tensor], 0)

    def _need_state(self) -> None:
        """What a later timestep reads is stored after a layer's last tile and, in decode, loaded before its first."""
        graph, whole = self.analysis.graph, self.mapping.token_tile - 1
        for tensor in graph.carried:
            store, writer = self.number["store.state"], self.of_draft[self.inventory.home[graph.producer[tensor]]]
            blocks = [Region(0, whole, self.plans[store].layout.region(i).block) for i in range(self.plans[store].items)]
            done = [self._count(writer, graph.producer[tensor], region) for region in blocks]
            self._require(store, writer, f"waits_for_{self.plans[writer].unit}", done)
            if "load.state" not in self.number:
                continue
            load = self.number["load.state"]
            self._require(load, store, NO_BUFFER, [i + 1 - len(blocks) for i in range(len(blocks))])
            self._require(load, writer, NO_BUFFER, [count - self.plans[writer].items for count in done])
            for name, distance in self.analysis.readers[tensor]:
                reader = self.of_draft[self.inventory.home[name]]
                if distance:
                    layout, users = self.plans[load].layout, range(self.plans[reader].items)
                    needs = [layout.last("", self.plans[reader].layout.region(i)) + 1 for i in users]
                    self._require(reader, load, DRAM, needs)
                    read = [self._count(reader, name, region) - self.plans[reader].items for region in blocks]
                    self._require(load, reader, NO_BUFFER, read)

    def _unit_of(self, tensor: str) -> UnitName:
        return self.drafts[self.inventory.home[self.analysis.graph.producer[tensor]]].unit


def _only_first(size: int) -> Callable[[int, int], int]:
    return lambda _, variant: size if variant & 1 else 0


def stream_name(draft: Draft) -> str:
    """How tables and traces call a stream: its operations, shortened."""
    first, last = draft.operations[0], draft.operations[-1]
    return first if first == last else f"{first}..{last}"
