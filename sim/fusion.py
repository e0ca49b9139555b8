"""Cuts a mapped layer into streams: which operations share a request, and in which order a tile is worked through.

Operations on one unit and in one order of work are fused as long as the streams stay acyclic.
Projections that read one tensor share a stream of weight tiles: the small ones, and block by block the ones that the
recurrence waits for; those that it does not wait for form a stream of their own, so that they can come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from hw.requests import Gemm
from sim.analysis import Analysis
from sim.layout import BatchLayout, Layout, Segment, SegmentLayout, StepLayout
from sim.mapping import CostModel, Mapping
from sim.program import UnitName
from sim.units import ceil_div
from workloads.digraph import circles, in_order

REQUEST_CYCLES = 2048  # batched vector work is cut into requests of about this, so that recurrences get their turn
LEAST_TILE_ELEMENTS = 8192  # a matrix is streamed in 16 tiles or in tiles of this size, whichever is larger


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


def cut_into_streams(costs: CostModel, mapping: Mapping) -> list[Draft]:
    """The streams of a layer in topological order."""
    analysis = costs.analysis
    key = mapping.stepped, tuple(mapping.placement.items())
    if key not in costs.fusions:
        costs.fusions[key] = _fuse(analysis, mapping)
    vector = costs.fusions[key]
    bundles: dict[tuple[object, ...], list[str]] = {}
    for name in analysis.operations:
        if analysis.kind(name) == "projection" and name not in mapping.stepped:
            bundles.setdefault(_bundle_key(costs, mapping, name), []).append(name)
    drafts = [_vector_draft(costs, mapping, list(names)) for names in vector]
    drafts += [_projection_draft(costs, mapping, names) for names in bundles.values()]
    return _in_order(costs, drafts)


def stream_edges(analysis: Analysis, streams: list[list[str]]) -> dict[int, set[int]]:
    """Stream -> streams that read its results of the same timestep."""
    home = {name: number for number, names in enumerate(streams) for name in names}
    edges: dict[int, set[int]] = {number: set() for number in range(len(streams))}
    for name, number in home.items():
        for source in analysis.predecessors[name]:
            if source in home and home[source] != number:
                edges[home[source]].add(number)
    return edges


def _in_order(costs: CostModel, drafts: list[Draft]) -> list[Draft]:
    key = tuple(tuple(draft.operations) for draft in drafts)
    if key not in costs.orders:
        edges = stream_edges(costs.analysis, [draft.operations for draft in drafts])
        costs.orders[key] = in_order(edges)
    return [drafts[number] for number in costs.orders[key]]


def _fuse(analysis: Analysis, mapping: Mapping) -> list[list[str]]:
    """Everything but the batched projections, fused: each operation joins the latest stream that it may join.

    It may join a stream of its unit and order of work unless that would close a circle of streams.
    """
    streams: list[list[str]] = []
    keys: list[tuple[object, ...]] = []
    home: dict[str, int] = {}
    for name in analysis.operations:
        stepped = name in mapping.stepped
        batched_projection = analysis.kind(name) == "projection" and not stepped
        key: tuple[object, ...] = (mapping.placement[name], stepped, analysis.grouped(name))
        key = (name,) if batched_projection else key
        candidates = [number for number in range(len(streams)) if keys[number] == key]
        joined = next((n for n in reversed(candidates) if _works(analysis, mapping, {**home, name: n})), len(streams))
        if joined == len(streams):
            streams.append([])
            keys.append(key)
        streams[joined].append(name)
        home[name] = joined
    return [names for names, key in zip(streams, keys, strict=True) if len(key) == 3]


def _works(analysis: Analysis, mapping: Mapping, home: dict[str, int]) -> bool:
    """Whether streams with these operations can be worked through without waiting for each other in a circle.

    Within a timestep they must not form one. A circle through earlier timesteps needs streams that take turns at every
    timestep: all of them stepped, all of them cut or none.
    """
    between = {(home.get(source, source), home.get(reader, reader), back) for source, reader, back in analysis.edges}
    ever = circles((before, after) for before, after, _ in between if before != after)
    if not ever:
        return True
    order: dict[str | int, tuple[bool, bool]] = {}
    for name in analysis.operations:
        order[home.get(name, name)] = name in mapping.stepped, analysis.grouped(name)
    if any({order[stream] for stream in circle} not in ({(True, True)}, {(True, False)}) for circle in ever):
        return False
    return not circles((before, after) for before, after, back in between if before != after and not back)


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
    """Whether a projection is done block by block: only where a block still fills the array.

    One whose results are cut makes them block by block; one that sums over all groups takes its operand block by block
    and accumulates, so that it can start, and free the operand, before the last block is there.
    """
    analysis, array = costs.analysis, costs.machine.mac_array
    if mapping.blocks == 1:
        return False
    gemm = costs.gemm(name, 1, mapping.blocks)
    if analysis.grouped(name):
        return gemm.n % array.columns == 0 or gemm.n >= 8 * array.columns
    return analysis.sums_over_groups(name) and gemm.k >= 4 * array.rows


def _bundle_key(costs: CostModel, mapping: Mapping, name: str) -> tuple[object, ...]:
    """Projections with one key share a stream: same operand, and awaited by the recurrence alike."""
    analysis = costs.analysis
    inputs = frozenset((r.tensor, r.lag) for r in analysis.operations[name].equation.references if r.lag is not None)
    awaited = any(name in analysis.ancestors[step] for step in analysis.recurrent)
    late = not awaited and analysis.grouped(name) and _blocked(costs, mapping, name)
    return inputs, late


def _projection_draft(costs: CostModel, mapping: Mapping, names: list[str]) -> Draft:
    analysis, array = costs.analysis, costs.machine.mac_array
    whole = [name for name in names if not _blocked(costs, mapping, name)]
    parts: list[tuple[str, int | None]] = [(name, None) for name in whole]
    parts += [(name, block) for block in range(mapping.blocks) for name in names if name not in whole]
    elements = sum(analysis.graph.elements(tensor) for name in names for tensor in analysis.weights[name])
    slot = min(mapping.weight_slot_bytes // costs.element_bytes, max(LEAST_TILE_ELEMENTS, elements // 16))
    segments: list[Segment] = []
    tiles: list[Gemm] = []
    for name, block in parts:
        gemm = costs.gemm(name, mapping.token_tile * mapping.batch, 1 if block is None else mapping.blocks)
        cut = weight_tiles(gemm, (array.rows, array.columns), slot)
        segments.append(Segment(name, block, len(cut)))
        tiles += cut
    return Draft("mac_array", names, False, False, SegmentLayout(mapping.token_tile, segments), tiles)


@lru_cache(maxsize=512)
def weight_tiles(gemm: Gemm, shape: tuple[int, int], most_elements: int) -> tuple[Gemm, ...]:
    """Cut the weights of *gemm* (k x n) into tiles of at most *most_elements*, in the order of their use.

    Tiles are full columns wide of an array of *shape* (rows, columns). Only where one such tile is too large, k is cut
    as well: evenly, never below the array's rows; the partial sums accumulate.
    """
    rows, columns = shape
    width = min(gemm.n, columns)
    parts = max(1, min(ceil_div(gemm.k * width, most_elements), gemm.k // rows))
    depth = ceil_div(gemm.k, parts)
    if parts == 1:
        width = min(gemm.n, max(1, most_elements // (gemm.k * columns)) * columns)
    tiles = []
    for start in range(0, gemm.n, width):
        for bottom in range(0, gemm.k, depth):
            tiles.append(Gemm(gemm.m, min(width, gemm.n - start), min(depth, gemm.k - bottom), gemm.batch))
    return tuple(tiles)
