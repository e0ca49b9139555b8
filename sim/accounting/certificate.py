"""A lower bound over every mapping that can be expressed: how far any run of a stack of layers can be from the best.

For each tile and each cut of the layer, whatever the placement, the order, the buffers and the slots of weights:

- *compute*: MAC array and SIMD unit work side by side at best, so the time is at least what the busier one has when
  operations are dealt out between them: each to one, or in fractions where there are too many ways. Projections cost
  what no way to cut the weights of a tile of tokens can better (``least_cycles`` of hw/gemm.py), edges included.
  Stepped operations cost what a request of each part costs. Other work is taken at a unit's full rate, but matrix
  products of activations on the array with their edges. Where elementwise work on the array passes its edges, the same
  is dealt out twice more, with what operands, or results, take there that pass in whatever company; and once more with
  what the SRAM takes to give and take them.
- *SRAM*: what has to be read and written in whatever company, of all but projections, at all that its banks give.
- *DRAM*: weights come once a tile, or once a layer if all of a layer fit the SRAM; inputs, outputs, other parameters
  and the state come and go once. The bus is taken at its peak between refreshes.
- A tile is no longer than what leaves room for an operand that a projection needs whole.

The time is at least the largest of the three, for the best of all tiles and cuts; at least the recurrence bound with
the quickest unit for each operation; and where a layer is one timestep, at least its projections, which are all on the
array, and what cannot overlap with any of them, one after the other. To deal out fractions is a linear program with one
constraint, whose dual has its optimum at one of the ratios of the operations' costs.

The bound is one of the workload's formulation and of its chunk, or of all chunks where the best is wished for. Wishes
of the workload (``mapping:``) do not raise it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import product
from math import inf
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw.integers import ceil_div
from hw.mac_array import elementwise_cost
from hw.requests import VectorPass
from hw.simd import vector_cost
from hw.unit_names import MAC_ARRAY, SIMD, ComputeUnit
from sim.accounting.bounds import least_recurrence_cycles_per_step
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from sim.lowering.forced import Forced, Tensors
from sim.lowering.placement import all_stepped_operations
from sim.lowering.section import cost_model
from workloads.workload import Stack

SpentOn = Literal["compute", "SRAM", "DRAM", "recurrence", "chain"]
LONGEST_TILE = 2048  # timesteps; a longer one is taken to have no edges
MOST_PLACED = 4  # operations that are placed in every way before the others are dealt out
MOST_WAYS = 2000  # to deal out operations; where there are more, fractions are dealt out


class Certificate(NamedTuple):
    """``cycles`` that a stack takes at least, whatever its mapping, and what they are spent on."""

    cycles: int
    spent_on: SpentOn


def certificate_of(stack: Stack, costs: CostModel) -> Certificate:
    """What *stack* takes at least, whatever its mapping, and whatever its chunk if the best was to be found."""
    if stack.chunkings:
        stacks = [replace(stack, graph=graph, chunkings=()) for graph in stack.chunkings]
        return min(certificate_of(each, cost_model(each, costs.machine)) for each in stacks)
    if stack.wishes.contractions != "quicker":  # that is a wish about the mapping too
        width, longest = costs.element_bytes, costs.longest
        costs = CostModel(costs.analysis, costs.machine, width, longest=longest, state_bytes=costs.state_bytes)
    bounds = _Bounds(stack, costs)
    known: list[tuple[float, SpentOn]] = bounds.side_by_side()
    known.append((bounds.sram(), "SRAM"))
    known.append((float(least_recurrence_cycles_per_step(costs) * stack.steps), "recurrence"))
    if stack.steps == 1:
        known.append((bounds.chain(), "chain"))
    cycles, spent_on = max(known, key=lambda each: each[0])
    return Certificate(int(cycles * stack.layers), spent_on)  # rounded down: these are sums of fractions


class _Tile(NamedTuple):
    """What a layer takes with tiles of one length, whatever its cut: the array for projections, and the DRAM's bus."""

    projections: float
    dram: float


class _Loads(NamedTuple):
    """Cycles of a layer: what only the array can do, what only the lanes can, and (array, lanes) of what both can."""

    array: float
    lanes: float
    either: tuple[tuple[float, float], ...]


