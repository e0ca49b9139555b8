"""Streams: which operations share one, and how weights are cut into tiles."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import pytest

from hw.mac_array import MacArraySpec
from hw.requests import Gemm
from sim.files.resolve import resolve_workload
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from sim.lowering.fusion import stream_edges
from sim.lowering.section import cost_model
from sim.lowering.weight_tiles import weight_columns
from tests.support.mapped import MODELS, costs_of, drafts_of, machine
from tests.support.shipped import built

ARRAY = MacArraySpec(rows=32, columns=32, dataflow=["output_stationary"], folds="overlapped")


@pytest.mark.parametrize("hardware", ["edge", "edge_flexpe"])
@pytest.mark.parametrize("model", MODELS)
def test_streams_hold_each_operation_once_and_form_no_circle(model: str, hardware: str) -> None:
    costs = costs_of(model, hardware)
    mapping, drafts = drafts_of(costs)
    names = [name for draft in drafts for name in draft.operations]
    assert sorted(names) == sorted(costs.analysis.operations)
    for draft in drafts:
        assert {mapping.placement[name] for name in draft.operations} == {draft.unit}
    edges = stream_edges(costs.analysis, [draft.operations for draft in drafts])
    assert nx.is_directed_acyclic_graph(nx.DiGraph((a, b) for a, after in edges.items() for b in after))
    assert all(a < b for a, after in edges.items() for b in after)  # numbered in the order of use


@pytest.mark.parametrize("model", MODELS)
def test_weight_tiles_hold_all_weights_once(model: str) -> None:
    costs = costs_of(model)
    _, drafts = drafts_of(costs)
    graph = costs.analysis.graph
    for draft in drafts:
        if draft.weights is not None:
            held = draft.weights.elements.sum()
            named = {tensor for name in draft.operations for tensor in costs.analysis.weights[name]}
            assert held == sum(graph.elements(tensor) for tensor in named)


@pytest.mark.parametrize(
    ("gemm", "most", "expected"),
    [
        pytest.param(Gemm(8, 96, 64), 64 * 64, {(64, 64): 1, (32, 64): 1}, id="two-columns-wide"),
        pytest.param(Gemm(8, 64, 256), 32 * 128, {(32, 128): 4}, id="too-deep-is-cut-in-depth"),
        pytest.param(Gemm(8, 20, 40), 10**6, {(20, 40): 1}, id="narrow-in-one"),
        pytest.param(Gemm(8, 33, 40), 32 * 40, {(32, 40): 1, (1, 40): 1}, id="remainder"),
    ],
)
def test_weight_tiles_by_hand(gemm: Gemm, most: int, expected: dict[tuple[int, int], int]) -> None:
    columns = weight_columns(gemm, (ARRAY.rows, ARRAY.columns), most)
    assert Counter((tile.n, tile.k) for column in columns for tile in column) == expected


@pytest.mark.parametrize("tokens", [1, 2, 8, 9, 32])
@pytest.mark.parametrize("model", MODELS)
def test_no_fold_is_lost_where_weights_are_cut(model: str, tokens: int) -> None:
    """Tiles of whole projections together take the array as long as the projection at once, shared folds or not."""
    costs = costs_of(model)
    _, drafts = drafts_of(costs, tokens, (1, 1))
    for weights in (draft.weights for draft in drafts if draft.weights is not None):
        first = 0
        for segment in weights.segments:
            tiles = [weights.shapes[number] for number in weights.numbers[first : first + segment.items]]
            cycles = sum(costs.arrays["mac_array"].cost(tile._replace(m=tile.m * tokens)).cycles for tile in tiles)
            assert cycles == costs.arrays["mac_array"].cost(costs.gemm(segment.part, "mac_array", tokens, 1)).cycles
            first += segment.items


def test_whether_a_projection_is_cut_does_not_depend_on_the_tile() -> None:
    """Buffers are laid out once for all lengths of a tile. What counts is the longest, in decode a timestep."""
    for longest, blocked in (1, False), (2**20, True):
        costs = CostModel(Analysis(built("mamba2").graph), machine("edge"), 2, longest=longest)
        for tokens in 1, 32:
            _, drafts = drafts_of(costs, tokens, (24, 1))
            parts = {s.part: s.block is not None for d in drafts if d.weights is not None for s in d.weights.segments}
            assert parts["in_proj.x"] == blocked


def test_products_side_by_side_are_done_block_by_block() -> None:
    """MIMO widens x in chunks by a product of four columns for every channel: blocks have fewer of them, as wide."""
    stack = resolve_workload("mamba3-mimo-894m", ["formulation=chunked", "chunk=8"]).stacks[0]
    costs = cost_model(stack, machine("edge"))
    _, drafts = drafts_of(costs, 32, (24, 1))
    found = {s.part: s.block for d in drafts if d.weights is not None for s in d.weights.segments}
    assert found["widen_x"] == 23, "the last of its blocks"
