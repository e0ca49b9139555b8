"""Workload + machine + mapping -> program: the streams of a layer and what each of their items asks of its unit.

This file makes the streams and their requests; dependencies.py says what they wait for. Prefill starts from a zero
state and writes the state of the last token back; decode loads it first. What lies between layers goes through DRAM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from hw.integers import ceil_div
from hw.mac_array import Widths, operand_bytes
from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.requests import Cost, Gemm, Transfer, Work
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, Storage
from sim.lowering.costs import CostModel
from sim.lowering.dependencies import Streams, add_dependencies, weight_streams
from sim.lowering.fusion import Draft
from sim.lowering.order import BatchLayout, Layout, Numbers
from sim.lowering.program import NOTHING, VARIANTS, Moved, Pool, Program, StreamPlan, TileVariant
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


class _Works:
    """The requests of a stream with their costs, equal ones once."""

    def __init__(self) -> None:
        self.requests: list[Work] = []
        self.costs: list[Cost] = []
        self._known: dict[object, int] = {}

    def number(self, work: Work, cost: Cost) -> int:
        """The number of *work*, which costs *cost*."""
        key = cost, tuple(sorted(work.demand.items()))
        if key not in self._known:
            self._known[key] = len(self.requests)
            self.requests.append(work)
            self.costs.append(cost)
        return self._known[key]


class Lowering:
    """Builds the program of one mapped layer."""

    def __init__(self, stack: Stack, machine: MachineSpec, costs: CostModel, inventory: Inventory) -> None:
        self.stack = stack
        self.machine = machine
        self.costs = costs
        self.mapping = mapping = inventory.mapping
        self.inventory = inventory
        self.analysis: Analysis = costs.analysis
        self.drafts: Sequence[Draft] = inventory.drafts
        self.tiles_per_layer = ceil_div(stack.steps, mapping.tile_steps)
        self.last_steps = stack.steps - (self.tiles_per_layer - 1) * mapping.tile_steps
        self.plans: list[StreamPlan] = []
        self.number: dict[str, int] = {}  # stream name -> number in the program
        self.of_draft: list[int] = []
        self._dram_end = 0
        self._activations = self._activation_place()
        self._states = {spilled: self._per_layer(inventory.carried_bytes(spilled)) for spilled in (False, True)}

    def build(self) -> Program:
        """The program."""
        self._add_transfers_before()
        for draft in self.drafts:
            self.of_draft.append(self._add(self._compute_plan(draft)))
        self._add_transfers_after()
        add_dependencies(
            Streams(self.plans, self.number, self.of_draft, self.costs, self.inventory, self.tiles_per_layer)
        )
        for plan in self.plans:
            plan.dependencies = [d for d in plan.dependencies if not self._freed_of(d.reason)]
        return Program(
            tuple(self.plans),
            tuple(storage.buffer for storage in self.inventory.storages()),
            self._pool(),
            self.stack.layers,
            self.tiles_per_layer,
            self.mapping.tile_steps,
            self.last_steps,
            self._contended(),
        )

    def _freed_of(self, reason: str) -> bool:
        """Whether the machine is ideal in that nothing waits for this *reason*."""
        ideal = self.machine.ideal
        if reason == Reason.NO_BUFFER:
            return "buffers" in ideal
        if Reason.is_recurrence(reason):
            return "recurrence" in ideal
        return "dependencies" in ideal and reason != Reason.DRAM

    def _pool(self) -> Pool | None:
        weights = self.inventory.weights
        if weights is None or self.inventory.resident or "buffers" in self.machine.ideal:
            return None
        streams = weight_streams(self.number, self.of_draft, self.inventory)
        return Pool(weights.buffer.slots, tuple(streams))

    def _contended(self) -> bool:
        """Whether the units' highest demands on some cluster of banks can add up to more than it gives."""
        if "bank_conflicts" in self.machine.ideal:
            return False
        sram, worst = self.machine.sram, dict.fromkeys(range(self.machine.sram.clusters), 0.0)
        for unit in ("mac_array", "simd"):
            peaks = dict.fromkeys(worst, 0.0)
            plans = [plan for plan in self.plans if plan.unit == unit]
            for work in (request for plan in plans for request in plan.requests if isinstance(request, Work)):
                for cluster, size in work.demand.items():
                    peaks[cluster] = max(peaks[cluster], size / max(1, work.cycles))
            worst = {cluster: worst[cluster] + peak for cluster, peak in peaks.items()}
        background = self.machine.dram_bytes_per_cycle / sram.clusters
        return any(rate + background > sram.cluster_bytes_per_cycle for rate in worst.values())

    # ------------------------------------------------------------------------------------------------- requests

    def _add(self, plan: StreamPlan) -> int:
        number = self.number[plan.name] = len(self.plans)
        self.plans.append(plan)
        return number

    def _steps(self, variant: TileVariant) -> int:
        return self.last_steps if TileVariant.LAST in variant else self.mapping.tile_steps

    def _compute_plan(self, draft: Draft) -> StreamPlan:
        known = _Works()
        of: dict[int, Numbers] = {}
        for steps in map(self._steps, VARIANTS):
            if steps not in of:
                of[steps] = self._numbers(draft, steps, known)
        numbers = tuple(of[self._steps(variant)] for variant in VARIANTS)
        works, costs = tuple(known.requests), tuple(known.costs)
        return StreamPlan(stream_name(draft), draft.unit, tuple(draft.operations), draft.layout, works, numbers, costs)

    def _numbers(self, draft: Draft, steps: int, known: _Works) -> Numbers:
        """The request of each item of a tile that has *steps* timesteps; NOTHING for an item that lies behind them."""
        if draft.weights is not None:
            rows = steps * self.mapping.batch
            widths = self._operand_widths(draft.operations[0])
            works = [self._projection_work(shape._replace(m=shape.m * rows), widths) for shape in draft.weights.shapes]
            of_shape = [known.number(*work) for work in works]
            return np.array(of_shape, np.int64)[draft.weights.numbers]
        key = "spans of items", draft.layout, steps
        spans, which = self.costs.once(key, lambda: _spans(draft.layout, steps))
        of_span = [known.number(*self._fused_work(draft, span)) if span > 0 else NOTHING for span in spans]
        return np.array(of_span, np.int64)[which]

    def _fused_work(self, draft: Draft, steps: int) -> tuple[Work, Cost]:
        """The request for *steps* timesteps of one part of fused operations."""
        scale = steps * self.mapping.batch
        groups = (self.mapping.groups if draft.stepped else self.mapping.blocks) if draft.grouped else 1
        cost = self.costs.fused_cost(draft.operations, draft.unit, scale, groups)
        return Work(cost.cycles, cost.tail_cycles, self._demand(draft, scale, groups)), cost

    def _operand_widths(self, projection: str) -> list[int]:
        """Bytes of an element of what *projection* multiplies by weights, for each product that it sums up."""
        products = self.analysis.operations[projection].equation.products
        operands = (reference for product in products for reference in (product.left, product.right))
        return [self.inventory.width(operand.tensor) for operand in operands if operand.lag is not None]

    def _projection_work(self, gemm: Gemm, widths: list[int]) -> tuple[Work, Cost]:
        """The request for a weight tile; its products, with operands of these *widths*, share the depth of *gemm*."""
        cost, array, storage = self.costs.gemm_cost(gemm), self.machine.mac_array, self.inventory.weights
        assert storage is not None
        own = self.costs.element_bytes
        traffic = ceil_div(sum(operand_bytes(array, gemm, Widths(width, own, own)) for width in widths), len(widths))
        return Work(cost.cycles, cost.tail_cycles, self._spread([(storage, traffic)])), cost

    def _demand(self, draft: Draft, scale: int, groups: int) -> dict[int, int]:
        """SRAM traffic of a fused request: every stored operand and result once, intermediates not at all."""
        stored = self.inventory.stored
        key = "traffic", tuple(draft.operations), groups
        traffic = self.costs.once(key, lambda: self._traffic(draft, groups))
        moved = [(stored[tensor], size * scale) for tensor, size in traffic if tensor in stored]
        parameters = self.inventory.parameters.get(self.inventory.home[draft.operations[0]])
        if parameters is not None:
            parts = groups if draft.grouped else 1
            moved.append((parameters, parameters.buffer.slot_bytes // parts))
        return self._spread(moved)

    def _traffic(self, draft: Draft, groups: int) -> list[tuple[str, int]]:
        """Tensors that a request of *draft* reads or writes, with bytes for a timestep of one sequence."""
        graph, own = self.analysis.graph, set(draft.operations)
        read: set[str] = set()
        moved: list[tuple[str, Iterable[str]]] = []
        for name in draft.operations:
            equation = self.analysis.operations[name].equation
            for reference in equation.references:
                tensor = reference.tensor
                if tensor in read or reference.lag is None:
                    continue
                if graph.producer[tensor] not in own or reference.lag != 0:
                    read.add(tensor)
                    moved.append((tensor, reference.indices))
            moved.append((equation.tensor, equation.indices))
        size, width = self.analysis.size, self.inventory.width
        return [(tensor, size(indices, groups) * width(tensor)) for tensor, indices in moved]

    def _spread(self, moved: list[tuple[Storage, int]]) -> dict[int, int]:
        demand: dict[int, int] = {}
        for storage, traffic in moved:
            buffer = storage.buffer
            for cluster, size in self.machine.sram.spread(buffer.start, buffer.size_bytes, traffic).items():
                demand[cluster] = demand.get(cluster, 0) + size
        return demand

    # ------------------------------------------------------------------------------------------------ transfers

    def _transfer_plan(self, transfers: _Transfers) -> StreamPlan:
        place, requests = transfers.place, list[Transfer]()
        numbers: dict[int, Numbers] = {}  # by the identity of sizes
        for sizes in {id(each): each for each in transfers.sizes}.values():
            busy, starts = sizes > 0, place.start + np.cumsum(sizes) - sizes
            numbers[id(sizes)] = np.where(busy, len(requests) + np.cumsum(busy) - 1, NOTHING)
            requests += map(Transfer, sizes[busy].tolist(), repeat(transfers.moves.write), starts[busy].tolist())
        return StreamPlan(
            transfers.name, "dma", (), transfers.layout, tuple(requests),
            tuple(numbers[id(sizes)] for sizes in transfers.sizes),
            moves=transfers.moves, layer_bytes=place.layer_bytes, tile_bytes=place.tile_bytes,
        )  # fmt: skip

    def _per_layer(self, layer_bytes: int, tile_bytes: int = 0, more_layers: int = 0) -> _Place:
        """A place in DRAM with *layer_bytes* for every layer."""
        start = ceil_div(self._dram_end, PAGE_BYTES) * PAGE_BYTES
        self._dram_end = start + layer_bytes * (self.stack.layers + more_layers)
        return _Place(start, layer_bytes, tile_bytes)

    def _activation_place(self) -> _Place:
        """What layers hand on: the input of the first, then the output of each."""
        full = self._activation_bytes(self.analysis.graph.input_tensor, TileVariant.MIDDLE)
        last = self._activation_bytes(self.analysis.graph.input_tensor, TileVariant.LAST)
        return self._per_layer((self.tiles_per_layer - 1) * full + last, full, more_layers=1)

    def _once(self) -> Layout:
        return BatchLayout(self.mapping.tile_steps, 1, 1)

    def _by_block(self) -> Layout:
        return BatchLayout(self.mapping.tile_steps, self.mapping.blocks, 1)

    def _activation_bytes(self, tensor: str, variant: TileVariant) -> int:
        elements = self.analysis.graph.elements(tensor) * self.mapping.batch
        return elements * self.costs.element_bytes * self._steps(variant)

    def _activation_sizes(self, tensor: str) -> tuple[Numbers, ...]:
        sizes = [self._activation_bytes(tensor, variant) for variant in VARIANTS]
        arrays = {size: np.array([size], np.int64) for size in sizes}
        return tuple(arrays[size] for size in sizes)

    def _add_transfers_before(self) -> None:
        source = self.analysis.graph.input_tensor
        activations, state_moved = Moved("activations"), Moved("state")
        sizes = self._activation_sizes(source)
        layers = [_Transfers("load.input", activations, self._once(), sizes, self._activations)]
        for number, storage in self.inventory.parameters.items():
            name, size = f"load.{storage.buffer.name}", storage.buffer.slot_bytes
            parameters = Moved("parameters", self.drafts[number].operations[0])
            layers.append(_Transfers(name, parameters, self._once(), _sizes(1, size, _in_first), self._per_layer(size)))
        resumes, blocks = self.stack.resumes, self.mapping.blocks
        state = ceil_div(self.inventory.carried_bytes(spilled=False), blocks)
        if state and resumes:
            sizes = _sizes(blocks, state, _in_first)
            layers.append(_Transfers("load.state", state_moved, self._by_block(), sizes, self._states[False]))
        spilled = ceil_div(self.inventory.carried_bytes(spilled=True), blocks)
        if spilled:  # in prefill it begins as zero
            sizes = _sizes(blocks, spilled, lambda variant: resumes or not _in_first(variant))
            layers.append(_Transfers("load.spilled", state_moved, self._by_block(), sizes, self._states[True]))
        layers += [self._weight_transfers(number) for number in self.inventory.projections]
        for transfers in layers:
            self._add(self._transfer_plan(transfers))

    def _weight_transfers(self, number: int) -> _Transfers:
        draft = self.drafts[number]
        assert draft.weights is not None
        sizes = draft.weights.elements * self.costs.element_bytes
        later = np.zeros_like(sizes) if self.inventory.resident else sizes
        in_variants = tuple(sizes if _in_first(variant) else later for variant in VARIANTS)
        place = self._per_layer(int(sizes.sum()))
        user = draft.operations[0]
        return _Transfers(f"load.weights.{user}", Moved("weights", user), draft.layout, in_variants, place)

    def _add_transfers_after(self) -> None:
        when = {True: lambda variant: True, False: _in_last}
        for name, spilled in (("store.spilled", True), ("store.state", False)):
            size = ceil_div(self.inventory.carried_bytes(spilled), self.mapping.blocks)
            if size:
                sizes, place = _sizes(self.mapping.blocks, size, when[spilled]), self._states[spilled]
                state = Moved("state", write=True)
                self._add(self._transfer_plan(_Transfers(name, state, self._by_block(), sizes, place)))
        output, handed_on = self.analysis.graph.output_tensor, self._activations
        place = replace(handed_on, start=handed_on.start + handed_on.layer_bytes)
        activations = Moved("activations", write=True)
        store = _Transfers("store.output", activations, self._once(), self._activation_sizes(output), place)
        self._add(self._transfer_plan(store))


def _in_first(variant: TileVariant) -> bool:
    """Whether a tile is the first of its layer."""
    return TileVariant.FIRST in variant


def _in_last(variant: TileVariant) -> bool:
    """Whether a tile is the last of its layer."""
    return TileVariant.LAST in variant


def _spans(layout: Layout, steps: int) -> tuple[list[int], Numbers]:
    """How many of the first *steps* timesteps an item covers: the counts that there are, and which of them it has."""
    regions = layout.regions
    spans, which = np.unique(np.minimum(regions.last + 1, steps) - regions.first, return_inverse=True)
    return spans.tolist(), which


def _sizes(items: int, size: int, when: Callable[[TileVariant], bool]) -> tuple[Numbers, ...]:
    """*items* of *size* bytes in the variants of tiles *when* they are moved, of none in the others."""
    moved, nothing = np.full(items, size, np.int64), np.zeros(items, np.int64)
    return tuple(moved if when(variant) else nothing for variant in VARIANTS)


def stream_name(draft: Draft) -> str:
    """How tables and traces call a stream: its operations, shortened."""
    first, last = draft.operations[0], draft.operations[-1]
    return first if first == last else f"{first}..{last}"
