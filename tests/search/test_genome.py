"""What the wide search may choose, within the wishes of a workload, and its random moves."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from sim.files.resolve import resolve
from sim.lowering.section import cost_model
from sim.search.genome import LANES, SLOTS_KIB, SPARE, Choices, Genome, near
from workloads.workload_spec import MappingSpec


def choices(*settings: str, machine: str = "edge") -> Choices:
    inputs = resolve("mamba2-d96", machine, ["sequence_length=64", *settings])
    stack = inputs.workload.stacks[0]
    return Choices(stack, cost_model(stack, inputs.machine))


def test_everything_is_open_without_wishes() -> None:
    found = choices()
    assert found.tiles[-1] == 64 and 1 in found.tiles and 28 in found.tiles
    assert (found.size, found.blocks) == (3, [1, 3])
    assert (tuple(found.lanes), tuple(found.slots), found.spills) == (LANES, SLOTS_KIB, (False, True))
    assert found.free == ["outer", "readout"], "contractions of activations are done by either unit"
    assert set(found.cuts) == {(1, 1), (1, 3), (3, 1)}
    assert (found.rooms, found.spare, found.heads) == ([None, 2**20, 2**19], SPARE, (False, True))
    assert not found.closed


def test_elementwise_pes_leave_more_open() -> None:
    assert set(choices(machine="edge_flexpe").free) > {"outer", "readout", "update", "norm.square"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(["mapping.token_tile=24"], {"tiles": [24]}, id="tile"),
        pytest.param(["mapping.token_tile=4096"], {"tiles": [64]}, id="tile longer than the prompt"),
        pytest.param(["phase=decode"], {"tiles": [1]}, id="decode"),
        pytest.param(["sequence_length=70"], {"tiles[-1]": 70}, id="the whole prompt is a tile too"),
        pytest.param(["mapping.blocks=3", "mapping.lanes=1"], {"blocks": [3], "lanes": [1]}, id="cut"),
        pytest.param(["mapping.weight_slot_kib=20"], {"slots": [20]}, id="slot"),
        pytest.param(["mapping.spill=true"], {"spills": (True,)}, id="spill"),
        pytest.param(["mapping.sram_kib=512"], {"rooms": [2**19]}, id="a part of the SRAM"),
        pytest.param(["mapping.sram_kib=2048"], {"rooms": [None]}, id="all of the SRAM"),
        pytest.param(["mapping.spare_sram=weights"], {"spare": ("weights",)}, id="spare SRAM"),
        pytest.param(["mapping.head_first=true"], {"heads": (True,)}, id="urgency"),
        pytest.param(["mapping.steps_first=true"], {"urgent_steps": (True,)}, id="urgent steps"),
        pytest.param(["mapping.step_elements=7"], {"step_elements": [7]}, id="step by step"),
        pytest.param(["mapping.place={outer: simd}"], {"free": ["readout"]}, id="one place"),
        pytest.param(["mapping.placement=mac_array"], {"free": []}, id="placement"),
    ],
)
def test_wishes_close_choices(settings: list[str], expected: dict[str, object]) -> None:
    found = choices(*settings)
    for name, value in expected.items():
        assert eval(f"found.{name}", {"found": found}) == value


def test_moves_stay_within_the_choices_and_reach_each_of_them() -> None:
    found, random = choices("mapping.lanes=1"), Random(3)
    genome = found.genome(32, (3, 1), 64, False, ("mac_array", "simd"))
    assert genome == Genome(32, 3, 1, 64, False, ("mac_array", "simd"), None, "evenly", False, False, 128)
    seen = [genome := found.mutated(genome, 2, random) for _ in range(3000)]
    assert {each.steps for each in seen} == set(found.tiles)
    assert {(each.blocks, each.lanes) for each in seen} == set(found.cuts)
    assert {each.slot_kib for each in seen} == set(found.slots)
    assert {each.spill for each in seen} == {False, True}
    assert {(each.head_first, each.steps_first) for each in seen} == set(product((False, True), repeat=2))
    assert {(each.sram_bytes, each.spare_sram) for each in seen} == set(product(found.rooms, SPARE))
    assert {each.units for each in seen} == {(a, b) for a in ("mac_array", "simd") for b in ("mac_array", "simd")}
    assert found.placement(seen[-1]) == found.fixed | dict(zip(found.free, seen[-1].units, strict=True))


def test_whether_projections_are_shared_is_open_where_arrays_are_equal_only() -> None:
    assert [choices(machine=each).sharing for each in ("edge", "edge_sfu")] == [(False,)] * 2
    assert choices("mapping.share_projections=false", machine="edge_2x512").sharing == (False,)
    found, random = choices("mapping.lanes=1", machine="edge_2x512"), Random(3)
    genome = found.genome(32, (3, 1), 64, False, found.units_like({}))
    assert genome.shared, "as a rule that is better"
    assert {found.mutated(genome, 2, random).shared for _ in range(200)} == {False, True}
    assert {each.shared for each in found.variants(genome)} == {False, True}


def test_near_is_a_place_or_two_away_and_never_outside() -> None:
    random = Random(1)
    assert {near([1, 2, 4, 8, 16, 32], 5, random) for _ in range(200)} == {1, 2, 8, 16}
    assert {near([1, 2, 4], 1, random) for _ in range(200)} == {1, 2, 4}


def test_wishes_for_everything_leave_nothing_open() -> None:
    every = [
        "token_tile=16", "blocks=3", "lanes=1", "weight_slot_kib=64", "spill=false", "sram_kib=1024",
        "spare_sram=evenly", "head_first=false", "steps_first=false", "step_elements=64", "placement=simd",
    ]  # fmt: skip
    wishes = [f"mapping.{wish}" for wish in every]
    assert choices(*wishes).closed
    for missing in set(wishes) - {"mapping.lanes=1"}:  # three blocks of three heads have one lane
        assert not choices(*(wish for wish in wishes if wish != missing)).closed, missing


def test_variants_change_what_is_stepped_the_use_of_sram_or_the_urgency() -> None:
    found = choices()
    genome = found.genome(32, (3, 1), 64, False, ("mac_array", "simd"))
    changed = {each for each in found.variants(genome) if each != genome}
    assert changed == {
        genome._replace(head_first=True), genome._replace(steps_first=True), genome._replace(spare_sram="weights"),
        genome._replace(sram_bytes=2**20), genome._replace(sram_bytes=2**19),
        *(genome._replace(step_elements=least) for least in (64, 32, 16)),
    }  # fmt: skip


KNOWN = MappingSpec(
    place={"outer": "simd", "gate": "mac_array"}, token_tile=40, blocks=3, lanes=1, weight_slot_kib=100, spill=True,
    sram_kib=512, spare_sram="weights", head_first=True, steps_first=True, step_elements=64,
)  # fmt: skip


def test_a_known_mapping_is_taken_as_it_is_as_far_as_that_is_open() -> None:
    found = choices().like(KNOWN)
    assert found[:5] == (40, 3, 1, 96, True), "of slots the nearest"
    assert found.units == ("simd", "simd"), "outer, and readout, of which it says nothing"
    assert found[6:] == (2**19, "weights", True, True, 64, False)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(["phase=decode"], {"steps": 1}, id="decode"),
        pytest.param(["mapping.token_tile=24", "mapping.spill=false"], {"steps": 24, "spill": False}, id="wishes"),
        pytest.param(["mapping.lanes=3"], {"blocks": 1, "lanes": 3}, id="a cut that goes with the one wished for"),
        pytest.param(["mapping.sram_kib=1024"], {"sram_bytes": 2**20}, id="SRAM"),
        pytest.param(["sram.capacity=512KiB"], {"sram_bytes": None}, id="all of the SRAM"),
        pytest.param(["mapping.head_first=false"], {"head_first": False}, id="urgency"),
    ],
)
def test_a_known_mapping_gives_way_to_wishes(settings: list[str], expected: dict[str, object]) -> None:
    found = choices(*settings).like(KNOWN)._asdict()
    assert {key: found[key] for key in expected} == expected
