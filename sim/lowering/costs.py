"""What the operations of a layer cost on a machine: which units can do them, and for how many cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import ceil
from typing import TypeVar, cast

from hw.effects import freed_cost
from hw.mac_array import at_the_edges
from hw.machine import MachineSpec
from hw.requests import Cost, Gemm, VectorPass
from hw.unit_names import ComputeUnit
from sim.lowering.analysis import Analysis
from sim.lowering.array_costs import ArrayCosts
from sim.lowering.array_types import ArrayTypes
from sim.lowering.forced import Forced
from workloads.precision import WeightFormat

Shared = TypeVar("Shared")
UNKNOWN = 2**40  # timesteps


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
        self._elementwise = elementwise
        self.longest = longest
        self.analysis = analysis
        self.machine = machine
        self.compute = machine.compute
        self.arrays = {name: ArrayCosts(array, machine.ideal) for name, array in machine.arrays.items()}
        self.element_bytes = element_bytes
        self.state_bytes = state_bytes or element_bytes
        self.weights = weights or WeightFormat(8 * element_bytes)
        self.accumulator_bytes = accumulator_bytes or element_bytes
        self.types = ArrayTypes(analysis, machine.arrays, element_bytes, self.state_bytes, self.weights)
        self._known: dict[tuple[str, str, int, int], Cost] = {}
        self._busy: dict[tuple[str, str, int, int], float] = {}
        self._fused: dict[tuple[tuple[str, ...], str, int, int], Cost] = {}
        self._gemms: dict[tuple[str, str, int, int], Gemm] = {}
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
        able = [unit for unit in self.compute if self.in_products(name, unit) or self.in_passes(name, unit)]
        arrays_first = self.analysis.kind(name) != "vector"
        return tuple(sorted(able, key=lambda unit: (unit in self.arrays) != arrays_first))

    def alike(self, unit: str) -> tuple[ComputeUnit, ...]:
        """The units that differ from *unit* in nothing but their name, it among them, in the order of the machine."""
        return self.once(("alike", unit), lambda: self.machine.alike(unit))

    def sharing(self, projection: str, array: str) -> tuple[ComputeUnit, ...]:
        """The arrays that can share *projection* with *array*, it among them: those that are equal.

        Weights that have to be dequantised are not shared: what dequantises them is one stream.
        """
        return self.alike(array) if self.types.dequantised(projection, array) is None else (array,)

    @property
    def equal_arrays(self) -> bool:
        """Whether there are arrays that could share projections."""
        return any(len(self.alike(unit)) > 1 for unit in self.arrays)

    def in_products(self, name: str, unit: str) -> bool:
        """Whether *unit* may do *name* as a matrix product."""
        kind = self.analysis.kind(name)
        if unit not in self.arrays or kind == "vector" or not self.types.takes(name, unit):
            return False
        return kind == "projection" or not (self._elementwise and self.arrays[unit].spec.elementwise is not None)

    def in_passes(self, name: str, unit: str) -> bool:
        """Whether *unit* can do *name* elementwise, which may take no operation at all; projections are not done so."""
        able = unit not in self.arrays or self.arrays[unit].spec.elementwise is not None
        return able and self.analysis.kind(name) != "projection" and not self.missing(name, unit)

    def missing(self, name: str, unit: str) -> tuple[str, ...]:
        """The functions that it takes to do *name* elementwise and for which *unit* has no figure."""
        return self.once(("missing", name, unit), lambda: self.compute[unit].cannot(self.analysis.passes(name, 1)))

    def width(self, tensor: str) -> int:
        """Bytes of an element of an activation or a state."""
        return self.analysis.width(tensor, self.element_bytes, self.state_bytes)

    @property
    def converter(self) -> ComputeUnit:
        """The unit that dequantises weights: the first that multiplies and is no array, if there is one."""
        passes = [VectorPass("mul", 1, 1)]
        able = [unit for unit, spec in self.compute.items() if not spec.cannot(passes)]
        return min(able, key=lambda unit: unit in self.arrays, default="")

    def conversion_cost(self, weights: int) -> Cost:
        """Cost of dequantising so many *weights*: a multiplication each, by the scale."""
        passes = [VectorPass("mul", weights, weights)]
        return freed_cost(self.compute[self.converter].passes_cost(passes), self.machine.ideal)

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
        if unit not in self.arrays:
            return freed_cost(self.compute[unit].passes_cost(self.passes(name, scale, parts)), self.machine.ideal)
        return self._on_an_array(name, unit, scale, parts)[0]

    def _on_an_array(self, name: str, unit: str, scale: int, parts: int) -> tuple[Cost, bool]:
        """Cost of one part of *name* in a request of its own, and whether it is elementwise work or a product."""
        ways: list[tuple[Cost, bool]] = []
        if self.in_passes(name, unit):
            cost = self.pe_cost(name, unit, scale, parts)
            ways.append((self._at_the_edges((name,), unit, scale, parts, cost), True))
        if self.in_products(name, unit):
            ways.append((self.arrays[unit].cost(self.gemm(name, unit, scale, parts)), False))
        return min(ways, key=lambda way: way[0].cycles)

    def is_product(self, name: str, unit: str, scale: int, parts: int) -> bool:
        """Whether *unit* does one of so many *parts* of *name* as a matrix product in a fused request."""
        return unit in self.arrays and not self._on_an_array(name, unit, scale, parts)[1]

    def busy_cycles(self, name: str, unit: str, scale: int, groups: int) -> float:
        """Cycles of *unit* for one part of *name* if only what has to go to memory does, at all that the SRAM gives."""
        parts = groups if self.analysis.grouped(name) else 1
        key = name, unit, scale, parts
        if key not in self._busy:
            self._busy[key] = self._busy_cycles(name, unit, scale, parts)
        return self._busy[key]

    def _busy_cycles(self, name: str, unit: str, scale: int, parts: int) -> float:
        cost = self.cost(name, unit, scale, parts).cycles
        if unit in self.arrays and not self._on_an_array(name, unit, scale, parts)[1]:
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

    def pe_cost(self, name: str, unit: str, scale: int, parts: int) -> Cost:
        """Cost of one part of *name* on PEs that do it elementwise, whatever passes the array's edges meanwhile."""
        return freed_cost(self.compute[unit].passes_cost(self.passes(name, scale, parts)), self.machine.ideal)

    def _at_the_edges(self, names: Sequence[str], unit: str, scale: int, parts: int, cost: Cost) -> Cost:
        """*cost* of *names*, elementwise in one request, or as long as what they read and write takes at the edges."""
        array, size = self.arrays[unit].spec, self.analysis.size
        if not array.elementwise_by_edges or "edges" in self.machine.ideal:
            return cost
        weights = dict.fromkeys(weight for name in names for weight in self.analysis.parameters_of(name))
        operands = sum(size(indices, parts) for _, indices in self.analysis.operands_of(names)) * scale
        operands += sum(self.analysis.whole_size(indices, parts) for _, indices in weights)
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
        if unit in self.arrays:
            return self._fused_on_an_array(names, unit, scale, groups)
        passes = [self.passes(name, scale, groups if self.analysis.grouped(name) else 1) for name in names]
        return freed_cost(self.compute[unit].fused_cost(passes), self.machine.ideal)

    def _fused_on_an_array(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        """One after the other, each as it is quicker by itself; elementwise ones read and write their operands once."""
        parts = groups if self.analysis.grouped(names[0]) else 1  # fused operations are alike in that
        total, elementwise, of_it = Cost(0), Cost(0), list[str]()
        for name in names:
            cost, by_passes = self._on_an_array(name, unit, scale, parts)
            if by_passes:
                cost = self.pe_cost(name, unit, scale, parts)
                elementwise = elementwise + cost
                of_it.append(name)
            total = total + cost
        waits = self._at_the_edges(of_it, unit, scale, parts, elementwise).cycles - elementwise.cycles
        return replace(total, cycles=total.cycles + waits)

    def passes(self, name: str, scale: int, parts: int) -> list[VectorPass]:
        """Vector passes of one part of *name*."""
        return self.analysis.passes(name, scale, parts)

    def gemm(self, name: str, array: str, scale: int, parts: int) -> Gemm:
        """One part of the contraction *name* on *array*.

        A projection has the scale as rows, and only a share of them where tokens choose among its weights; a
        contraction of activations is repeated for each timestep and sequence.
        """
        key = name, array, scale, parts
        if key not in self._gemms:
            self._gemms[key] = self._gemm(name, array, scale, parts)
        return self._gemms[key]

    def _gemm(self, name: str, array: str, scale: int, parts: int) -> Gemm:
        whole = self.whole_gemm(name, array, parts)
        if self.analysis.kind(name) == "projection":
            return whole._replace(m=ceil(whole.m * scale * self.analysis.share(name)))
        return whole._replace(batch=whole.batch * scale)

    def whole_gemm(self, name: str, array: str, parts: int) -> Gemm:
        """One part of the contraction *name* on *array* for a timestep of a sequence, as if it chose all weights."""
        shape, size = self.analysis.shapes[name], self.analysis.whole_size
        assert shape is not None
        batch, m, n, k = (size(part, parts) for part in (shape.batch, shape.m, shape.n, shape.k))
        return Gemm(m=m, n=n, k=k * shape.terms, batch=batch, rate=self.types.rate(name, array))
