"""How a layer is laid onto a machine: what runs step by step, which unit does what, and what that costs.

Operations of a recurrence run step by step. So do their neighbours where that keeps a tensor from having to be
buffered for a whole tile of tokens, provided that a step still has enough elements to fill the vector pipeline.
Everything else is batched over the tile's tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import TypeVar, cast

from hw.effects import freed_cost
from hw.mac_array import elementwise_cost, gemm_cost
from hw.machine import MachineSpec
from hw.requests import Cost, Gemm, VectorPass
from hw.simd import vector_cost
from sim.analysis import Analysis
from sim.program import UnitName
from workloads.workload import Placement

WORTH_MOVING = 0.99
Shared = TypeVar("Shared")


@dataclass(frozen=True)
class Mapping:
    """One way to lay a layer onto a machine.

    A tile is ``token_tile`` timesteps of ``batch`` sequences. The layer's parallel index is cut into ``blocks`` of
    ``lanes``. ``stepped`` operations run timestep by timestep; ``placement`` gives each operation its unit.
    Weights come in tiles of at most ``weight_slot_bytes``. With ``spill`` the state is in DRAM and on chip only for the
    blocks at work.
    """

    token_tile: int
    batch: int
    blocks: int
    lanes: int
    stepped: frozenset[str]
    placement: Map[str, UnitName]
    weight_slot_bytes: int
    spill: bool = False

    @property
    def groups(self) -> int:
        """Parts into which the parallel index is cut."""
        return self.blocks * self.lanes


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

    def units(self, name: str) -> tuple[UnitName, ...]:
        """The units that can do *name*, the specialised one first."""
        kind = self.analysis.kind(name)
        if kind == "projection":
            return ("mac_array",)
        if kind == "contraction":
            return ("mac_array", "simd")
        return ("simd", "mac_array") if self.machine.mac_array.elementwise else ("simd",)

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
        if unit == "simd":
            return self._vector_cost(passes)
        array, ideal = self.machine.mac_array, self.machine.ideal
        ways = [] if array.elementwise is None else [freed_cost(elementwise_cost(array, passes), ideal)]
        kind = self.analysis.kind(name)
        if kind == "projection" or (kind == "contraction" and not self._elementwise):
            ways.append(self.gemm_cost(self.gemm(name, scale, parts)))
        return min(ways, key=lambda cost: cost.cycles)

    def fused_cost(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        """Cost of several operations done in one request: vector passes follow each other without a gap."""
        key = tuple(names), unit, scale, groups
        if key not in self._fused:
            self._fused[key] = self._fused_cost(names, unit, scale, groups)
        return self._fused[key]

    def _fused_cost(self, names: list[str], unit: str, scale: int, groups: int) -> Cost:
        if len(names) == 1 or unit == "mac_array":
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


def stepped_operations(analysis: Analysis, groups: int, least_elements: int) -> frozenset[str]:
    """The operations that run timestep by timestep when the layer is cut into *groups*.

    From the recurrences outwards: an operation joins if all its readers are stepped (it then feeds them without a
    buffer of a tile) or if it reads a stepped result, unless it is a projection, needs something of all groups, or
    handles fewer than *least_elements* of a sequence in a step.
    """
    stepped = set(analysis.recurrent)
    if not stepped:
        return frozenset()

    def may_join(name: str) -> bool:
        if analysis.kind(name) == "projection" or not (analysis.grouped(name) or analysis.group_index is None):
            return False
        tensors = [r for r in analysis.operations[name].equation.references if r.lag is not None]
        elements = max([analysis.size(r.indices, groups) for r in tensors], default=0)
        return elements >= least_elements

    def waits_for_all_groups(name: str) -> bool:
        before = analysis.ancestors[name]
        return any(a not in stepped and analysis.ancestors[a] & stepped for a in before)

    def wanted(name: str) -> bool:
        readers = analysis.readers[analysis.operations[name].tensor]
        feeds = bool(readers) and all(reader in stepped for reader, _ in readers)
        return feeds or not stepped.isdisjoint(analysis.sources[name])

    grown = True
    while grown:
        grown = False
        for name in analysis.operations:
            if name not in stepped and wanted(name) and may_join(name) and not waits_for_all_groups(name):
                stepped.add(name)
                grown = True
    return frozenset(stepped)


def choose_placement(
    costs: CostModel, stepped: frozenset[str], shape: tuple[int, int, int], wish: Placement, place: Map[str, UnitName]
) -> dict[str, UnitName]:
    """A unit for every operation; *shape* is (tokens of a tile, batch, groups).

    ``mac_array`` or ``simd`` put everything there that the unit can do. ``auto`` starts from the unit that is
    quickest for each operation and moves single operations as long as that lowers the load of the busier unit by a
    percent: every operation that changes sides adds hops between the units.
    """
    tokens, batch, groups = shape

    def load(name: str, unit: UnitName) -> int:
        repeats = groups if costs.analysis.grouped(name) else 1
        if name in stepped:
            return costs.cost(name, unit, batch, groups).cycles * repeats * tokens
        return costs.cost(name, unit, tokens * batch, 1).cycles

    options = {name: (place[name],) if name in place else costs.units(name) for name in costs.analysis.operations}
    if wish != "auto":
        return {name: wish if wish in units else units[0] for name, units in options.items()}
    loads = {name: {unit: load(name, unit) for unit in units} for name, units in options.items()}
    chosen: dict[str, UnitName] = {name: min(units, key=lambda u: loads[name][u]) for name, units in options.items()}
    totals: dict[UnitName, int] = {"mac_array": 0, "simd": 0}
    for name, unit in chosen.items():
        totals[unit] += loads[name][unit]
    while True:
        best: tuple[int, int, str, UnitName] | None = None
        for name, units in options.items():
            here = chosen[name]
            for there in units:
                if there == here:
                    continue
                after = {**totals, here: totals[here] - loads[name][here]}
                after[there] += loads[name][there]
                move = (max(after.values()), sum(after.values()), name, there)
                if move[0] < WORTH_MOVING * max(totals.values()) and (best is None or move < best):
                    best = move
        if best is None:
            return chosen
        _, _, name, there = best
        totals[chosen[name]] -= loads[name][chosen[name]]
        totals[there] += loads[name][there]
        chosen[name] = there
