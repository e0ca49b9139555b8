"""A lower bound over every mapping that can be expressed: how far any run of a stack of layers can be from the best.

For each tile and each cut of the layer, whatever the placement, the order, the buffers and the slots of weights:

- *compute*: units work side by side at best, so the time is at least what the busiest has when operations are dealt
  out between them (dealing.py), in whichever view of what they take on an array (least_loads.py), beside the
  projections (least_tiles.py). What passes to and from an array hangs on who does the operations that hand on most,
  such as the update of a state and what reads it: these are first placed in every way.
- *DRAM*: what a layer moves (least_tiles.py), where tokens choose experts with tiles of every length.
- *SRAM*: what has to be read and written in whatever company, of all but projections, at all that its banks give.

The time is at least the largest of the three, for the best of all tiles and cuts; at least the recurrence bound with
the quickest unit for each operation; and where a layer is one timestep, at least its projections, on arrays, and
what cannot overlap with any of them, one after the other.

Where a layer has parts, the bound is the sum of theirs: nothing of one overlaps with the next.

The bound is one of the workload's formulation and of its chunk, or of all chunks where the best is wished for. Wishes
of the workload (``mapping:``) do not raise it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import inf, prod
from typing import Literal, NamedTuple

from hw.machine import MachineSpec
from sim.accounting.bounds import least_recurrence_cycles_per_step
from sim.accounting.dealing import Loads, Ways, Weights, dealt, ways_of
from sim.accounting.least_loads import LeastLoads, Placed
from sim.accounting.least_tiles import LeastTiles, Tile
from sim.accounting.unit_classes import Classes
from sim.lowering.costs import CostModel
from sim.lowering.placement import all_stepped_operations
from sim.lowering.section import cost_model
from sim.search.key_blocks import possible_cuts
from workloads.building import cut_into
from workloads.stack import Stack
from workloads.workload_spec import MappingSpec

SpentOn = Literal["compute", "SRAM", "DRAM", "recurrence", "chain"]
MOST_PLACED = 4  # operations that are placed in every way before the others are dealt out
MOST_PLACEMENTS = 2**MOST_PLACED


class Certificate(NamedTuple):
    """``cycles`` that a stack takes at least, whatever its mapping, and what they are spent on."""

    cycles: int
    spent_on: SpentOn


def certificate_of(stack: Stack, costs: CostModel) -> Certificate:
    """What *stack* takes at least, whatever its mapping, and whatever its chunk if the best was to be found.

    A mapping may be cut along any index along which the layer is parallel, so it is the least of theirs.
    """
    if stack.chunkings:
        stacks = [replace(stack, graph=graph, chunkings=(), every=None) for graph in stack.chunkings]
        return min(certificate_of(each, cost_model(each, costs.machine)) for each in stacks)
    if stack.chooses:
        stack = stack.in_tiles(None)
        costs = cost_model(stack, costs.machine)
    analysis = costs.analysis
    others = (stack.cut_along(index) for index in analysis.parallel_indices if index != analysis.group_index)
    along = [costs, *(cost_model(each, costs.machine) for each in others)]
    return min((_certificate_along(stack, each) for each in along), key=lambda found: found.cycles)


def any_mapping_cycles(stacks: Iterable[tuple[Stack, CostModel]]) -> int:
    """What *stacks*, each with what its operations cost, take at least in all, whatever their mappings.

    Attention takes what it does with the tiles of queries and blocks of keys, of those that a search tries, with which
    that is least.
    """
    total, seen = 0, set[object]()
    for stack, costs in stacks:
        if stack.keys is None:
            total += certificate_of(stack, costs).cycles
        elif (key := (stack.spec.phase, stack.keys.attention)) not in seen:
            seen.add(key)
            total += _least_of_cuts(stack, costs.machine)
    return total


def _least_of_cuts(stack: Stack, machine: MachineSpec) -> int:
    """What all of the attention takes of which *stack* is a part."""
    cuts: list[tuple[float, int, Stack, CostModel, float]] = []
    for number, cut in enumerate(possible_cuts(stack, MappingSpec())):
        stacks = cut_into(stack, cut)
        longest = max(stacks, key=lambda each: each.steps)
        costs = cost_model(longest, machine)
        # A shorter run takes its share of the longest at least: what is done once it has in full.
        runs = sum(each.steps * each.all_layers for each in stacks) / longest.steps
        cuts.append((_least_work(longest, costs) * runs, number, longest, costs, runs))
    least = inf
    for work, _, longest, costs, runs in sorted(cuts, key=lambda each: each[:2]):
        if work < least:
            least = min(least, certificate_of(longest, costs).cycles / longest.all_layers * runs)
    return int(least)


def _least_work(stack: Stack, costs: CostModel) -> float:
    """Cycles of the unit that has most to do of a layer of *stack*, of what only one unit can do; or of all in all."""
    loads, only = LeastLoads(stack, costs, Classes(costs)), dict.fromkeys(costs.compute, 0.0)
    cycles = {name: loads.quickest(name) for name in costs.analysis.operations}
    for name, work in cycles.items():
        if len(units := costs.units(name)) == 1:
            only[units[0]] += work
    return max(*only.values(), sum(cycles.values()) / len(costs.compute))


def _certificate_along(stack: Stack, costs: CostModel) -> Certificate:
    """That of mappings that are cut along the index of *costs*."""
    if stack.wishes.contractions != "quicker":  # that is a wish about the mapping too
        costs = costs.by_products()
    bounds = _Bounds(stack, costs)
    known: list[tuple[float, SpentOn]] = bounds.side_by_side()
    known.append((bounds.sram(), "SRAM"))
    known.append((float(least_recurrence_cycles_per_step(costs) * stack.steps), "recurrence"))
    if stack.steps == 1:
        known.append((bounds.chain(), "chain"))
    cycles, spent_on = max(known, key=lambda each: each[0])
    return Certificate(int(cycles * stack.layers) * stack.times, spent_on)  # rounded down: these are sums of fractions


class _Bounds:
    """Bounds of one layer of a stack."""

    def __init__(self, stack: Stack, costs: CostModel) -> None:
        self._stack, self._costs, self._machine, self._analysis = stack, costs, costs.machine, costs.analysis
        self._classes = Classes(costs)
        self._tiles, self._loads = LeastTiles(stack, costs, self._classes), LeastLoads(stack, costs, self._classes)
        self._weights = Weights(len(self._classes.all))
        self._stepped: dict[int, list[frozenset[str]]] = {}  # by the groups of a cut
        self._ways: dict[tuple[tuple[float, ...], ...], Ways | None] = {}

    def side_by_side(self) -> list[tuple[float, SpentOn]]:
        """The compute units and DRAM, for the best of all tiles and cuts."""
        tiles, best = list(self._tiles.best()), (inf, inf)
        for placed, cut in product(self._placements(), list(self._cuts())):
            for stepped in self._stepped_with(cut[0]):
                best = self._better(best, tiles, stepped, cut, placed)
        compute, dram = best
        return [(compute, "compute"), (dram, "DRAM")]

    def _better(
        self, best: tuple[float, float], tiles: Sequence[Tile], stepped: frozenset[str], cut: tuple[int, int],
        placed: Placed,
    ) -> tuple[float, float]:  # fmt: skip
        """(compute, DRAM) of the best of *tiles*, as long as the longest view of each; the *best* if that is less."""
        compute, found = [0.0] * len(tiles), best
        for view in self._loads.views:
            loads = self._loads.of(stepped, cut, view, placed)
            dealing = self._dealing(loads, max(best))
            compute = [max(before, dealing(tile)) for before, tile in zip(compute, tiles, strict=True)]
            found = min(zip(compute, (tile.dram for tile in tiles), strict=True), key=max)
            if max(found) >= max(best):
                return best
        return found

    def _dealing(self, loads: Loads, enough: float) -> Callable[[Tile], float]:
        """Tile -> the time that its projections and *loads* take, or *enough*."""
        classes, converter = self._classes, self._classes.number(self._costs.converter)

        def fixed(tile: Tile) -> list[float]:
            cycles = list(loads.fixed)
            cycles[converter] += tile.conversion / classes.all[converter].many
            return cycles

        def in_fractions(tile: Tile) -> float:
            either = (*loads.either, *tile.projections)
            return self._weights.least(Loads(tuple(fixed(tile)), either), max(enough, tile.dram))

        def in_ways(tile: Tile) -> float:
            cycles = fixed(tile)
            cycles[array] += tile.projections[0][array]
            return dealt(Loads(tuple(cycles), loads.either), ways)

        if not classes.are_two:
            return in_fractions
        ways, array = self._ways_of(loads), classes.arrays[0]
        return in_ways

    def _ways_of(self, loads: Loads) -> Ways | None:
        if loads.either not in self._ways:
            self._ways[loads.either] = ways_of(loads.either)
        return self._ways[loads.either]

    def _placements(self) -> Iterator[Placed]:
        """Every way to place the operations that hand on most to each other, where that has a price on the array.

        Where operations are dealt out in fractions, every way to place those that take longest.
        """
        arrays = self._costs.arrays.values()
        if any(array.spec.elementwise is not None for array in arrays):
            names = self._handing_on
        else:
            names = [] if self._classes.are_two else self._longest  # two classes are not dealt fractions
        ways = [self._classes.able(name) for name in names]
        while prod(map(len, ways)) > MOST_PLACEMENTS:
            ways.pop()
        for classes in product(*ways):
            yield dict(zip(names, classes, strict=False))

    @property
    def _handing_on(self) -> list[str]:
        """Operations that units of several classes can do and that read or write the largest tensors."""
        analysis, graph = self._analysis, self._analysis.graph
        largest: dict[str, int] = {}
        for name in analysis.operations:
            if name not in analysis.batched and len(self._classes.able(name)) > 1:
                tensors = [analysis.operations[name].equation.tensor, *(t for t, _ in analysis.operands_of([name]))]
                largest[name] = max(map(graph.elements, tensors))
        most = max(largest.values(), default=0)
        return [name for name, size in largest.items() if 2 * size >= most][:MOST_PLACED]

    @property
    def _longest(self) -> list[str]:
        """The operations that take longest, of those that units of several classes can do."""
        names = [name for name in self._analysis.operations if name not in self._analysis.batched]
        free = [name for name in names if len(self._classes.able(name)) > 1]
        return sorted(free, key=self._loads.quickest, reverse=True)[:MOST_PLACED]

    def sram(self) -> float:
        """What operations that share requests cannot hand on, at all that the SRAM gives."""
        names = [name for name in self._analysis.operations if name not in self._analysis.batched]
        forced, stack = self._costs.forced(names), self._stack
        steps = {True: 1, False: stack.steps}  # of what is final, and of all else
        moved = (self._costs.sram_cycles(name, 1, forced) * steps[self._analysis.final(name)] for name in names)
        return sum(moved) * stack.spec.batch

    def chain(self) -> float:
        """Projections, and what none of them can overlap with, of a layer that is one timestep."""
        analysis = self._analysis
        free = "dependencies" in self._machine.ideal  # then nothing waits for a projection, nor it for anything
        others = [] if free else [name for name in analysis.operations if analysis.kind(name) != "projection"]
        path: dict[str, float] = {}
        for name in filter(self._is_alone, others):
            before = [cycles for source, cycles in path.items() if source in analysis.ancestors[name]]
            path[name] = self._loads.quickest(name) + max(before, default=0)
        return self._tiles.projections(1) + max(path.values(), default=0)

    def _is_alone(self, name: str) -> bool:
        """Whether every projection comes before or after it, and it is done as a whole."""
        ancestors = self._analysis.ancestors
        return not self._analysis.grouped(name) and all(
            each in ancestors[name] or name in ancestors[each] for each in self._analysis.batched
        )

    def _cuts(self) -> Iterator[tuple[int, int]]:
        """(groups, blocks) of every cut into blocks of lanes."""
        index = self._analysis.group_index
        size = self._analysis.graph.sizes[index] if index else 1
        divisors = [number for number in range(1, size + 1) if size % number == 0]
        return ((groups, blocks) for groups in divisors for blocks in divisors if groups % blocks == 0)

    def _stepped_with(self, groups: int) -> list[frozenset[str]]:
        """What may be done step by step where there are so many *groups*; always in the same order."""
        if groups not in self._stepped:
            self._stepped[groups] = sorted(all_stepped_operations(self._analysis, groups), key=sorted)
        return self._stepped[groups]
