"""The requests of a program as the RTL machine takes them: folds of the array, passes of the lanes, words of both.

A request of the array is a list of folds, each so many beats of a column of the left operand and a row of the right
one. A request of the lanes is a list of passes over vectors. The simulator knows what a request reads and writes in
all. Here each operand belongs to the first operation that reads it, and there to the first pass with as many points,
which reads it evenly; each result to the last pass of the operation that makes it. Operands of a request lie one behind
the other in the order of their use.

For an experiment the words that a request of the lanes reads can be spread evenly over its cycles, as the simulator has
it.

Not covered: other dataflows than output-stationary ones, products that share folds, weights of another width than
activations, units beside the array and the lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import NamedTuple

from hw.gemm import quickest
from hw.integers import ceil_div
from hw.mac_array import MacArraySpec
from hw.requests import Gemm, VectorPass
from hw.simd import SimdSpec, vector_cost
from hw.unit_names import MAC_ARRAY, SIMD
from sim.lowering.compute import stream_name
from sim.lowering.fusion import Draft
from sim.lowering.program import StreamPlan, TileVariant
from sim.lowering.section import Section
from sim.lowering.traffic import parameter_bytes, touched

WORD_BYTES = 8
ELEMENT_BYTES = 2


class Fold(NamedTuple):
    """So many beats on so many of the lowest rows; elements of a beat, and bytes of an element of each kind."""

    beats: int
    rows: int
    left: int
    right: int
    left_bytes: int = ELEMENT_BYTES
    right_bytes: int = ELEMENT_BYTES
    result_bytes: int = ELEMENT_BYTES


class Pass(NamedTuple):
    """A pass of the lanes: ``sums`` vectors that it accumulates into (0: none), levels of its tree, words."""

    vectors: int
    cycles: int
    sums: int
    tree: int
    reads: int
    writes: int


@dataclass(frozen=True)
class ArrayWork:
    """What a request of the array does."""

    folds: tuple[Fold, ...]

    @property
    def elements(self) -> int:
        """Results."""
        return sum(fold.left * fold.right for fold in self.folds)

    @property
    def words(self) -> tuple[int, int, int]:
        """Of the left and the right operand, and of the results."""
        left = sum(fold.beats * fold.left * fold.left_bytes for fold in self.folds)
        right = sum(fold.beats * fold.right * fold.right_bytes for fold in self.folds)
        results = sum(fold.left * fold.right * fold.result_bytes for fold in self.folds)
        return ceil_div(left, WORD_BYTES), ceil_div(right, WORD_BYTES), ceil_div(results, WORD_BYTES)


@dataclass(frozen=True)
class LanesWork:
    """What a request of the lanes does."""

    passes: tuple[Pass, ...]

    @property
    def words(self) -> tuple[int, int]:
        """Read and written."""
        return sum(each.reads for each in self.passes), sum(each.writes for each in self.passes)


Work = ArrayWork | LanesWork
Step = tuple[str, VectorPass]  # an operation, and one of its passes


def folds_of(spec: MacArraySpec, gemm: Gemm) -> tuple[Fold, ...]:
    """The folds of *gemm* in the quickest way; raises ValueError for a way that the RTL does not know."""
    way = quickest(spec, gemm)
    if way.dataflow != "output_stationary" or way.sharing != "none" or gemm.rate != 1:
        raise ValueError(f"the RTL has output-stationary folds only, not {way}")
    m, n = (gemm.n, gemm.m) if way.turned else (gemm.m, gemm.n)
    rows = way.rows or spec.rows
    parts = product(range(gemm.batch), range(0, n, spec.columns), range(0, m, rows))
    return tuple(Fold(gemm.k, rows, min(rows, m - down), min(spec.columns, n - across)) for _, across, down in parts)


def pass_of(spec: SimdSpec, step: VectorPass, reads: int = 0, writes: int = 0) -> list[Pass]:
    """A vector pass as the lanes do it, in as many parts as it has to follow itself; words are those of all parts."""
    cycles = vector_cost(spec, 1, [VectorPass(step.function, 1, 1)]).cycles
    vectors = ceil_div(ceil_div(step.points, step.chain), spec.lanes)
    sums = tree = 0
    if step.outputs < step.points:
        sums = min(vectors, ceil_div(step.outputs, spec.lanes))
        if step.outputs < min(step.points, spec.lanes):
            tree = (ceil_div(spec.lanes, step.outputs) - 1).bit_length()
    parts = [Pass(vectors, cycles, sums, 0, 0, 0) for _ in range(step.chain)]
    parts[0] = parts[0]._replace(reads=reads)
    parts[-1] = parts[-1]._replace(tree=tree, writes=writes)
    return parts


class Works:
    """The requests of *section*, found by stream, variant of the tile and item; *evenly* if words are spread evenly."""

    def __init__(self, section: Section, array: MacArraySpec, lanes: SimdSpec, evenly: bool = False) -> None:
        self._evenly = evenly
        self._section = section
        self._costs, self._inventory = section.costs, section.inventory
        self._array, self._lanes = array, lanes
        drafts = (draft for whole in self._inventory.drafts for draft in whole.streams)
        self._drafts = {stream_name(draft): draft for draft in drafts}
        self._known: dict[tuple[str, int], Work] = {}

    def of(self, plan: StreamPlan, variant: TileVariant, item: int) -> Work:
        """The work of *item* of *plan* in a tile of a *variant*."""
        draft, program = self._drafts[plan.name], self._section.program
        steps = program.last_tile_steps if TileVariant.LAST in variant else program.tile_steps
        if draft.weights is not None:
            key = plan.name, -1 - int(draft.weights.numbers[item]) - steps * len(draft.weights.shapes)
            if key not in self._known:
                rows = steps * self._section.mapping.batch
                gemm = draft.weights.products(rows)[draft.weights.numbers[item]]
                self._known[key] = ArrayWork(folds_of(self._array, gemm))
            return self._known[key]
        region = plan.layout.region(item)
        key = plan.name, 1 if draft.final else min(region.last + 1, steps) - region.first
        if key not in self._known:
            self._known[key] = self._fused(draft, key[1] * self._section.mapping.batch)
        return self._known[key]

    def _fused(self, draft: Draft, scale: int) -> Work:
        groups = draft.parts(self._section.mapping)
        analysis = self._costs.analysis
        parts = {name: groups if analysis.grouped(name) else 1 for name in draft.operations}
        if draft.unit == MAC_ARRAY:
            gemms = [self._costs.gemm(name, draft.unit, scale, parts[name]) for name in draft.operations]
            return ArrayWork(tuple(fold for gemm in gemms for fold in folds_of(self._array, gemm)))
        assert draft.unit == SIMD, "the RTL has an array and lanes"
        steps = [(name, step) for name in draft.operations for step in self._costs.passes(name, scale, parts[name])]
        reads, writes = self._moved(draft, steps, scale, groups)
        both = zip((step for _, step in steps), reads, writes, strict=True)
        passes = [each for step, read, write in both for each in pass_of(self._lanes, step, read, write)]
        return LanesWork(_spread_evenly(passes) if self._evenly else tuple(passes))

    def _moved(self, draft: Draft, steps: Sequence[Step], scale: int, groups: int) -> tuple[list[int], list[int]]:
        """Words that each of *steps*, the passes of *draft*, reads and writes."""
        analysis, names = self._costs.analysis, draft.operations
        reads, writes = [0.0] * len(steps), [0.0] * len(steps)
        for each in touched(draft, self._inventory, self._costs, scale, groups):
            if each.write:
                last = max(place for place, (name, _) in enumerate(steps) if name == each.operation)
                writes[last] += each.size_bytes
            else:
                reads[_reading(steps, each.operation, each.size_bytes)] += each.size_bytes
        parameters = self._inventory.parameters.get(self._inventory.home[names[0]])
        if parameters is not None:
            sizes = {
                name: sum(analysis.whole_size(indices, groups) for _, indices in analysis.parameters_of(name))
                for name in names
            }
            share = parameter_bytes(draft, self._inventory, self._costs, scale, groups) / max(1, sum(sizes.values()))
            for name, elements in sizes.items():
                reads[_reading(steps, name, elements * ELEMENT_BYTES)] += elements * share
        return _in_words(reads), _in_words(writes)


def _spread_evenly(passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """*passes* of which each reads as many words as its part of the cycles of all; results stay where they are made."""
    cycles = [each.vectors * each.cycles for each in passes]
    total = sum(each.reads for each in passes)
    reads = _in_words([WORD_BYTES * total * part / sum(cycles) for part in cycles])
    return tuple(each._replace(reads=read) for each, read in zip(passes, reads, strict=True))


def _reading(steps: Sequence[Step], name: str, size: float) -> int:
    """The pass of the operation *name* that reads an operand of so many bytes: the first with a point for each element.

    Without one, that with the most points.
    """
    own = [place for place, (operation, _) in enumerate(steps) if operation == name]
    points = {place: steps[place][1].points // steps[place][1].chain for place in own}
    return next((place for place in own if points[place] * ELEMENT_BYTES >= size), max(own, key=points.__getitem__))


def _in_words(sizes: Sequence[float]) -> list[int]:
    """*sizes* in bytes that lie one behind the other, as words that begin in each; the last one is padded."""
    ends, total = [0], 0.0
    for size in sizes:
        total += size
        ends.append(ceil_div(int(total + 0.5), WORD_BYTES))
    return [after - before for before, after in pairwise(ends)]
