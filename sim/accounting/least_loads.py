"""What the units take at least for the operations of a layer, all but projections, if these are placed in some way.

Stepped operations cost what a request of each part costs. Other work is taken at a unit's full rate, but matrix
products of activations on the array with their edges. What an operation takes on the array is seen in several views,
each of them a bound: its PEs; where elementwise work passes the array's edges what its operands take there, and its
results, that pass in whatever company; and what the SRAM takes to give and take them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from hw.mac_array import elementwise_cost
from hw.requests import VectorPass
from hw.simd import vector_cost
from hw.unit_names import MAC_ARRAY, SIMD, ComputeUnit
from sim.accounting.dealing import Loads
from sim.lowering.costs import CostModel
from sim.lowering.forced import Forced, Tensors
from workloads.workload import Stack

Placed = Mapping[str, ComputeUnit]
"""The units of some operations."""


class _Work(NamedTuple):
    """All of an operation in a layer: in so many parts, and whether it is done step by step."""

    name: str
    parts: int
    stepped: bool


View = Callable[[_Work, frozenset[str]], float]
"""(work, what is on the lanes) -> cycles of the array, if the work is done elementwise."""


class LeastLoads:
    """Loads of a layer of *stack* on the machine of *costs*."""

    def __init__(self, stack: Stack, costs: CostModel) -> None:
        self._costs, self._machine, self._analysis = costs, costs.machine, costs.analysis
        self._steps, self._batch = stack.steps, stack.spec.batch
        self._on_lanes: dict[_Work, float] = {}
        self._on_array: dict[tuple[_Work, View, frozenset[str]], float] = {}

    @cached_property
    def views(self) -> list[View]:
        """What elementwise work on the array may wait for: PEs, the array's edges and the SRAM, where that may be."""
        array, ideal = self._machine.mac_array, self._machine.ideal
        views: list[View] = [self._on_pes]
        if array.elementwise_by_edges and "edges" not in ideal:
            views += [self._operands, self._results]
        if array.elementwise is not None and "bank_conflicts" not in ideal:
            views.append(self._by_sram)
        return views

    def of(self, stepped: frozenset[str], cut: tuple[int, int], view: View, placed: Placed) -> Loads:
        """Loads in one *view*, with those *placed* that are, of a layer that is *cut* into (groups, blocks)."""
        groups, blocks = cut
        on_lanes = frozenset(name for name, unit in placed.items() if unit == SIMD)
        array = lanes = 0.0
        either: list[tuple[float, float]] = []
        for name in self._analysis.operations:
            if name in self._analysis.batched:
                continue
            parts = (groups if name in stepped else blocks) if self._analysis.grouped(name) else 1
            work = _Work(name, parts, name in stepped)
            units = (placed[name],) if name in placed else self._costs.units(name)
            cycles = {unit: self._lanes(work) if unit == SIMD else self._array(work, view, on_lanes) for unit in units}
            if len(cycles) == 2:
                either.append((cycles[MAC_ARRAY], cycles[SIMD]))
            else:
                array += cycles.get(MAC_ARRAY, 0)
                lanes += cycles.get(SIMD, 0)
        return Loads(array, lanes, tuple(either))

    def quickest(self, name: str) -> float:
        """Cycles of an operation that is done as a whole, on the unit that is quickest for it."""
        work = _Work(name, 1, False)
        return min(
            self._lanes(work) if unit == SIMD else self._array(work, self._on_pes, frozenset())
            for unit in self._costs.units(name)
        )

    def _lanes(self, work: _Work) -> float:
        if work not in self._on_lanes:
            self._on_lanes[work] = self._cycles_on_lanes(work)
        return self._on_lanes[work]

    def _cycles_on_lanes(self, work: _Work) -> float:
        simd = self._machine.simd
        if "edges" in self._machine.ideal:  # operations that share a request are rounded up together then
            return vector_cost(simd, 1, self._passes(work)).useful_cycles / simd.lanes
        if work.stepped:
            return self._costs.cost(work.name, SIMD, self._batch, work.parts).cycles * work.parts * self._steps
        return vector_cost(simd, simd.lanes, self._passes(work)).useful_cycles

    def _array(self, work: _Work, view: View, on_lanes: frozenset[str]) -> float:
        key = work, view, on_lanes
        if key not in self._on_array:
            self._on_array[key] = self._cycles_on_array(work, view, on_lanes)
        return self._on_array[key]

    def _cycles_on_array(self, work: _Work, view: View, on_lanes: frozenset[str]) -> float:
        """As a product, or as elementwise work in a *view*."""
        ways: list[float] = []
        if self._costs.in_passes(work.name, self._machine.mac_array.elementwise):
            ways.append(view(work, on_lanes))
        if self._costs.in_products(work.name):
            scale, repeats = (self._batch, self._steps) if work.stepped else (self._batch * self._steps, 1)
            gemm = self._costs.gemm(work.name, scale, work.parts)
            ways.append(self._costs.least_batch_cycles(gemm) * work.parts * repeats)
        return min(ways)

    def _on_pes(self, work: _Work, _: frozenset[str]) -> float:
        """Cycles of PEs that do the work elementwise."""
        if work.stepped:
            return self._costs.pe_cost(work.name, self._batch, work.parts).cycles * work.parts * self._steps
        return elementwise_cost(self._machine.mac_array, self._passes(work)).useful_cycles

    def _operands(self, work: _Work, on_lanes: frozenset[str]) -> float:
        """Cycles in which operands pass the edges that nothing on the array can hand on to it."""
        operands, _ = self._machine.mac_array.elementwise_rates
        return self._passing(self._elementwise(on_lanes).operands(work.name), work) / operands

    def _results(self, work: _Work, on_lanes: frozenset[str]) -> float:
        """Cycles in which the result passes the edge, if something else than the array has to have it."""
        _, results = self._machine.mac_array.elementwise_rates
        return self._passing(self._elementwise(on_lanes).results(work.name), work) / results

    def _by_sram(self, work: _Work, on_lanes: frozenset[str]) -> float:
        """Cycles in which the SRAM gives and takes what nothing on the array can hand on."""
        forced = self._together("on the array", lambda name: MAC_ARRAY in self._costs.units(name), on_lanes)
        return self._costs.sram_cycles(work.name, work.parts, forced) * work.parts * self._steps * self._batch

    def _passing(self, tensors: Tensors, work: _Work) -> int:
        """Elements of *tensors* in all timesteps of all sequences."""
        each = sum(self._analysis.size(indices, work.parts) for _, indices in tensors)
        return each * work.parts * self._steps * self._batch

    def _elementwise(self, on_lanes: frozenset[str]) -> Forced:
        """What has to pass the edges if all that PEs can do elementwise is on them, but what is *on_lanes*."""
        array = self._machine.mac_array.elementwise
        return self._together("elementwise", lambda name: self._costs.in_passes(name, array), on_lanes)

    def _together(self, what: str, is_one: Callable[[str], bool], on_lanes: frozenset[str]) -> Forced:
        """What has to go to memory where all operations that *is_one* names share a request, but what is *on_lanes*."""
        names = (name for name in self._analysis.operations if name not in on_lanes and is_one(name))
        return self._costs.once(("forced together", what, on_lanes), lambda: self._costs.forced(names))

    def _passes(self, work: _Work) -> list[VectorPass]:
        """All of the work, for which a unit's useful cycles are those at its full rate."""
        return self._costs.passes(work.name, self._steps * self._batch, 1)
