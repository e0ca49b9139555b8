"""What the operations of a layer cost on a machine: which units can do them, and for how many cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from hw.effects import freed_cost
from hw.folds import Way, columns_of_a_fold
from hw.gemm import cost_of, least_cycles, least_cycles_of_a_product, quickest
from hw.integers import ceil_div
from hw.mac_array import at_the_edges, elementwise_cost
from hw.machine import MachineSpec
from hw.requests import Cost, Gemm, VectorPass
from hw.simd import VectorUnitSpec, vector_cost
from hw.unit_names import MAC_ARRAY, SIMD, ComputeUnit
from sim.lowering.analysis import Analysis
from sim.lowering.forced import Forced

Shared = TypeVar("Shared")
UNKNOWN = 2**40  # timesteps


class CostModel:
    """Costs of a layer's operations on one machine, remembered, since candidate mappings share most of them.

    So is whatever else they share, see :meth:`once`; all of it lives as long as the choice.
    With *elementwise* PEs that can do elementwise work do contractions of activations that way, even where a matrix
    product would be quicker. No tile has more than *longest* timesteps, of all sequences, if that is known. An element
    has *element_bytes*, one that a recurrence makes *state_bytes*, which are as many unless given.
    """

    def __init__(
        self,
        analysis: Analysis,
        machine: MachineSpec,
        element_bytes: int,
        elementwise: bool = False,
        longest: int = UNKNOWN,
        state_bytes: int | None = None,
    ) -> None:
        self._elementwise = elementwise and machine.mac_array.elementwise is not None
        self.longest = longest
        self.analysis = analysis
        self.machine = machine
        self.element_bytes = element_bytes
        self.state_bytes = state_bytes or element_bytes
        self._known: dict[tuple[str, str, int, int], Cost] = {}
        self._busy: dict[tuple[str, str, int, int], float] = {}
        self._fused: dict[tuple[tuple[str, ...], str, int, int], Cost] = {}
        self._gemms: dict[tuple[str, int, int], Gemm] = {}
        self._gemm_costs: dict[Gemm, Cost] = {}
        self._once: dict[object, object] = {}

    def once(self, key: tuple[object, ...], make: Callable[[], Shared]) -> Shared:
        """What *make* returns, made once for all who ask with this *key*; its first part is a name for what it is."""
        if key not in self._once:
            self._once[key] = make()
        return cast(Shared, self._once[key])

    def units(self, name: str) -> tuple[ComputeUnit, ...]:
        """The units that can do *name*, the specialised one first; none if no table of cycles has its functions."""
        return self.once(("units", name), lambda: self._units(name))

    def _units(self, name: str) -> tuple[ComputeUnit, ...]:
        kind = self.analysis.kind(name)
        if kind == "projection":
            return (MAC_ARRAY,)
        can = {
            MAC_ARRAY: self.in_products(name) or self.in_passes(name, self.machine.mac_array.elementwise),
            SIMD: self.in_passes(name, self.machine.simd),
        }
        order: tuple[ComputeUnit, ...] = (MAC_ARRAY, SIMD) if kind == "contraction" else (SIMD, MAC_ARRAY)
        return tuple(unit for unit in order if can[unit])

    def in_products(self, name: str) -> bool:
        """Whether the array may do *name* as a matrix product."""
        kind = self.analysis.kind(name)
        return kind == "projection" or (kind == "contraction" and not self._elementwise)

    def in_passes(self, name: str, spec: VectorUnitSpec | None) -> bool:
        """Whether something as *spec* says can do *name* elementwise; None stands for what cannot do so at all."""
        return spec is not None and not self.missing(name, spec)

    def missing(self, name: str, spec: VectorUnitSpec) -> tuple[str, ...]:
        """The functions that it takes to do *name* elementwise and for which *spec* has no figure."""
        passes = self.analysis.passes(name, 1)
        return tuple(dict.fromkeys(function for step in passes for function in spec.missing(step.function)))

    def cost(self, name: str, unit: str, scale: int, groups: int) -> Cost:
        """Cost of *name* for *scale* timesteps x sequences, for one of *groups* parts if the operation is cut.

        An array whose PEs do elementwise work may do a contraction either way; the cheaper one counts.
        """
        parts = groups if self.analysis.grouped(name) else 1
        key = (name, unit, scale, parts)
        if key not in self._known:
            self._known[key] = self._cost(name, unit, scale, parts)
        return self._known[key]

    def _cost(self, name: str, unit: str, scale: int, parts: int) -> Cost:
        if unit == SIMD:
            return self._vector_cost(self.passes(name, scale, parts))
        return self._on_the_array(name, scale, parts)[0]

    def _on_the_array(self, name: str, scale: int, parts: int) -> tuple[Cost, bool]:
        """Cost of one part of *name* in a request of its own, and whether it is elementwise work or a product."""
        ways: list[tuple[Cost, bool]] = []
        if self.in_passes(name, self.machine.mac_array.elementwise):
            ways.append((self._at_the_edges((name,), scale, parts, self.pe_cost(name, scale, parts)), True))
        if self.in_products(name):
            ways.append((self.gemm_cost(self.gemm(name, scale, parts)), False))
        return min(ways, key=lambda way: way[0].cycles)

    def is_product(self, name: str, scale: int, parts: int) -> bool:
        """Whether the array does one of so many *parts* of *name* as a matrix product in a fused request."""
        return not self._on_the_array(name, scale, parts)[1]

    def busy_cycles(self, name: str, unit: str, scale: int, groups: int) -> float:
        """Cycles of *unit* for one part of *name* if only what has to go to memory does, at all that the SRAM gives."""
        parts = groups if self.analysis.grouped(name) else 1
        key = name, unit, scale, parts
        if key not in self._busy:
            self._busy[key] = self._busy_cycles(name, unit, scale, parts)
        return self._busy[key]

    def _busy_cycles(self, name: str, unit: str, scale: int, parts: int) -> float:
        cost = self.cost(name, unit, scale, parts).cycles
        if unit == MAC_ARRAY and not self._on_the_array(name, scale, parts)[1]:
            return cost
        everything = self.once(("forced with all together",), lambda: self.forced(self.analysis.operations))
        return max(cost, self.sram_cycles(name, parts, everything) * scale)

    def sram_cycles(self, name: str, parts: int, forced: Forced) -> float:
        """Cycles in which what of *name* is *forced* to go to memory crosses the ports of the SRAM.

        That is for a timestep of one sequence, of one of so many *parts*.
        """
        if "bank_conflicts" in self.machine.ideal:
            return 0.0
        size, width = self.analysis.size, self.analysis.width
        moved = sum(
            size(indices, parts) * width(tensor, self.element_bytes, self.state_bytes)
            for tensor, indices in (*forced.operands(name), *forced.results(name))
        )
        return moved / self.machine.sram.bytes_per_cycle

    def forced(self, together: Iterable[str]) -> Forced:
        """What has to go to memory where *together* share requests, all but batched projections."""
        analysis = self.analysis
        return Forced(analysis, [name for name in together if name not in analysis.batched])

    def pe_cost(self, name: str, scale: int, parts: int) -> Cost:
        """Cost of one part of *name* on PEs that do it elementwise, whatever passes the array's edges meanwhile."""
        cost = elementwise_cost(self.machine.mac_array, self.passes(name, scale, parts))
        return freed_cost(cost, self.machine.ideal)

    def _at_the_edges(self, names: Sequence[str], scale: int, parts: int, cost: Cost) -> Cost:
        """*cost* of *names*, elementwise in one request, or as long as what they read and write takes at the edges."""
        array, size = self.machine.mac_array, self.analysis.size
        if not array.elementwise_by_edges or "edges" in self.machine.ideal:
            return cost
        weights = dict.fromkeys(weight for name in names for weight in self.analysis.parameters_of(name))
        operands = sum(size(indices, parts) for _, indices in self.analysis.operands_of(names)) * scale
        operands += sum(size(indices, parts) for _, indices in weights)
        results = sum(size(indices, parts) for _, indices in self.analysis.results_of(names)) * scale
        return at_the_edges(array, cost, operands, results)

    def fused_cost(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        """Cost of several operations done in one request: vector passes follow each other without a gap."""
        key = tuple(names), unit, scale, groups
        if key not in self._fused:
            self._fused[key] = self._fused_cost(names, unit, scale, groups)
        return self._fused[key]

    def _fused_cost(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        if len(names) == 1:
            return self.cost(names[0], unit, scale, groups)
        if unit == MAC_ARRAY:
            return self._fused_on_the_array(names, scale, groups)
        passes: list[VectorPass] = []
        for name in names:
            passes += self.passes(name, scale, groups if self.analysis.grouped(name) else 1)
        return self._vector_cost(passes)

    def _fused_on_the_array(self, names: list[str], scale: int, groups: int) -> Cost:
        """One after the other, each as it is quicker by itself; elementwise ones read and write their operands once."""
        parts = groups if self.analysis.grouped(names[0]) else 1  # fused operations are alike in that
        total, elementwise, of_it = Cost(0), Cost(0), list[str]()
        for name in names:
            cost, by_passes = self._on_the_array(name, scale, parts)
            if by_passes:
                cost = self.pe_cost(name, scale, parts)
                elementwise = elementwise + cost
                of_it.append(name)
            total = total + cost
        waits = self._at_the_edges(of_it, scale, parts, elementwise).cycles - elementwise.cycles
        return replace(total, cycles=total.cycles + waits)

    def _vector_cost(self, passes: list[VectorPass]) -> Cost:
        simd = self.machine.simd
        return freed_cost(vector_cost(simd, simd.lanes, passes), self.machine.ideal)

    def gemm_cost(self, gemm: Gemm) -> Cost:
        """Cost of a GEMM on this machine's array, in the quickest way."""
        if gemm not in self._gemm_costs:
            way = self._way(gemm)
            self._gemm_costs[gemm] = freed_cost(cost_of(self.machine.mac_array, gemm, way), self.machine.ideal)
        return self._gemm_costs[gemm]

    def _way(self, gemm: Gemm) -> Way:
        """The way in which the array does *gemm*."""
        return self.once(("way", gemm), lambda: quickest(self.machine.mac_array, gemm))

    def columns_of_a_fold(self, gemm: Gemm) -> int:
        """Of the n of *gemm*, how much a fold of the array does."""
        return columns_of_a_fold(self.machine.mac_array, gemm, self._way(gemm))

    def least_gemm_cycles(self, gemm: Gemm) -> float:
        """What the parts of *gemm* take together at least, however its n and k are cut."""
        array, ideal = self.machine.mac_array, self.machine.ideal
        if "edges" in ideal:
            return ceil_div(gemm.macs, array.macs_per_cycle)
        return self.once(("least cycles", gemm), lambda: least_cycles(array, gemm, "fill_drain" not in ideal))

    def least_batch_cycles(self, gemm: Gemm) -> float:
        """What the parts of *gemm* take together at least, however its batch is cut."""
        array, ideal = self.machine.mac_array, self.machine.ideal
        if "edges" in ideal or ("fill_drain" in ideal and array.folds == "serial"):
            return ceil_div(gemm.macs, array.macs_per_cycle)
        return self.once(("least of a batch", gemm), lambda: gemm.batch * least_cycles_of_a_product(array, gemm))

    def passes(self, name: str, scale: int, parts: int) -> list[VectorPass]:
        """Vector passes of one part of *name*."""
        return self.analysis.passes(name, scale, parts)

    def gemm(self, name: str, scale: int, parts: int) -> Gemm:
        """One part of the contraction *name*.

        A projection has the scale as rows; a contraction of activations is repeated for each timestep and sequence.
        """
        key = name, scale, parts
        if key not in self._gemms:
            self._gemms[key] = self._gemm(name, scale, parts)
        return self._gemms[key]

    def _gemm(self, name: str, scale: int, parts: int) -> Gemm:
        shape = self.analysis.shapes[name]
        assert shape is not None
        batch, m, n, k = (self.analysis.size(part, parts) for part in (shape.batch, shape.m, shape.n, shape.k))
        if self.analysis.kind(name) == "projection":
            return Gemm(m=m * scale, n=n, k=k * shape.terms, batch=batch)
        return Gemm(m=m, n=n, k=k * shape.terms, batch=batch * scale)
