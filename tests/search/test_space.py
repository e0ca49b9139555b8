"""What the search tries: slots for weights, cuts, tiles."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from hw.unit_names import ComputeUnit
from sim.files.catalog import find
from sim.files.documents import Document, read_document
from sim.files.errors import InputError, MappingError
from sim.files.resolve import build_workload, placing, resolve_workload
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, allot
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, stepped_operations
from sim.lowering.section import cost_model
from sim.search.space import CUTS, Space
from workloads.graph import GraphBuilder
from workloads.workload import Workload, WorkloadSpec

MIB = 2**20
EDGE = read_document(find("machine", "edge")).check(MachineSpec)


def space(*assignments: str) -> Space:
    stack = resolve_workload("mamba2", ["dimensions.d_model=128", "sequence_length=64", *assignments]).stacks[0]
    return Space(stack, cost_model(stack, EDGE))


@pytest.mark.parametrize(
    ("wish", "steps", "groups"),
    [
        pytest.param((), 16, [[128, 64]], id="a tile of many timesteps never has the smallest"),
        pytest.param((), 1, [[128, 64], [32]], id="for one timestep it is the last resort"),
        pytest.param(("mapping.weight_slot_kib=48",), 16, [[48]], id="as wished"),
        pytest.param(("mapping.weight_slot_kib=48",), 1, [[48]], id="as wished, one timestep"),
    ],
)
def test_slots_for_weights(wish: tuple[str, ...], steps: int, groups: list[list[int]]) -> None:
    assert space(*wish)._slots_for(steps) == groups


def test_candidates_fit_and_are_ordered_by_their_bound() -> None:
    found = space().first()
    assert [candidate.bound for candidate in found] == sorted(candidate.bound for candidate in found)
    assert {candidate.mapping.token_tile for candidate in found} == {1, 2, 4, 8, 16, 32, 64}
    for candidate in found:
        assert sum(s.buffer.size_bytes for s in candidate.inventory.storages()) <= EDGE.sram.capacity


def test_tiles_of_chunks_count_tokens() -> None:
    found = space("formulation=chunked", "chunk=16").first()
    assert {(each.mapping.token_tile, each.mapping.tile_steps) for each in found} == {(16, 1), (32, 2), (64, 4)}


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        pytest.param(
            "mapping.blocks=3",
            "mapping.blocks: blocks x lanes must divide the 4 parallel parts of the recurrence",
            id="cut",
        ),
        pytest.param(
            "mapping.place.nothing=simd", "mapping.place.nothing: unknown operation, expected one of", id="place"
        ),
    ],
)
def test_a_wish_that_cannot_be_met_names_its_entry(wish: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        space(wish)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        pytest.param(
            {"B": "simd"}, "w.yaml:1: mapping.place.B: unknown operation, expected one of a, y", id="no-such-operation"
        ),
        pytest.param(
            {"y": "simd"},
            "w.yaml:1: mapping.place.y: found 'simd', but this machine does it on mac_array only",
            id="projection-on-lanes",
        ),
    ],
)
def test_a_placement_that_cannot_be_is_an_error(place: dict[str, ComputeUnit], message: str) -> None:
    b = GraphBuilder("small", {"d": 16, "h": 8}, "u[t,d]")
    b.define("a", "any", "a[t,d] = exp(u[t,d])")
    b.define("y", "any", "y[t,h] = sum(d, W[d,h] * a[t,d])")
    spec = WorkloadSpec.model_validate(
        {
            "name": "w",
            "model": "mamba1",
            "dimensions": {},
            "layers": 1,
            "sequence_length": 4,
            "mapping": {"place": place},
        }
    )
    with pytest.raises(InputError) as caught, placing(Document({}, [("w.yaml", {})]), Document({}, [("m.yaml", {})])):
        stack = Workload.alike(spec, b.build("y")).stacks[0]
        Space(stack, cost_model(stack, EDGE))
    assert str(caught.value) == message


@pytest.mark.parametrize("capacity", [MIB // 2, MIB, 2 * MIB, 4 * MIB])
@pytest.mark.parametrize("name", ["mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd"])
def test_what_does_not_fit_does_not_with_a_larger_tile(name: str, capacity: int) -> None:
    workload = build_workload(read_document(find("workload", name)))
    costs = CostModel(Analysis(workload.graph), EDGE, 2)
    for cut in CUTS:
        groups = cut[0] * cut[1]
        stepped = stepped_operations(costs.analysis, groups, 128)
        placement = choose_placement(costs, stepped, (16, 1, groups), "auto", {})
        fits = []
        for steps in (1, 2, 4, 8, 16, 32, 64, 128):
            chunk = workload.graph.tokens
            mapping = Mapping(steps * chunk, chunk, 1, *cut, stepped, placement, 64 * 1024)
            inventory = Inventory(costs.analysis, mapping, cut_into_streams(costs, mapping), (2, 2))
            fits.append(allot(inventory, capacity))
        assert fits == sorted(fits, reverse=True), cut
