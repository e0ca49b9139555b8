"""What the operations of a layer cost on a machine: which units can do them, and for how many cycles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from hw.effects import freed_cost
from hw.mac_array import elementwise_cost, gemm_cost
from hw.machine import MachineSpec
from hw.requests import Cost, Gemm, VectorPass
from hw.simd import VectorUnitSpec, vector_cost
from hw.unit_names import MAC_ARRAY, SIMD, ComputeUnit
from sim.lowering.analysis import Analysis

Shared = TypeVar("Shared")


class CostModel:
    """Costs of a layer's operations on one machine, remembered, since candidate mappings share most of them.

    So is whatever else they share, see :meth:`once`; all of it lives as long as the choice.
    With *elementwise* PEs that can do elementwise work do contractions of activations that way, even where a matrix
    product would be quicker.
    """

    def __init__(self, analysis: Analysis, machine: MachineSpec, element_bytes: int, elementwise: bool = False) -> None:
        self._elementwise = elementwise and machine.mac_array.elementwise is not None
        self.analysis = analysis
        self.machine = machine
        self.element_bytes = element_bytes
        self._known: dict[tuple[str, str, int, int], Cost] = {}
        self._fused: dict[tuple[tuple[str, ...], str, int, int], Cost] = {}
        self._gemms: dict[tuple[str, int, int], Gemm] = {}
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
        passes = self.passes(name, scale, parts)
        if unit == SIMD:
            return self._vector_cost(passes)
        array, ideal = self.machine.mac_array, self.machine.ideal
        able = self.in_passes(name, array.elementwise)
        ways = [freed_cost(elementwise_cost(array, passes), ideal)] if able else []
        if self.in_products(name):
            ways.append(self.gemm_cost(self.gemm(name, scale, parts)))
        return min(ways, key=lambda cost: cost.cycles)

    def fused_cost(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        """Cost of several operations done in one request: vector passes follow each other without a gap."""
        key = tuple(names), unit, scale, groups
        if key not in self._fused:
            self._fused[key] = self._fused_cost(names, unit, scale, groups)
        return self._fused[key]

    def _fused_cost(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        if len(names) == 1 or unit == MAC_ARRAY:
            total = self.cost(names[0], unit, scale, groups)
            for name in names[1:]:
                total = total + self.cost(name, unit, scale, groups)
            return total
        passes: list[VectorPass] = []
        for name in names:
            passes += self.passes(name, scale, groups if self.analysis.grouped(name) else 1)
        return self._vector_cost(passes)

    def _vector_cost(self, passes: list[VectorPass]) -> Cost:
        simd = self.machine.simd
        return freed_cost(vector_cost(simd, simd.lanes, passes), self.machine.ideal)

    def gemm_cost(self, gemm: Gemm) -> Cost:
        """Cost of a GEMM on this machine's array."""
        return freed_cost(gemm_cost(self.machine.mac_array, gemm), self.machine.ideal)

    def passes(self, name: str, scale: int, parts: int) -> list[VectorPass]:
        """Vector passes of one part of *name*."""
        return self.analysis.passes(name, scale, parts)

    def gemm(self, name: str, scale: int, parts: int) -> Gemm:
        """One part of the contraction *name*; of the two orientations the cheaper one.

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
        options = [
            Gemm(m=m, n=n, k=k * shape.terms, batch=batch * scale),
            Gemm(m=n, n=m, k=k * shape.terms, batch=batch * scale),
        ]
        return min(options, key=lambda gemm: self.gemm_cost(gemm).cycles)