_Elementwise = Callable[[str, int, bool, frozenset[str]], float]
"""(operation, parts, whether it is stepped, what the lanes do) -> cycles of the array, if it is elementwise work."""
_Placed = dict[str, ComputeUnit]
"""The units of some operations."""


class _Bounds:
    """Bounds of one layer of a stack."""

    def __init__(self, stack: Stack, costs: CostModel) -> None:
        self._stack, self._costs, self._machine = stack, costs, costs.machine
        self._analysis: Analysis = costs.analysis
        self._batch = stack.spec.batch
        kinds = {name: self._analysis.kind(name) for name in self._analysis.operations}
        self._projections = [name for name in kinds if kinds[name] == "projection"]
        self._batched = [name for name in self._projections if name not in self._analysis.recurrent]
        self._stepped_by_groups: dict[int, set[frozenset[str]]] = {}
        self._gemms = {name: costs.gemm(name, 1, 1) for name in self._batched}
        self._known: dict[tuple[object, ...], float] = {}
        self._ways: dict[tuple[tuple[float, float], ...], NDArray[np.float64] | None] = {}

    def side_by_side(self) -> list[tuple[float, SpentOn]]:
        """The compute units and DRAM, for the best of all tiles and cuts."""
        tiles, best = list(self._best_tiles()), (inf, inf)
        for placed in self._placements():
            for groups, blocks in self._cuts():
                for stepped in self._stepped(groups):
                    parts = {name: groups if name in stepped else blocks for name in self._analysis.operations}
                    best = self._quicker(
                        best, tiles, (self._loads(stepped, parts, each, placed) for each in self._kinds)
                    )
        compute, dram = best
        return [(compute, "compute"), (dram, "DRAM")]

    def _quicker(
        self, best: tuple[float, float], tiles: Sequence[_Tile], views: Iterable[_Loads]
    ) -> tuple[float, float]:
        """(compute, DRAM) of the best of *tiles*, as long as the longest of *views*, if that betters the *best*."""
        compute = [0.0] * len(tiles)
        for loads in views:
            if loads.either not in self._ways:
                self._ways[loads.either] = _ways(loads.either)
            ways = self._ways[loads.either]
            compute = [
                max(before, _dealt(loads, ways, tile.projections)) for before, tile in zip(compute, tiles, strict=True)
            ]
            least = min(zip(compute, (tile.dram for tile in tiles), strict=True), key=max)
            if max(least) >= max(best):
                return best
        return least

    def _placements(self) -> Iterator[_Placed]:
        """Every way to place the operations that hand on most to each other, where that has a price on the array."""
        names = self._handing_on if self._machine.mac_array.elementwise is not None else []
        for on_lanes in product((False, True), repeat=len(names)):
            yield {name: SIMD if lanes else MAC_ARRAY for name, lanes in zip(names, on_lanes, strict=True)}

    @property
    def _handing_on(self) -> list[str]:
        """Operations that either unit can do and that read or write the largest tensors."""
        analysis, graph = self._analysis, self._analysis.graph
        largest: dict[str, int] = {}
        for name in analysis.operations:
            if name not in self._batched and len(self._costs.units(name)) == 2:
                tensors = [analysis.operations[name].equation.tensor, *(t for t, _ in analysis.operands_of([name]))]
                largest[name] = max(map(graph.elements, tensors))
        most = max(largest.values(), default=0)
        return [name for name, size in largest.items() if 2 * size >= most][:MOST_PLACED]

    def sram(self) -> float:
        """What operations that share requests cannot hand on, at all that the SRAM gives."""
        names = [name for name in self._analysis.operations if name not in self._batched]
        forced = self._costs.forced(names)
        return sum(self._costs.sram_cycles(name, 1, forced) for name in names) * self._stack.steps * self._batch

    def chain(self) -> float:
        """Projections, and what none of them can overlap with, of a layer that is one timestep."""
        analysis, costs = self._analysis, self._costs
        free = "dependencies" in self._machine.ideal  # then nothing waits for a projection, nor it for anything
        others = [] if free else [name for name in analysis.operations if name not in self._projections]
        path: dict[str, float] = {}
        for name in filter(self._is_alone, others):
            before = [cycles for source, cycles in path.items() if source in analysis.ancestors[name]]
            cycles = min(
                self._lanes(name, 1, False) if unit == SIMD else self._array(name, 1, False, self._on_pes)
                for unit in costs.units(name)
            )
            path[name] = cycles + max(before, default=0)
        return sum(self._product(name, self._batch) for name in self._batched) + max(path.values(), default=0)

    def _is_alone(self, name: str) -> bool:
        """Whether every projection comes before or after it, and it is done as a whole."""
        ancestors = self._analysis.ancestors
        return not self._analysis.grouped(name) and all(
            each in ancestors[name] or name in ancestors[each] for each in self._batched
        )

    def _best_tiles(self) -> Iterator[_Tile]:
        """What no other length of tiles betters in both, of all that the SRAM has room for."""
        steps, longest = self._stack.steps, self._longest_tile()
        found = [self._tile(length) for length in range(1, min(longest, LONGEST_TILE) + 1)]
        if longest > LONGEST_TILE:
            found.append(_Tile(self._at_full_rate(), self._dram(ceil_div(steps, longest))))
        least = float("inf")
        for tile in sorted(found):
            if tile.dram < least:
                least = tile.dram
                yield tile

    def _tile(self, length: int) -> _Tile:
        whole, rest = divmod(self._stack.steps, length)
        sizes = [(whole, length), *([(1, rest)] if rest else [])]
        cycles = sum(count * self._product(name, size * self._batch) for count, size in sizes for name in self._batched)
        return _Tile(cycles, self._dram(whole + bool(rest)))

    def _product(self, name: str, rows: int) -> float:
        """Cycles of the projection *name* for so many timesteps of a sequence at once, however its weights are cut."""
        gemm = self._gemms[name]
        return self._costs.least_gemm_cycles(gemm._replace(m=gemm.m * rows))

    def _at_full_rate(self) -> float:
        macs = sum(gemm.macs for gemm in self._gemms.values())
        return macs * self._stack.steps * self._batch / self._machine.mac_array.macs_per_cycle

    def _longest_tile(self) -> int:
        """Timesteps for which the SRAM could hold the largest operand that a projection needs whole."""
        analysis, index = self._analysis, self._analysis.group_index
        sizes = [
            analysis.graph.elements(reference.tensor)
            for name in self._batched
            for reference in analysis.operations[name].equation.references
            if reference.lag is not None and index not in analysis.graph.indices[reference.tensor]
        ]
        width = min(self._stack.element_bytes, self._stack.state_bytes)
        size_bytes = max(sizes, default=1) * self._batch * width
        return max(1, min(self._stack.steps, self._machine.sram.capacity // size_bytes))

    def _dram(self, tiles: int) -> float:
        """Cycles in which what a layer moves can cross the bus, with so many *tiles*."""
        stack, graph, width = self._stack, self._analysis.graph, self._stack.element_bytes
        weights = width * self._elements(self._batched)
        others = width * self._elements([name for name in self._analysis.operations if name not in self._batched])
        handed = width * (graph.elements(graph.input_tensor) + graph.elements(graph.output_tensor)) * self._batch
        state = stack.carried_bytes * self._batch * (2 if stack.resumes else 1)
        times = tiles if weights > self._machine.sram.capacity else 1
        return self._bus_cycles(weights * times + others + handed * stack.steps + state)

    def _elements(self, names: Sequence[str]) -> int:
        """Of the parameters that *names* read."""
        return sum(
            self._analysis.graph.elements(tensor)
            for tensor in dict.fromkeys(tensor for name in names for tensor in self._analysis.weights[name])
        )

    def _bus_cycles(self, size_bytes: int) -> float:
        """Cycles of so many bytes a layer, with its share of the refreshes, of which there is none at the beginning."""
        machine, layers = self._machine, self._stack.layers
        cycles = machine.dram_cycles(size_bytes * layers)
        if machine.dram.refreshed and "dram_refresh" not in machine.ideal and cycles:
            timing = machine.dram.grade
            slower = timing.refi / (timing.refi - timing.refresh_window)
            window = timing.refresh_window * timing.tck_fs * machine.clock / 1e15
            cycles = max(cycles, slower * (cycles - window))
        return cycles / layers

    def _cuts(self) -> Iterator[tuple[int, int]]:
        """(groups, blocks) of every cut into blocks of lanes."""
        index = self._analysis.group_index
        size = self._analysis.graph.sizes[index] if index else 1
        divisors = [number for number in range(1, size + 1) if size % number == 0]
        return ((groups, blocks) for groups in divisors for blocks in divisors if groups % blocks == 0)

    @cached_property
    def _kinds(self) -> list[_Elementwise]:
        """What elementwise work on the array may wait for: PEs, the array's edges and the SRAM, where that may be."""
        array, ideal = self._machine.mac_array, self._machine.ideal
        kinds: list[_Elementwise] = [self._on_pes]
        if array.elementwise_by_edges and "edges" not in ideal:
            kinds += [self._operands, self._results]
        if array.elementwise is not None and "bank_conflicts" not in ideal:
            kinds.append(self._by_sram)
        return kinds

    def _stepped(self, groups: int) -> set[frozenset[str]]:
        if groups not in self._stepped_by_groups:
            self._stepped_by_groups[groups] = all_stepped_operations(self._analysis, groups)
        return self._stepped_by_groups[groups]

    def _loads(self, stepped: frozenset[str], parts: Mapping[str, int], kind: _Elementwise, placed: _Placed) -> _Loads:
        """Work of one *kind*; in parts, if an operation is cut at all."""
        on_lanes = frozenset(name for name, unit in placed.items() if unit == SIMD)
        array = lanes = 0.0
        either: list[tuple[float, float]] = []
        for name in self._analysis.operations:
            if name in self._batched:
                continue
            cut = parts[name] if self._analysis.grouped(name) else 1
            units = (placed[name],) if name in placed else self._costs.units(name)
            cycles = {unit: self._cycles(name, unit, cut, name in stepped, kind, on_lanes) for unit in units}
            if len(cycles) == 2:
                either.append((cycles[MAC_ARRAY], cycles[SIMD]))
            array += 0 if len(cycles) == 2 else cycles.get(MAC_ARRAY, 0)
            lanes += 0 if len(cycles) == 2 else cycles.get(SIMD, 0)
        return _Loads(array, lanes, tuple(either))

    def _cycles(
        self, name: str, unit: ComputeUnit, parts: int, stepped: bool, kind: _Elementwise, on_lanes: frozenset[str]
    ) -> float:
        """Cycles of one unit for all of an operation."""
        key = name, unit, parts, stepped, kind, on_lanes
        if key not in self._known:
            if unit == SIMD:
                self._known[key] = self._lanes(name, parts, stepped)
            else:
                self._known[key] = self._array(name, parts, stepped, kind, on_lanes)
        return self._known[key]

    def _lanes(self, name: str, parts: int, stepped: bool) -> float:
        """Cycles of the lanes for all of an operation."""
        if stepped and "edges" not in self._machine.ideal:  # what requests share is not rounded up for each then
            return self._costs.cost(name, SIMD, self._batch, parts).cycles * parts * self._stack.steps
        simd = self._machine.simd
        return vector_cost(simd, simd.lanes, self._passes(name)).useful_cycles

    def _array(
        self, name: str, parts: int, stepped: bool, kind: _Elementwise, on_lanes: frozenset[str] = frozenset()
    ) -> float:
        """Cycles of the array for all of an operation, as a product or as elementwise work of a *kind*."""
        ways: list[float] = []
        if self._costs.in_passes(name, self._machine.mac_array.elementwise):
            ways.append(kind(name, parts, stepped, on_lanes))
        if self._costs.in_products(name):
            steps = self._stack.steps
            scale, repeats = (self._batch, steps) if stepped else (self._batch * steps, 1)
            ways.append(self._costs.least_batch_cycles(self._costs.gemm(name, scale, parts)) * parts * repeats)
        return min(ways)

    def _on_pes(self, name: str, parts: int, stepped: bool, on_lanes: frozenset[str]) -> float:
        """Cycles of PEs that do an operation elementwise."""
        if stepped:
            return self._costs.pe_cost(name, self._batch, parts).cycles * parts * self._stack.steps
        return elementwise_cost(self._machine.mac_array, self._passes(name)).useful_cycles

    def _operands(self, name: str, parts: int, stepped: bool, on_lanes: frozenset[str]) -> float:
        """Cycles in which an operation's operands pass the edges that nothing on the array can hand on to it."""
        return (
            self._passing(self._elementwise(on_lanes).operands(name), parts)
            / self._machine.mac_array.elementwise_rates[0]
        )

    def _results(self, name: str, parts: int, stepped: bool, on_lanes: frozenset[str]) -> float:
        """Cycles in which an operation's result passes the edge, if something else than the array has to have it."""
        return (
            self._passing(self._elementwise(on_lanes).results(name), parts)
            / self._machine.mac_array.elementwise_rates[1]
        )

    def _passing(self, tensors: Tensors, parts: int) -> int:
        """Elements of *tensors* in all timesteps of all sequences."""
        each = sum(self._analysis.size(indices, parts) for _, indices in tensors)
        return each * parts * self._stack.steps * self._batch

    def _elementwise(self, on_lanes: frozenset[str]) -> Forced:
        """What has to pass the edges if all that PEs can do elementwise is on them, but what is *on_lanes*."""
        array = self._machine.mac_array.elementwise
        names = [name for name in self._analysis.operations if self._costs.in_passes(name, array)]
        return self._together("elementwise", names, on_lanes)

    def _together(self, what: str, names: Sequence[str], on_lanes: frozenset[str]) -> Forced:
        key = "forced together", what, on_lanes
        return self._costs.once(key, lambda: self._costs.forced(name for name in names if name not in on_lanes))

    def _by_sram(self, name: str, parts: int, stepped: bool, on_lanes: frozenset[str]) -> float:
        """Cycles in which the SRAM gives and takes what nothing on the array can hand on."""
        return (
            self._costs.sram_cycles(name, parts, self._on_the_array(on_lanes)) * parts * self._stack.steps * self._batch
        )

    def _on_the_array(self, on_lanes: frozenset[str]) -> Forced:
        """What the array cannot keep to itself if all that it can do is on it, but what is *on_lanes*."""
        names = [name for name in self._analysis.operations if MAC_ARRAY in self._costs.units(name)]
        return self._together("on the array", names, on_lanes)

    def _passes(self, name: str) -> list[VectorPass]:
        """All of an operation's work, for which a unit's useful cycles are those at its full rate."""
        return self._costs.passes(name, self._stack.steps * self._batch, 1)


def _dealt(loads: _Loads, ways: NDArray[np.float64] | None, projections: float) -> float:
    """The least time in which both units have done their *loads*, in one of the *ways*, *projections* on the array."""
    array, lanes = loads.array + projections, loads.lanes
    if ways is not None:
        return float(np.maximum(array + ways[0], lanes + ways[1]).min())
    ratios = (on_lanes / (on_array + on_lanes) for on_array, on_lanes in loads.either if on_array + on_lanes)
    return max(
        weight * array
        + (1 - weight) * lanes
        + sum(min(weight * on_array, (1 - weight) * on_lanes) for on_array, on_lanes in loads.either)
        for weight in {0.0, 1.0, *ratios}
    )


def _ways(either: tuple[tuple[float, float], ...]) -> NDArray[np.float64] | None:
    """(array, lanes) of every way to deal out operations that no other betters in both, [2, n]; None if too many."""
    ways = np.zeros((2, 1))
    for on_array, on_lanes in either:
        ways = np.hstack([ways + np.array([[on_array], [0.0]]), ways + np.array([[0.0], [on_lanes]])])
        ways = ways[:, np.lexsort((ways[1], ways[0]))]
        before = np.minimum.accumulate(ways[1])
        ways = ways[:, np.concatenate([[True], before[1:] < before[:-1]])]
        if ways.shape[1] > MOST_WAYS:
            return None
    return ways
