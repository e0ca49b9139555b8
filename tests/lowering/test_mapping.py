"""What runs step by step, where it runs, how weights are cut, and that it all fits."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import networkx as nx
import pytest

from hw.mac_array import MacArraySpec
from hw.machine import MachineSpec
from hw.requests import Gemm
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.resolve import build_workload
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, allot
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft, cut_into_streams, stream_edges, weight_tiles
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, stepped_operations
from workloads.workload import Placement, Workload

ARRAY = MacArraySpec(rows=32, columns=32, dataflow="output_stationary", folds="overlapped")
MODELS = ["mamba1", "mamba2", "mamba3_mimo"]


def workload(name: str) -> Workload:
    return build_workload(read_document(find("workload", name)))


def machine(name: str) -> MachineSpec:
    return read_document(find("machine", name)).check(MachineSpec)


def costs_of(name: str, hardware: str = "edge") -> CostModel:
    return CostModel(Analysis(workload(name).graph), machine(hardware), 2)


def mapping_of(costs: CostModel, tokens: int, cut: tuple[int, int], wish: Placement = "auto") -> Mapping:
    stepped = stepped_operations(costs.analysis, cut[0] * cut[1], 128)
    placement = choose_placement(costs, stepped, (tokens, 1, cut[0] * cut[1]), wish, {})
    return Mapping(tokens, 1, 1, *cut, stepped, placement, 64 * 1024)


@pytest.mark.parametrize(
    ("model", "index", "recurrent"),
    [
        pytest.param("mamba1", "i", {"update"}, id="mamba1-channels"),
        pytest.param("mamba2", "h", {"update"}, id="mamba2-heads"),
        pytest.param("mamba3_mimo", "h", {"update", "angle"}, id="mamba3-heads"),
    ],
)
def test_recurrences_and_their_parallel_index_are_found(model: str, index: str, recurrent: set[str]) -> None:
    analysis = costs_of(model).analysis
    assert analysis.group_index == index
    assert analysis.recurrent == recurrent


@pytest.mark.parametrize(
    ("model", "stepped", "batched"),
    [
        # exp(dt A) is 393 KB a token; the convolution's result is needed by x_proj for a whole tile
        pytest.param("mamba1", {"decay", "outer", "readout", "gate"}, {"conv", "x_proj.B", "residual"}, id="mamba1"),
        # the norm behind the gate needs all heads
        pytest.param("mamba2", {"conv.x", "outer", "readout", "gate"}, {"gate_norm.apply", "conv.B"}, id="mamba2"),
        # B and C of each head are larger than before their bias; dt has one element a head
        pytest.param("mamba3_mimo", {"bias_B", "rotate_C", "outer", "gate"}, {"norm_B.apply", "dt"}, id="mamba3"),
    ],
)
def test_neighbours_of_a_recurrence_are_stepped_where_it_saves_a_buffer(
    model: str, stepped: set[str], batched: set[str]
) -> None:
    found = stepped_operations(costs_of(model).analysis, 8, 128)
    assert stepped <= found
    assert not batched & found


@pytest.mark.parametrize(
    ("model", "operation", "unit", "cycles"),
    [
        pytest.param("mamba2", "update", "simd", 6144, id="a-pass-over-the-state"),
        pytest.param("mamba2", "outer", "simd", 6144, id="another-pass"),
        pytest.param("mamba2", "readout", "simd", 6144, id="readout-on-lanes"),
        pytest.param("mamba2", "readout", "mac_array", 96 * 64, id="readout-on-one-row-of-the-array"),
        pytest.param("mamba1", "decay", "simd", 6144 * 5, id="multiplication-and-exp-of-4"),
        pytest.param("mamba3_mimo", "outer", "mac_array", 48 * 2 * 32, id="rank-8-update-limited-by-its-results"),
        pytest.param("mamba3_mimo", "readout", "mac_array", 48 * 64, id="readout-of-4-rows"),
    ],
)
def test_costs_for_one_token_by_hand(model: str, operation: str, unit: str, cycles: int) -> None:
    assert costs_of(model).cost(operation, unit, 1, 1).cycles == cycles


@pytest.mark.parametrize(("model", "cycles"), [("mamba1", 14_784), ("mamba2", 14_112), ("mamba3_mimo", 10_848 + 4_608)])
def test_projections_for_one_token_by_hand(model: str, cycles: int) -> None:
    costs = costs_of(model)
    names = [name for name in costs.analysis.operations if costs.analysis.kind(name) == "projection"]
    assert sum(costs.cost(name, "mac_array", 32, 1).cycles for name in names) == cycles * 32


def test_elementwise_pes_do_a_skinny_contraction_their_own_way() -> None:
    plain, flexible = (costs_of("mamba2", name).cost("readout", "mac_array", 1, 1) for name in ("edge", "edge_flexpe"))
    assert flexible.cycles == 196_608 // 1024
    assert plain.cycles == 6144


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("wish", "unit"), [("simd", "simd"), ("mac_array", "mac_array")])
def test_wished_placement_moves_all_that_can(model: str, wish: Placement, unit: str) -> None:
    costs = costs_of(model)
    placement = mapping_of(costs, 32, (4, 2), wish).placement
    for name, where in placement.items():
        options = costs.units(name)
        assert where == (unit if unit in options else options[0]), name


def loads(costs: CostModel, mapping: Mapping) -> dict[str, int]:
    total = {"mac_array": 0, "simd": 0}
    for name, unit in mapping.placement.items():
        total[unit] += costs.cost(name, unit, 32, 1).cycles
    return total


@pytest.mark.parametrize("hardware", ["edge", "edge_flexpe"])
@pytest.mark.parametrize("model", MODELS)
def test_auto_placement_is_no_worse_than_either_extreme(model: str, hardware: str) -> None:
    costs = costs_of(model, hardware)
    auto, *extremes = (
        max(loads(costs, mapping_of(costs, 32, (1, 1), wish)).values()) for wish in ("auto", "mac_array", "simd")
    )
    assert auto <= 1.02 * min(extremes)


def drafts_of(costs: CostModel, tokens: int = 32, cut: tuple[int, int] = (4, 2)) -> tuple[Mapping, list[Draft]]:
    mapping = mapping_of(costs, tokens, cut)
    return mapping, cut_into_streams(costs, mapping)


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
    assert Counter((tile.n, tile.k) for tile in weight_tiles(gemm, (ARRAY.rows, ARRAY.columns), most)) == expected


def inventory_of(costs: CostModel, tokens: int, cut: tuple[int, int]) -> Inventory:
    mapping, drafts = drafts_of(costs, tokens, cut)
    return Inventory(costs.analysis, mapping, drafts, (2, 2))


@pytest.mark.parametrize("capacity", [2 * 2**20, 3 * 2**20, 8 * 2**20, 64 * 2**20])
@pytest.mark.parametrize("model", MODELS)
def test_buffers_never_exceed_the_capacity_and_use_what_is_left(model: str, capacity: int) -> None:
    small = inventory_of(costs_of(model), 16, (4, 2))
    assert allot(small, capacity)
    storages = small.storages()
    assert sum(storage.buffer.size_bytes for storage in storages) <= capacity
    ends = [(s.buffer.start, s.buffer.start + s.buffer.size_bytes) for s in storages]
    assert all(one[1] == other[0] for one, other in pairwise(ends))  # no gap, no overlap


def test_what_does_not_fit_is_refused() -> None:
    assert not allot(inventory_of(costs_of("mamba2"), 64, (4, 2)), 2**20)


def test_weights_of_a_layer_stay_on_chip_if_they_fit() -> None:
    """Mamba-2's 28.9 MB of weights: not in 8 MiB, but in 64 MiB."""
    for capacity, resident in ((8 * 2**20, False), (64 * 2**20, True)):
        inventory = inventory_of(costs_of("mamba2"), 16, (4, 2))
        assert allot(inventory, capacity)
        assert inventory.resident is resident


def test_state_is_updated_in_place_and_b_of_two_tokens_is_kept() -> None:
    stored = inventory_of(costs_of("mamba3_mimo"), 16, (4, 2)).stored
    assert (stored["S"].buffer.role, stored["S"].buffer.slots) == ("state", 1)
    assert (stored["B"].buffer.role, stored["B"].buffer.slots) == ("state", 2)


def test_results_take_over_the_buffer_of_what_nobody_needs_any_more() -> None:
    stored = inventory_of(costs_of("mamba2"), 16, (4, 2)).stored
    assert stored["g"] is stored["z"] is stored["gn"]  # gate and norm write over z
    assert stored["x"] is not stored.get("xc")  # the convolution still needs the past of x
