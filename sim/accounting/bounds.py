"""Lower bounds of a run, and the paper's roofline, which is none.

- *paper roofline* (arXiv 2604.07935): all operations over the peak of the MAC array, a MAC counted as two operations.
  A reference line: SIMD lanes work beside the array, so a run may even be below it.
- *resource bound*: for each unit, its work at its own full rate; for DRAM, bytes over peak bandwidth. No run with the
  same placement and tiling is faster.
- *recurrence bound*: timesteps x layers x the maximum cycle ratio (latency over distance) of the loop-carried graph,
  as in modulo scheduling (Rau 1996). Latencies are those of a single element, so the bound holds however the work is
  cut. Operations of one unit and timestep may share a request: on lanes the next one waits for the pipeline all the
  same, on the array not for the tail of a result. Layers count because a machine that keeps one layer's state on chip
  runs one layer after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from fractions import Fraction
from math import ceil

from hw.effects import freed_cost
from hw.folds import ways
from hw.gemm import cost_of
from hw.requests import Gemm, VectorPass
from hw.unit_names import ComputeUnit
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping


def resource_bound(useful_cycles: Map[str, int], dram_cycles: float) -> tuple[str, int]:
    """The unit that has the most work, and its cycles: of compute units those of useful work, of ``dram`` the given."""
    work = {**useful_cycles, "dram": ceil(dram_cycles)}
    unit = max(work, key=lambda name: work[name])
    return unit, work[unit]


def recurrence_cycles_per_step(costs: CostModel, mapping: Mapping) -> Fraction:
    """The maximum cycle ratio of the layer's graph in cycles a timestep; 0 without recurrences."""

    def latency(source: str, target: str, distance: int) -> int:
        unit = mapping.placement[source]
        within, across = _element_latency(costs, source, unit)
        return within if distance == 0 and unit == mapping.placement[target] else across

    return _largest_ratio(costs, latency)


def least_recurrence_cycles_per_step(costs: CostModel) -> Fraction:
    """The same for every placement: each operation on the unit that is quickest, which shares requests with all."""

    def latency(source: str, target: str, distance: int) -> int:
        return min(_element_latency(costs, source, unit)[0] for unit in costs.units(source))

    return _largest_ratio(costs, latency)


def _largest_ratio(costs: CostModel, latency: Callable[[str, str, int], int]) -> Fraction:
    if {"recurrence", "dependencies"} & set(costs.machine.ideal):
        return Fraction(0)
    graph = costs.analysis.graph
    worst = Fraction(0)
    for recurrence in graph.recurrences:
        edges = [
            (source, target, latency(source, target, distance), distance)
            for source, target, _, distance in graph.edges
            if source in recurrence and target in recurrence
        ]
        worst = max(worst, maximum_cycle_ratio(edges))
    return worst


def maximum_cycle_ratio(edges: Sequence[tuple[str, str, int, int]]) -> Fraction:
    """The largest latency / distance over the cycles of a graph given as (source, target, latency, distance).

    Exact: starts at ratio 0 and, as long as some cycle has latency > ratio x distance, takes that cycle's ratio
    (Dinkelbach's method on Lawler's test, a negative cycle). Every cycle must have a distance above zero; 0 if the
    graph has none. Raises ValueError for a cycle within one timestep.
    """
    ratio = Fraction(0)
    while cycle := _negative_cycle(edges, [ratio * distance - latency for _, _, latency, distance in edges]):
        distance = sum(edges[number][3] for number in cycle)
        if distance == 0:
            names = ", ".join(edges[number][0] for number in cycle)
            raise ValueError(f"operations depend on each other within one timestep: {names}")
        ratio = Fraction(sum(edges[number][2] for number in cycle), distance)
    return ratio


def _negative_cycle(edges: Sequence[tuple[str, str, int, int]], weights: Sequence[Fraction]) -> list[int]:
    """Numbers of the edges of a cycle whose weights sum to less than zero (Bellman and Ford); empty if none does."""
    length = dict.fromkeys((node for edge in edges for node in edge[:2]), Fraction(0))
    last: dict[str, int] = {}  # node -> the edge that shortened the way to it
    shortened = ""
    for _ in length:
        shortened = ""
        for number, (source, target, _, _) in enumerate(edges):
            if length[source] + weights[number] < length[target]:
                length[target] = length[source] + weights[number]
                last[target] = number
                shortened = target
        if not shortened:
            return []
    for _ in length:  # back into the cycle
        shortened = edges[last[shortened]][0] if shortened else ""
    cycle: list[int] = []
    node = shortened
    while node and (not cycle or node != shortened):
        cycle.append(last[node])
        node = edges[last[node]][0]
    return cycle


def _element_latency(costs: CostModel, name: str, unit: ComputeUnit) -> tuple[int, int]:
    """Cycles until *unit* can go on with one element of an operation's result in the same request, or in another one.

    Without edges, operations of a request on lanes may share a cycle.
    """
    ideal, spec = costs.machine.ideal, costs.compute[unit]
    passes = [VectorPass(p.function, 1, 1) for p in costs.passes(name, 1, 1)]
    if unit not in costs.arrays:
        cost = freed_cost(spec.passes_cost(passes), ideal)
        across = cost.cycles + cost.tail_cycles
        return 0 if "edges" in ideal else across, across
    shape, array = costs.analysis.shapes[name], costs.arrays[unit].spec
    options = [spec.passes_cost(passes)] if costs.in_passes(name, unit) else []
    if shape is not None:
        product = Gemm(1, 1, costs.analysis.size(shape.k), rate=costs.types.rate(name, unit))
        options += [cost_of(array, product, way) for way in ways(array, product)]
    options = [freed_cost(cost, ideal) for cost in options]
    return min(cost.cycles for cost in options), min(cost.cycles + cost.tail_cycles for cost in options)


def paper_roofline_cycles(ops: int, macs_per_cycle: int) -> int:
    """All operations (a MAC is two) over the peak of the MAC array."""
    return ceil(Fraction(ops, 2 * macs_per_cycle))
