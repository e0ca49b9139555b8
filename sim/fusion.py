"""Cuts a mapped layer into streams: which operations share a request, and in which order a tile is worked through.

Operations on one unit and in one order are fused along producer-consumer edges as long as the streams stay acyclic.
Projections that read one tensor share a stream of weight tiles: the small ones, and block by block the ones that the
recurrence waits for; those that it does not wait for form a stream of their own, so that they can come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hw.requests import Gemm
from sim.analysis import Analysis, topological_streams
from sim.layout import BatchLayout, Layout, Segment, SegmentLayout, StepLayout
from sim.mapping import CostModel, Mapping
from sim.program import UnitName
from sim.units import ceil_div

REQUEST_CYCLES = 2048  # batched vector work is cut into requests of about this, so that recurrences get their turn


@dataclass
class Draft:
    """A stream before its dependencies are known; ``tiles`` are the weight tiles of a projection stream's items."""

    unit: UnitName
    operations: list[str]
    stepped: bool
    grouped: bool
    layout: Layout
    tiles: list[Gemm] = field(default_factory=list)

    @property
    def is_projection(self) -> bool:
        """Whether the items are weight tiles."""
        return bool(self.tiles)


def cut_into_streams(costs: CostModel, mapping: Mapping, weight_slot_bytes: int) -> list[Draft]:
    """The streams of a layer in topological order."""
    analysis = costs.analysis
    vector = _fuse(analysis, mapping)
    bundles: dict[tuple[object, ...], list[str]] = {}
    for name in analysis.operations:
        if analysis.kind(name) == "projection" and name not in mapping.stepped:
            bundles.setdefault(_bundle_key(costs, mapping, name), []).append(name)
    drafts = [_vector_draft(costs, mapping, names) for names in vector]
    drafts += [_projection_draft(costs, mapping, names, weight_slot_bytes) for names in bundles.values()]
    return _in_order(analysis, drafts)


def stream_edges(analysis: Analysis, streams: list[list[str]]) -> dict[int, set[int]]:
    """Stream -> streams that read its results of the same timestep."""
    home = {name: number for number, names in enumerate(streams) for name in names}
    edges: dict[int, set[int]] = {number: set() for number in range(len(streams))}
    for name, number in home.items():
        for source in analysis.predecessors[name]:
            if source in home and home[source] != number:
                edges[home[source]].add(number)
    return edges


def _in_order(analysis: Analysis, drafts: list[Draft]) -> list[Draft]:
    edges = stream_edges(analysis, [draft.operations for draft in drafts])
    return [drafts[number] for number in topological_streams(edges)]


def _fuse(analysis: Analysis, mapping: Mapping) -> list[list[str]]:
    """Everything but the projections, fused; one list of operations a stream."""
    streams: list[list[str]] = []
    keys: list[tuple[object, ...]] = []
    home: dict[str, int] = {}
    after: dict[int, set[int]] = {}

    def reaches(start: int, goals: set[int]) -> bool:
        seen, todo = {start}, [start]
        while todo:
            for number in after[todo.pop()]:
                if number in goals:
                    return True
                if number not in seen:
                    seen.add(number)
                    todo.append(number)
        return False

    for name in analysis.operations:
        stepped = name in mapping.stepped
        before = {home[source] for source in analysis.predecessors[name]}
        key: tuple[object, ...] = (mapping.placement[name], stepped, analysis.grouped(name))
        fusable = analysis.kind(name) != "projection" or stepped
        joined = None
        for number in sorted(before, reverse=True) if fusable else ():
            if keys[number] == key and not reaches(number, before - {number}):
                joined = number
                break
        if joined is None:
            joined = len(streams)
            streams.append([])
            keys.append(key if fusable else (name,))
            after[joined] = set()
        streams[joined].append(name)
        home[name] = joined
        for number in before - {joined}:
            after[number].add(joined)
    return [names for names, key in zip(streams, keys, strict=True) if len(key) == 3]


def _vector_draft(costs: CostModel, mapping: Mapping, names: list[str]) -> Draft:
    analysis, first = costs.analysis, names[0]
    unit, grouped, stepped = mapping.placement[first], analysis.grouped(first), first in mapping.stepped
    if stepped:
        layout: Layout = (
            StepLayout(mapping.token_tile, mapping.blocks, mapping.lanes)
            if grouped
            else StepLayout(mapping.token_tile, 1, 1)
        )
        return Draft(unit, names, stepped, grouped, layout)
    blocks = mapping.blocks if grouped else 1
    cycles = costs.fused_cost(names, unit, mapping.token_tile * mapping.batch, blocks).cycles
    chunks = min(mapping.token_tile, max(1, ceil_div(cycles, REQUEST_CYCLES)))
    return Draft(unit, names, stepped, grouped, BatchLayout(mapping.token_tile, blocks, chunks))


def _blocked(costs: CostModel, mapping: Mapping, name: str) -> bool:
    """Whether a projection is cut into blocks: only where a block still fills the array's columns."""
    analysis = costs.analysis
    if mapping.blocks == 1 or not analysis.grouped(name):
        return False
    columns = costs.machine.mac_array.columns
    width = costs.gemm(name, 1, mapping.blocks).n
    return width % columns == 0 or width >= 8 * columns


def _bundle_key(costs: CostModel, mapping: Mapping, name: str) -> tuple[object, ...]:
    analysis = costs.analysis
    inputs = frozenset(r.tensor for r in analysis.operations[name].equation.references if r.lag is not None)
    awaited = any(name in analysis.ancestors[step] for step in analysis.recurrent)
    return inputs, awaited or not _blocked(costs, mapping, name)


def _projection_draft(costs: CostModel, mapping: Mapping, names: list[str], slot_bytes: int) -> Draft:
    whole = [name for name in names if not _blocked(costs, mapping, name)]
    parts: list[tuple[str, int | None]] = [(name, None) for name in whole]
    parts += [(name, block) for block in range(mapping.blocks) for name in names if name not in whole]
    segments: list[Segment] = []
    tiles: list[Gemm] = []
    for name, block in parts:
        gemm = costs.gemm(name, mapping.token_tile * mapping.batch, 1 if block is None else mapping.blocks)
        cut = weight_tiles(gemm, costs.machine.mac_array.columns, slot_bytes // costs.element_bytes)
        segments.append(Segment(name, block, len(cut)))
        tiles += cut
    grouped = all(costs.analysis.grouped(name) for name in names)
    return Draft("mac_array", names, False, grouped, SegmentLayout(mapping.token_tile, segments), tiles)


def weight_tiles(gemm: Gemm, columns: int, most_elements: int) -> list[Gemm]:
    """Cut the weights of *gemm* (k x n) into tiles of at most *most_elements*, in the order of their use.

    Tiles are full columns of the array wide; k is cut (its partial sums accumulate) only where one such tile is still
    too large.
    """
    width = min(gemm.n, columns)
    parts = max(1, ceil_div(gemm.k * width, most_elements))
    depth = ceil_div(gemm.k, parts)
    if parts == 1:
        width = min(gemm.n, max(1, most_elements // (gemm.k * columns)) * columns)
    tiles = []
    for start in range(0, gemm.n, width):
        for bottom in range(0, gemm.k, depth):
            tiles.append(Gemm(gemm.m, min(width, gemm.n - start), min(depth, gemm.k - bottom), gemm.batch))
    return tiles
