"""What the units take at least for the operations of a layer, all but projections, if these are placed in some way.

Stepped operations cost what a request of each part costs. Other work is taken at a unit's full rate, but matrix
products of activations on an array with their edges. What an operation takes on an array is seen in several views,
each of them a bound: its PEs; where elementwise work passes the array's edges what its operands take there, and its
results, that pass in whatever company; and what the SRAM takes to give and take them. Units that are alike count as
one class (unit_classes.py), and of what is placed on another class none can hand anything on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from hw.mac_array import MacArraySpec
from hw.requests import VectorPass
from sim.accounting.dealing import Loads
from sim.accounting.unit_classes import Classes
from sim.lowering.costs import CostModel
from sim.lowering.forced import Forced, Tensors
from workloads.stack import Stack

Placed = Mapping[str, int]
"""The classes of some operations."""


class _Work(NamedTuple):
    """All of an operation in a layer: in so many parts, and whether it is done step by step."""

    name: str
    parts: int
    stepped: bool


View = Callable[[_Work, str, frozenset[str]], float]
"""(work, array, what is on other units than such arrays) -> cycles of the array, if the work is done elementwise."""


class LeastLoads:
    """Loads of a layer of *stack* on the machine of *costs*, by its *classes* of units."""

    def __init__(self, stack: Stack, costs: CostModel, classes: Classes) -> None:
        self._costs, self._ideal, self._analysis, self._classes = costs, costs.machine.ideal, costs.analysis, classes
        self._all_steps, self._batch = stack.steps, stack.spec.batch
        self._on_lanes: dict[tuple[_Work, str], float] = {}
        self._on_array: dict[tuple[_Work, str, View, frozenset[str]], float] = {}

    @cached_property
    def views(self) -> list[View]:
        """What elementwise work on arrays may wait for: PEs, an array's edges and the SRAM, where that may be."""
        arrays = [array.spec for array in self._costs.arrays.values() if array.spec.elementwise is not None]
        views: list[View] = [self._on_pes]
        if any(array.elementwise_by_edges for array in arrays) and "edges" not in self._ideal:
            views += [self._operands, self._results]
        if arrays and "bank_conflicts" not in self._ideal:
            views.append(self._by_sram)
        return views

    def of(self, stepped: frozenset[str], cut: tuple[int, int], view: View, placed: Placed) -> Loads:
        """Loads in one *view*, with those *placed* that are, of a layer that is *cut* into (groups, blocks)."""
        groups, blocks = cut
        classes = self._classes
        elsewhere = [frozenset(n for n, on in placed.items() if on != number) for number in range(len(classes.all))]
        fixed = [0.0] * len(classes.all)
        either: list[tuple[float, ...]] = []
        for name in self._analysis.operations:
            if name in self._analysis.batched:
                continue
            parts = (groups if name in stepped else blocks) if self._analysis.grouped(name) else 1
            work = _Work(name, parts, name in stepped)
            able = [placed[name]] if name in placed else classes.able(name)
            row = classes.row({number: self._cycles(work, number, view, elsewhere[number]) for number in able})
            if len(able) > 1:
                either.append(row)
            elif able:
                fixed[able[0]] += row[able[0]]
        return Loads(tuple(fixed), tuple(either))

    def at_full_rate(self) -> Loads:
        """Loads of a layer whose work units do at their full rate, whatever its cut and what is stepped."""
        fixed = [0.0] * len(self._classes.all)
        either: list[tuple[float, ...]] = []
        for name in (each for each in self._analysis.operations if each not in self._analysis.batched):
            able = self._classes.able(name)
            row = self._classes.row({number: self._full_rate(name, self._classes.all[number].unit) for number in able})
            if len(able) > 1:
                either.append(row)
            elif able:
                fixed[able[0]] += row[able[0]]
        return Loads(tuple(fixed), tuple(either))

    def _full_rate(self, name: str, unit: str) -> float:
        work = _Work(name, 1, False)
        if unit not in self._costs.arrays:
            return self._lanes(work, unit)
        ways: list[float] = []
        if self._costs.in_passes(name, unit):
            ways.append(self._on_pes(work, unit, frozenset()))
        if self._costs.in_products(name, unit):
            gemm = self._costs.gemm(name, unit, self._batch * self._steps(name), 1)
            ways.append(gemm.macs_in_words / self._array(unit).macs_per_cycle)
        return min(ways)

    def quickest(self, name: str) -> float:
        """Cycles of an operation that is done as a whole, on the unit that is quickest for it."""
        work = _Work(name, 1, False)
        return min(self._cycles(work, number, self._on_pes, frozenset()) for number in self._classes.able(name))

    def _cycles(self, work: _Work, number: int, view: View, elsewhere: frozenset[str]) -> float:
        """Of one unit of the class of this *number*."""
        unit = self._classes.all[number].unit
        if unit not in self._costs.arrays:
            return self._lanes(work, unit)
        key = work, unit, view, elsewhere
        if key not in self._on_array:
            self._on_array[key] = self._cycles_on_array(work, unit, view, elsewhere)
        return self._on_array[key]

    def _lanes(self, work: _Work, unit: str) -> float:
        if (work, unit) not in self._on_lanes:
            self._on_lanes[work, unit] = self._cycles_on_lanes(work, unit)
        return self._on_lanes[work, unit]

    def _cycles_on_lanes(self, work: _Work, unit: str) -> float:
        useful = self._costs.compute[unit].passes_cost(self._passes(work)).useful_cycles
        if "edges" in self._ideal:  # operations that share a request are rounded up together then
            return max(0, useful - 1)
        if work.stepped:
            return self._costs.cost(work.name, unit, self._batch, work.parts).cycles * self._requests(work)
        return useful

    def _cycles_on_array(self, work: _Work, unit: str, view: View, elsewhere: frozenset[str]) -> float:
        """As a product, or as elementwise work in a *view*."""
        ways: list[float] = []
        if self._costs.in_passes(work.name, unit):
            ways.append(view(work, unit, elsewhere))
        if self._costs.in_products(work.name, unit):
            steps = self._steps(work.name)
            scale, repeats = (self._batch, steps) if work.stepped else (self._batch * steps, 1)
            gemm = self._costs.gemm(work.name, unit, scale, work.parts)
            ways.append(self._costs.arrays[unit].least_batch_cycles(gemm) * work.parts * repeats)
        return min(ways)

    def _on_pes(self, work: _Work, unit: str, _: frozenset[str]) -> float:
        """Cycles of PEs that do the work elementwise."""
        if work.stepped:
            return self._costs.pe_cost(work.name, unit, self._batch, work.parts).cycles * self._requests(work)
        return self._costs.compute[unit].passes_cost(self._passes(work)).useful_cycles

    def _operands(self, work: _Work, unit: str, elsewhere: frozenset[str]) -> float:
        """Cycles in which operands pass the edges that nothing on the array can hand on to it."""
        array = self._array(unit)
        if not array.elementwise_by_edges:
            return self._on_pes(work, unit, elsewhere)
        operands, _ = array.elementwise_rates
        return self._passing(self._elementwise(unit, elsewhere).operands(work.name), work) / operands

    def _results(self, work: _Work, unit: str, elsewhere: frozenset[str]) -> float:
        """Cycles in which the result passes the edge, if something else than the array has to have it."""
        array = self._array(unit)
        if not array.elementwise_by_edges:
            return self._on_pes(work, unit, elsewhere)
        _, results = array.elementwise_rates
        return self._passing(self._elementwise(unit, elsewhere).results(work.name), work) / results

    def _by_sram(self, work: _Work, unit: str, elsewhere: frozenset[str]) -> float:
        """Cycles in which the SRAM gives and takes what nothing on the array can hand on."""
        forced = self._together(("on", unit), lambda name: unit in self._costs.units(name), elsewhere)
        return self._costs.sram_cycles(work.name, work.parts, forced) * self._requests(work) * self._batch

    def _requests(self, work: _Work) -> int:
        """How often it is done, if part by part and step by step."""
        return work.parts * self._steps(work.name)

    def _steps(self, name: str) -> int:
        """Timesteps in which *name* is done: all of a layer, or one at the end."""
        return 1 if self._analysis.final(name) else self._all_steps

    def _array(self, unit: str) -> MacArraySpec:
        return self._costs.arrays[unit].spec

    def _passing(self, tensors: Tensors, work: _Work) -> int:
        """Elements of *tensors* in all timesteps of all sequences."""
        each = sum(self._analysis.size(indices, work.parts) for _, indices in tensors)
        return each * self._requests(work) * self._batch

    def _elementwise(self, unit: str, elsewhere: frozenset[str]) -> Forced:
        """What has to pass the edges if all that PEs can do elementwise is on them, but what is *elsewhere*."""
        return self._together(("elementwise on", unit), lambda name: self._costs.in_passes(name, unit), elsewhere)

    def _together(self, what: tuple[str, str], is_one: Callable[[str], bool], elsewhere: frozenset[str]) -> Forced:
        """What has to go to memory if all operations that *is_one* names share a request, but what is *elsewhere*."""
        names = (name for name in self._analysis.operations if name not in elsewhere and is_one(name))
        return self._costs.once(("forced together", *what, elsewhere), lambda: self._costs.forced(names))

    def _passes(self, work: _Work) -> list[VectorPass]:
        """All of the work, for which a unit's useful cycles are those at its full rate."""
        return self._costs.passes(work.name, self._steps(work.name) * self._batch, 1)
