"""What the search tries: slots for weights, cuts, tiles."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.errors import MappingError
from sim.files.resolve import resolve_workload
from sim.lowering.section import cost_model
from sim.search.space import Space

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
