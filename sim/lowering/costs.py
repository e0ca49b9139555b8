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
from workloads.precision import WeightFormat

Shared = TypeVar("Shared")
UNKNOWN = 2**40  # timesteps
BITS = (4, 8, 16, 32)
"""What an element can have."""


class CostModel:
    """Costs of a layer's operations on one machine, remembered, since candidate mappings share most of them.

    So is whatever else they share, see :meth:`once`; all of it lives as long as the choice.
    With *elementwise* PEs that can do elementwise work do contractions of activations that way, even where a matrix
    product would be quicker. No tile has more than *longest* timesteps, of all sequences, if that is known. An element
    has *element_bytes*, one that a recurrence makes *state_bytes*, which are as many unless given. *weights* say how
    those of projections lie in memory: as activations do unless given.
    """

    def __init__(
        self,
        analysis: Analysis,
        machine: MachineSpec,
        element_bytes: int,
        elementwise: bool = False,
        longest: int = UNKNOWN,
        state_bytes: int | None = None,
        weights: WeightFormat | None = None,
        accumulator_bytes: int | None = None,
    ) -> None:
        self._elementwise = elementwise and machine.mac_array.elementwise is not None
        self.longest = longest
        self.analysis = analysis
        self.machine = machine
        self.element_bytes = element_bytes
        self.state_bytes = state_bytes or element_bytes
        self.weights = weights or WeightFormat(8 * element_bytes)
        self.accumulator_bytes = accumulator_bytes or element_bytes
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

    def by_products(self) -> CostModel:
        """The same where contractions are done as matrix products wherever that is quicker."""
        return CostModel(
            self.analysis, self.machine, self.element_bytes, False, self.longest, self.state_bytes,
            self.weights, self.accumulator_bytes,
        )  # fmt: skip

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
        if kind == "contraction":
            return not self._elementwise and self.machine.mac_array.takes(*self._multiplied(name))
        return kind == "projection"

    def _multiplied(self, name: str) -> tuple[int, int]:
        """Bits of the elements that the contraction *name* multiplies: of a weight, and of what it meets.

        Of two activations both have as many as the wider, to which the array widens the other.
        """
        references = self.analysis.operations[name].equation.references
        widest = 8 * max(self.width(each.tensor) for each in references if each.lag is not None)
        return (self.weights.bits if self.analysis.weights[name] else widest), widest

    def width(self, tensor: str) -> int:
        """Bytes of an element of an activation or a state."""
        return self.analysis.width(tensor, self.element_bytes, self.state_bytes)

    def rate(self, name: str) -> int:
        """MACs that a PE does in a cycle of the contraction *name*, with the elements that it then takes."""
        return self.once(("rate", name), lambda: self._rate(name))

    def _rate(self, name: str) -> int:
        bits, of_activation = self._multiplied(name)
        return self.machine.mac_array.rate(self._taken_bits(name) or bits, of_activation)

    def _taken_bits(self, name: str) -> int | None:
        """Bits that an element of the weights of *name* has where the array takes it: those stored, or more; or none.

        Those of a recurrence, which stay on chip as they are stored, have no more.
        """
        stored, activation = self._multiplied(name)
        wider = (each for each in BITS if each > stored) if name in self.analysis.batched else ()
        return next((each for each in (stored, *wider) if self.machine.mac_array.takes(each, activation)), None)

    def dequantised(self, name: str) -> WeightFormat | None:
        """How the weights of the projection *name* lie for the array, if it does not take them as they are stored."""
        taken = self._taken_bits(name)
        return None if taken is None or taken == self._multiplied(name)[0] else WeightFormat(taken)

    def untaken(self) -> dict[str, str]:
        """Projections whose weights the array takes in no way, and the type that they have."""
        projections = (name for name in self.analysis.operations if self.analysis.kind(name) == "projection")
        untaken = (name for name in projections if self._taken_bits(name) is None)
        return {name: "w{}a{}".format(*self._multiplied(name)) for name in untaken}

    def conversion_cost(self, weights: int) -> Cost:
        """Cost of dequantising so many *weights* on lanes: a multiplication each, by the scale."""
        return self._vector_cost([VectorPass("mul", weights, weights)])

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
        moved = sum(
            self.analysis.size(indices, parts) * self.width(tensor)
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
            return ceil_div(gemm.macs_in_words, array.macs_per_cycle)
        return self.once(("least cycles", gemm), lambda: least_cycles(array, gemm, "fill_drain" not in ideal))

    def least_batch_cycles(self, gemm: Gemm) -> float:
        """What the parts of *gemm* take together at least, however its batch is cut."""
        array, ideal = self.machine.mac_array, self.machine.ideal
        if "edges" in ideal or ("fill_drain" in ideal and array.folds == "serial"):
            return ceil_div(gemm.macs_in_words, array.macs_per_cycle)
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
            return Gemm(m=m * scale, n=n, k=k * shape.terms, batch=batch, rate=self.rate(name))
        return Gemm(m=m, n=n, k=k * shape.terms, batch=batch * scale, rate=self.rate(name))
