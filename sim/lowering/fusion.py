"""Cuts a mapped layer into streams: which operations share a request, and in which order a tile is worked through.

Operations on one unit and in one order of work are fused as long as the streams stay acyclic.
Projections that read one tensor share a stream of weight tiles: the small ones, and block by block the ones that the
recurrence waits for; those that it does not wait for form a stream of their own, so that they can come later. Where
equal arrays share projections, the tiles are dealt out: each array has a stream of its own for its share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hw.integers import ceil_div
from hw.unit_names import ComputeUnit
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping
from sim.lowering.order import BatchLayout, Layout, SegmentLayout, StepLayout
from sim.lowering.sharing import arrays_of, parts_of
from sim.lowering.weight_tiles import Cut, WeightTiles, deal, operations_of, weight_columns
from workloads.digraph import after, in_order, reach

REQUEST_CYCLES = 2048  # batched vector work is cut into requests of about this, so that recurrences get their turn
LEAST_TILE_ELEMENTS = 8192  # a matrix is streamed in 16 tiles or in tiles of this size, whichever is larger


class Bundle(NamedTuple):
    """Projections that share a stream on a unit, and their weights; dealt out in ``shares`` where units share them."""

    unit: ComputeUnit
    operations: list[str]
    weights: WeightTiles
    shares: tuple[Bundle, ...] = ()


@dataclass(frozen=True, eq=False)
class Draft:
    """A stream before its dependencies are known; ``weights`` are the tiles of a projection stream, one an item.

    What is ``final`` is done once, in the last tile of a layer. Where equal arrays share projections it becomes several
    streams, its ``shares``: drafts that ``is_share`` is said of, each with its tiles of the weights, in the order in
    which the whole has them, and the operations that have any.
    """

    unit: ComputeUnit
    operations: list[str]
    stepped: bool
    grouped: bool
    layout: Layout
    weights: WeightTiles | None = None
    shares: tuple[Draft, ...] = ()
    is_share: bool = False
    final: bool = False

    @property
    def streams(self) -> tuple[Draft, ...]:
        """What becomes a stream each: its shares, or the whole."""
        return self.shares or (self,)

    def done(self, name: str) -> dict[ComputeUnit, int]:
        """The units that do *name*, one of its operations, each with how much of it, as parts of the sum of all."""
        shares = [(each.unit, each.weights.macs(name)) for each in self.shares if each.weights is not None]
        return dict(shares) or {self.unit: 1}

    @property
    def is_projection(self) -> bool:
        """Whether the items are weight tiles."""
        return self.weights is not None

    def parts(self, mapping: Mapping) -> int:
        """The parts into which its operations are cut."""
        return (mapping.groups if self.stepped else mapping.blocks) if self.grouped else 1


def cut_into_streams(costs: CostModel, mapping: Mapping) -> list[Draft]:
    """The streams of a layer in topological order."""
    drafts = [_vector_draft(costs, mapping, names) for names in _fused(costs, mapping)]
    drafts += [_projection_draft(costs, mapping, bundle) for bundle in projections(costs, mapping)]
    return _in_order(costs, drafts)


def projections(costs: CostModel, mapping: Mapping) -> list[Bundle]:
    """The projections that share a stream, and their weights in tiles, for each such stream."""
    rows, blocks = mapping.tile_steps * mapping.batch, mapping.blocks
    units = tuple(mapping.placement[name] for name in costs.analysis.projections)
    widths = costs.once(("widths of folds", rows, blocks, units), lambda: _fold_widths(costs, rows, blocks, units))
    parts = parts_of(costs, mapping)
    key = "projections", mapping.stepped, blocks, mapping.weight_slot_bytes, units, widths, tuple(parts.items())
    return costs.once(key, lambda: _projections(costs, mapping, parts))


def _fold_widths(costs: CostModel, rows: int, blocks: int, units: tuple[ComputeUnit, ...]) -> tuple[int, ...]:
    """How much of the n of each projection a fold does, all that tiles of weights depend on *rows* for."""
    return tuple(
        costs.arrays[unit].columns_of_a_fold(costs.gemm(name, unit, rows, parts))
        for name, unit in zip(costs.analysis.projections, units, strict=True)
        for parts in (1, blocks)
    )


def _projections(costs: CostModel, mapping: Mapping, parts: dict[ComputeUnit, int]) -> list[Bundle]:
    analysis = costs.analysis
    bundles: dict[tuple[object, ...], list[str]] = {}
    for name in analysis.operations:
        if analysis.kind(name) == "projection" and name not in mapping.stepped:
            bundles.setdefault(_bundle_key(costs, mapping, name), []).append(name)
    return [_bundle(costs, mapping, names, parts) for names in bundles.values()]


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
    names = [draft.operations for draft in drafts]
    key = "order of streams", tuple(map(tuple, names))
    order = costs.once(key, lambda: in_order(stream_edges(costs.analysis, names)))
    return [drafts[number] for number in order]


def _fused(costs: CostModel, mapping: Mapping) -> list[list[str]]:
    key = "fused operations", mapping.stepped, tuple(mapping.placement.items())
    return costs.once(key, lambda: _fuse(costs.analysis, mapping))


def _fuse(analysis: Analysis, mapping: Mapping) -> list[list[str]]:
    """Everything but the batched projections, fused: each operation joins the latest stream that it may join.

    It may join a stream of its unit and order of work unless that would close a circle of streams. Each batched
    projection is a stream by itself here: what it depends on can close a circle too.
    """
    streams: list[_Fused] = []
    home: dict[str, int] = {}
    for name in analysis.operations:
        way = _way_of_work(analysis, mapping, name)
        alike = [n for n, stream in enumerate(streams) if way is not None and stream.way == way]
        joined = next((n for n in reversed(alike) if _works(analysis, mapping, {**home, name: n}, n)), len(streams))
        if joined == len(streams):
            streams.append(_Fused(way, []))
        streams[joined].names.append(name)
        home[name] = joined
    return [stream.names for stream in streams if stream.way is not None]


class _Way(NamedTuple):
    """How operations are worked through: those of one stream are alike in that."""

    unit: ComputeUnit
    stepped: bool
    grouped: bool
    final: bool


class _Fused(NamedTuple):
    """Operations that share a stream; ``way`` is None for a batched projection."""

    way: _Way | None
    names: list[str]


def _way_of_work(analysis: Analysis, mapping: Mapping, name: str) -> _Way | None:
    """How an operation is worked through; None for a batched projection, whose items are tiles of weights."""
    stepped = name in mapping.stepped
    if analysis.kind(name) == "projection" and not stepped:
        return None
    return _Way(mapping.placement[name], stepped, analysis.grouped(name), analysis.final(name))


def _works(analysis: Analysis, mapping: Mapping, home: dict[str, int], joined: int) -> bool:
    """Whether streams with these operations can be worked through without waiting for each other in a circle.

    They could before an operation joined the stream *joined*, so it is circles through that one that matter. Within a
    timestep there must be none. A circle through earlier timesteps needs streams that take turns at every timestep: all
    of them stepped, all of them cut or none.
    """
    ever: list[tuple[str | int, str | int]] = []
    now: list[tuple[str | int, str | int]] = []
    for source, reader, distance in analysis.edges:
        edge = home.get(source, source), home.get(reader, reader)
        if edge[0] != edge[1]:
            ever.append(edge)
            if not distance:
                now.append(edge)
    if joined in reach(after(now), joined):
        return False
    circle = reach(after(ever), joined) & reach(after((reader, source) for source, reader in ever), joined)
    ways = {
        (name in mapping.stepped, analysis.grouped(name))
        for name in (analysis.operations if circle else ())
        if home.get(name, name) in circle
    }
    return ways in (set(), {(True, True)}, {(True, False)})


def _vector_draft(costs: CostModel, mapping: Mapping, names: list[str]) -> Draft:
    analysis, first = costs.analysis, names[0]
    unit, grouped, stepped = mapping.placement[first], analysis.grouped(first), first in mapping.stepped
    if stepped:
        layout: Layout = (
            StepLayout(mapping.tile_steps, mapping.blocks, mapping.lanes)
            if grouped
            else StepLayout(mapping.tile_steps, 1, 1)
        )
        return Draft(unit, names, stepped, grouped, layout)
    blocks = mapping.blocks if grouped else 1
    if analysis.final(first):
        layout = BatchLayout(mapping.tile_steps, blocks, 1)
        return Draft(unit, names, stepped, grouped, layout, final=True)
    cycles = costs.fused_cost(names, unit, mapping.tile_steps * mapping.batch, blocks).cycles
    chunks = min(mapping.tile_steps, max(1, ceil_div(cycles, REQUEST_CYCLES)))
    return Draft(unit, names, stepped, grouped, BatchLayout(mapping.tile_steps, blocks, chunks))


def _blocked(costs: CostModel, mapping: Mapping, name: str) -> bool:
    """Whether a projection is done block by block: only where a block still fills the array, whatever the tile.

    One whose results are cut makes them block by block; one that sums over all groups takes its operand block by block
    and accumulates, so that it can start, and free the operand, before the last block is there.
    """
    analysis, unit = costs.analysis, mapping.placement[name]
    array = costs.arrays[unit]
    if mapping.blocks == 1:
        return False
    gemm = costs.gemm(name, unit, costs.longest, mapping.blocks)
    if analysis.grouped(name):
        if gemm.batch < costs.gemm(name, unit, costs.longest, 1).batch:
            return True  # a block has fewer products, which are as wide
        width = array.columns_of_a_fold(gemm)
        return gemm.n % width == 0 or gemm.n >= 8 * width
    return analysis.sums_over_groups(name) and gemm.words >= 4 * array.spec.rows


def _bundle_key(costs: CostModel, mapping: Mapping, name: str) -> tuple[object, ...]:
    """Projections with one key share a stream: same arrays and operand, and awaited by the recurrence alike."""
    analysis = costs.analysis
    inputs = frozenset((r.tensor, r.lag) for r in analysis.operations[name].equation.references if r.lag is not None)
    awaited = any(name in analysis.ancestors[step] for step in analysis.recurrent)
    late = not awaited and analysis.grouped(name) and _blocked(costs, mapping, name)
    return arrays_of(costs, mapping, name), inputs, late


def _projection_draft(costs: CostModel, mapping: Mapping, bundle: Bundle, is_share: bool = False) -> Draft:
    unit, names, weights, shares = bundle
    key = "layout", weights, mapping.tile_steps
    layout = costs.once(key, lambda: SegmentLayout(mapping.tile_steps, weights.segments))
    drafts = tuple(_projection_draft(costs, mapping, share, True) for share in shares)
    return Draft(unit, names, False, False, layout, weights, drafts, is_share)


def _bundle(costs: CostModel, mapping: Mapping, names: list[str], parts: dict[ComputeUnit, int]) -> Bundle:
    """The weights of *names*, which share a stream, as a whole and dealt out to the arrays that share them."""
    units, cuts = arrays_of(costs, mapping, names[0]), _cuts(costs, mapping, names)
    lying = costs.weights, costs.types.dequantised(names[0], units[0])
    whole = Bundle(units[0], names, WeightTiles.of(cuts, *lying))
    if len(units) == 1:
        return whole
    dealt = [(unit, own) for unit, own in zip(units, deal(cuts, [parts[unit] for unit in units]), strict=True) if own]
    shares = tuple(Bundle(unit, operations_of(own), WeightTiles.of(own, *lying)) for unit, own in dealt)
    return whole._replace(shares=shares) if len(shares) > 1 else whole


def _cuts(costs: CostModel, mapping: Mapping, names: list[str]) -> list[Cut]:
    analysis, unit = costs.analysis, mapping.placement[names[0]]
    array = costs.arrays[unit]
    whole = [name for name in names if not _blocked(costs, mapping, name)]
    parts: list[tuple[str, int | None]] = [(name, None) for name in whole]
    parts += [(name, block) for block in range(mapping.blocks) for name in names if name not in whole]
    elements = sum(analysis.graph.elements(tensor) for name in names for tensor in analysis.weights[name])
    slot = min(int(mapping.weight_slot_bytes / costs.weights.element_bytes), max(LEAST_TILE_ELEMENTS, elements // 16))
    cuts: list[Cut] = []
    for name, block in parts:
        blocks = 1 if block is None else mapping.blocks
        width = array.columns_of_a_fold(costs.gemm(name, unit, mapping.tile_steps * mapping.batch, blocks))
        columns = weight_columns(costs.whole_gemm(name, unit, blocks), (array.spec.rows, width), slot)
        cuts.append(Cut(name, block, columns, block is not None and not analysis.grouped(name), analysis.share(name)))
    return cuts
