"""What the search tries: slots for weights, cuts, tiles."""

from __future__ import annotations

from typing import Any

import pytest

from hw.machine import MachineSpec
from hw.unit_names import ComputeUnit
from sim.files.catalog import find
from sim.files.documents import Document, read_document
from sim.files.errors import InputError, MappingError
from sim.files.resolve import build_workload, placing, resolve_workload
from sim.lowering.allotment import allot
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, stepped_operations
from sim.lowering.section import cost_model
from sim.search.genome import Genome
from sim.search.space import Space
from workloads.builder import GraphBuilder
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

MIB = 2**20
EDGE = read_document(find("machine", "edge")).check(MachineSpec)


def space(*assignments: str) -> Space:
    stack = resolve_workload("mamba2", ["dimensions.d_model=128", "sequence_length=64", *assignments]).stacks[0]
    return Space(stack, cost_model(stack, EDGE))


def genome(of: Space, steps: int, **other: Any) -> Genome:
    usual = of.choices.genome(steps, (4, 1), 64, False, ["mac_array"] * len(of.choices.free))
    return usual._replace(**other)


def test_a_candidate_is_what_its_genome_says_and_fits() -> None:
    found = space()
    wanted = genome(found, 16, head_first=True, steps_first=True, spare_sram="weights", sram_bytes=MIB)
    candidate = found.candidate(wanted)
    assert candidate is not None and candidate is found.candidate(wanted)
    mapping = candidate.mapping
    assert mapping == found.mapping(wanted)
    assert (mapping.token_tile, mapping.tile_steps, mapping.blocks, mapping.lanes) == (16, 16, 4, 1)
    assert (mapping.weight_slot_bytes, mapping.spill) == (64 * 1024, False)
    assert (mapping.sram_bytes, mapping.spare_sram) == (MIB, "weights")
    assert mapping.head_first and mapping.steps_first
    assert sum(s.buffer.size_bytes for s in candidate.inventory.storages()) <= MIB


def test_what_changes_nothing_is_no_candidate() -> None:
    found = space()
    assert found.candidate(genome(found, 16, spill=True)) is not None
    assert found.candidate(genome(found, 16, spill=True, blocks=2)) is None, "two blocks of a state are on chip anyway"


def test_what_does_not_fit_is_no_candidate_and_says_how_much_it_needs() -> None:
    found = space("dimensions.d_model=8192", "dimensions.head_dim=64")
    assert found.candidate(genome(found, 64)) is None
    assert "one layer needs" in str(found.too_large()) and "machine 'edge' has 2 MiB" in str(found.too_large())


def test_tiles_of_chunks_count_tokens() -> None:
    found = space("formulation=chunked", "chunk=16")
    candidates = [found.candidate(genome(found, steps)) for steps in (1, 2, 4)]
    assert [each and (each.mapping.token_tile, each.mapping.tile_steps) for each in candidates] == [
        (16, 1), (32, 2), (64, 4),
    ]  # fmt: skip


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
    for cut in ((2, 2), (2, 1), (4, 2), (8, 1), (1, 1), (16, 1), (24, 1)):
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
