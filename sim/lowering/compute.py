"""The streams of compute units: what each item asks of its unit, and of the banks of SRAM."""

from __future__ import annotations

import numpy as np

from hw.integers import ceil_div
from hw.machine import MachineSpec
from hw.requests import Cost, Gemm, Work
from sim.lowering.buffers import Inventory, Storage
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft
from sim.lowering.order import Numbers
from sim.lowering.program import NOTHING, VARIANTS, StreamPlan, TileVariant
from sim.lowering.tiling import Tiling
from sim.lowering.traffic import moved_by, operands_by_weights, widths_by_weights
from sim.lowering.weight_tiles import tile_bytes


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


class ComputeStreams:
    """Makes the streams of compute units for what an *inventory*, whose buffers have their places, keeps on chip."""

    def __init__(self, machine: MachineSpec, costs: CostModel, inventory: Inventory, tiling: Tiling) -> None:
        self._machine = machine
        self._costs = costs
        self._inventory = inventory
        self._mapping = inventory.mapping
        self._analysis = costs.analysis
        self._tiling = tiling

    def plan(self, draft: Draft) -> StreamPlan:
        """The stream of *draft*, which is not dealt out in shares, without what it waits for."""
        known = _Works()
        of: dict[int, Numbers] = {}
        if draft.final:
            numbers = self._at_the_end(draft, known)
        else:
            for steps in map(self._tiling.steps_in, VARIANTS):
                if steps not in of:
                    of[steps] = self._numbers(draft, steps, known)
            numbers = tuple(of[self._tiling.steps_in(variant)] for variant in VARIANTS)
        works, costs = tuple(known.requests), tuple(known.costs)
        return StreamPlan(stream_name(draft), draft.unit, tuple(draft.operations), draft.layout, works, numbers, costs)

    def conversion(self, number: int) -> StreamPlan:
        """The stream that dequantises the weights of draft *number*, tile by tile, without what it waits for."""
        draft = self._inventory.drafts[number]
        weights, user, known = draft.weights, draft.operations[0], _Works()
        assert weights is not None
        of_shape = [known.number(*self._conversion_work(shape, number)) for shape in weights.shapes]
        numbers = (np.array(of_shape, np.int64)[weights.numbers],) * len(VARIANTS)
        return StreamPlan(
            conversion_name(user), self._costs.converter, (), draft.layout, tuple(known.requests), numbers,
            tuple(known.costs), converts=user,
        )  # fmt: skip

    def _conversion_work(self, shape: Gemm, number: int) -> tuple[Work, Cost]:
        """The request that reads a tile of weights as it is stored, and writes it as the array takes it."""
        storage, made = self._inventory.weights, self._inventory.converted[number]
        weights = self._inventory.drafts[number].weights
        assert storage is not None and weights is not None and weights.used is not None
        cost = self._costs.conversion_cost(shape.batch * shape.n * shape.k)
        moved = [(storage, tile_bytes(shape, weights.stored)), (made, tile_bytes(shape, weights.used))]
        return Work(cost.cycles, cost.tail_cycles, self._spread(moved)), cost

    def _at_the_end(self, draft: Draft, known: _Works) -> tuple[Numbers, ...]:
        """The requests of a draft that is final, in the variants of tiles."""
        number = known.number(*self._fused_work(draft, 1))
        once, never = (np.full(draft.layout.items, each, np.int64) for each in (number, NOTHING))
        return tuple(once if TileVariant.LAST in variant else never for variant in VARIANTS)

    def _numbers(self, draft: Draft, steps: int, known: _Works) -> Numbers:
        """The request of each item of a tile that has *steps* timesteps; NOTHING for an item that lies behind them."""
        if draft.weights is not None:
            rows = steps * self._mapping.batch
            works = [self._projection_work(shape, draft) for shape in draft.weights.products(rows)]
            of_shape = [known.number(*work) for work in works]
            return np.array(of_shape, np.int64)[draft.weights.numbers]
        spans, which = self._costs.once(("spans of items", draft.layout, steps), lambda: draft.layout.spans(steps))
        of_span = [known.number(*self._fused_work(draft, span)) if span > 0 else NOTHING for span in spans]
        return np.array(of_span, np.int64)[which]

    def _fused_work(self, draft: Draft, steps: int) -> tuple[Work, Cost]:
        """The request for *steps* timesteps of one part of fused operations."""
        scale = steps * self._mapping.batch
        groups = draft.parts(self._mapping)
        cost = self._costs.fused_cost(draft.operations, draft.unit, scale, groups)
        return Work(cost.cycles, cost.tail_cycles, self._demand(draft, scale, groups)), cost

    def _projection_work(self, gemm: Gemm, draft: Draft) -> tuple[Work, Cost]:
        """The request for a weight tile of *draft*; its products share the depth of *gemm*."""
        array, weights, first = self._costs.arrays[draft.unit], draft.weights, draft.operations[0]
        storage = self._inventory.converted.get(self._inventory.home[first], self._inventory.weights)
        assert storage is not None and weights is not None
        operands = operands_by_weights(self._analysis, first)
        widths = widths_by_weights(weights, operands, self._inventory, self._costs)
        cost = array.cost(gemm)
        traffic = ceil_div(sum(array.operand_bytes(gemm, each) for each in widths), len(widths))
        return Work(cost.cycles, cost.tail_cycles, self._spread([(storage, traffic)])), cost

    def _demand(self, draft: Draft, scale: int, groups: int) -> dict[int, int]:
        """SRAM traffic of a fused request."""
        return self._spread(moved_by(draft, self._inventory, self._costs, scale, groups))

    def _spread(self, moved: list[tuple[Storage, int]]) -> dict[int, int]:
        demand: dict[int, int] = {}
        for storage, traffic in moved:
            buffer = storage.buffer
            for cluster, size in self._machine.sram.spread(buffer.start, buffer.size_bytes, traffic).items():
                demand[cluster] = demand.get(cluster, 0) + size
        return demand


def conversion_name(user: str) -> str:
    """How tables and traces call the stream that dequantises the weights of a stream that begins with *user*."""
    return f"dequantise.{user}"


def stream_name(draft: Draft) -> str:
    """How tables and traces call a stream: its operations, shortened."""
    first, last = draft.operations[0], draft.operations[-1]
    return (first if first == last else f"{first}..{last}") + _array_of(draft)


def load_name(draft: Draft) -> str:
    """How tables and traces call the stream that loads the weights of *draft*."""
    return f"load.weights.{draft.operations[0]}{_array_of(draft)}"


def _array_of(draft: Draft) -> str:
    """What tells shares of the same projections apart."""
    return f"@{draft.unit}" if draft.is_share else ""
