"""Seeds: cuts of every kind, placements whose busier unit has least to do, the largest slots that fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.files.resolve import resolve
from sim.lowering.section import cost_model
from sim.search.genome import Choices, Genome
from sim.search.seeds import MOST_PATTERNS, _Loads, seeds
from sim.search.space import Space


def sown(fits: Callable[[Genome], bool], *settings: str, machine: str = "edge") -> list[Genome]:
    inputs = resolve("mamba2", machine, ["sequence_length=256", *settings])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    return list(seeds(stack, costs, Choices(stack, costs), lambda genome: genome if fits(genome) else None))


def test_cuts_of_every_kind_and_slots_large_and_small() -> None:
    found = sown(lambda genome: True)
    assert {genome.blocks for genome in found} == {1, 2, 4, 8, 24, 48}
    assert {genome.lanes for genome in found} == {1} | ({16} & {genome.lanes for genome in found})
    assert {genome.slot_kib for genome in found} == {128, 32}
    assert {genome.spill for genome in found} == {False, True}
    # the array fills its rows with 32 tokens, and one of the contractions beside the update balances the two units
    assert {genome.steps % 32 for genome in found} == {0}
    assert any(set(genome.units) == {"mac_array", "simd"} for genome in found)


def test_recurrences_are_urgent_and_not_where_there_is_more_than_a_timestep() -> None:
    for settings, urgent in (([], {False, True}), (["phase=decode"], {False})):
        assert {genome.steps_first for genome in sown(lambda genome: True, *settings)} == urgent


def test_operations_go_where_they_are_quickest_too() -> None:
    """PEs are quicker at nearly all elementwise work: fewer streams leave room for tiles that do not fit otherwise."""
    inputs = resolve("mamba3-mimo-1.5b", "edge_flexpe", ["formulation=chunked", "chunk=16"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs)
    found = seeds(stack, costs, space.choices, space.candidate)
    quick = {genome for genome in found if genome.spare_sram == "weights"}
    assert {genome._replace(spare_sram="evenly") for genome in quick} <= set(found)
    usual = {genome for genome in found if genome._replace(spare_sram="weights") not in quick} - quick
    assert min(genome.units.count("mac_array") for genome in quick) > 30
    assert all(genome.units.count("mac_array") < 10 for genome in usual)
    assert max(genome.steps for genome in quick) == 2 > max(genome.steps for genome in usual)


def test_what_does_not_fit_makes_room_for_what_does() -> None:
    found = sown(lambda genome: genome.steps <= 8 and genome.slot_kib <= 16)
    assert {genome.slot_kib for genome in found} == {16}
    assert found and max(genome.steps for genome in found) <= 8


def test_nothing_fits() -> None:
    assert sown(lambda genome: False) == []


@pytest.mark.parametrize("machine", ["edge", "edge_flexpe"])
def test_wishes_are_kept(machine: str) -> None:
    wishes = ["mapping.token_tile=20", "mapping.blocks=6", "mapping.lanes=2", "mapping.weight_slot_kib=48"]
    found = sown(lambda genome: True, *wishes, "mapping.placement=simd", "mapping.spill=false", machine=machine)
    assert {genome[:5] for genome in found} == {(20, 6, 2, 48, False)}


def test_every_seed_fits_as_it_is() -> None:
    """What runs step by step decides what has to be kept, so a seed is asked for with its own."""
    asked: set[Genome] = set()
    found = sown(lambda genome: asked.add(genome) or genome.step_elements < 128)
    assert found and {genome._replace(steps_first=False) for genome in found} <= asked
    assert {genome.step_elements for genome in found} <= {16, 32, 64}


def test_contractions_are_placed_in_few_ways_however_many_units_there_are() -> None:
    """Of ten units nine can do each of four contractions; they are placed in no more ways than six are on two units."""
    array = "kind: mac_array, columns: 8, dataflow: output_stationary, folds: serial"
    units = ", ".join(f"u{number}: {{{array}, rows: {8 + number}}}" for number in range(8))
    inputs = resolve("mamba2_ssd", "edge", [f"units={{{units}}}"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    contractions = [name for name in costs.analysis.operations if costs.analysis.kind(name) == "contraction"]
    assert len(costs.units(contractions[0])) ** len(contractions) > 10 * MOST_PATTERNS
    loads = _Loads(stack, costs, Choices(stack, costs), (1, 1), frozenset())
    assert len(list(loads._placements(32))) <= 3 * MOST_PATTERNS
