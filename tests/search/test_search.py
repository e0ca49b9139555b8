"""The search: near the best that is known, the same each time, within the wishes, the most frugal of the best."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

import sim.search.search as module
from sim.files.errors import InputError
from sim.files.limits import BUDGETS, Limits
from sim.files.resolve import resolve
from sim.lowering.mapping import Mapping
from sim.lowering.section import cost_model
from sim.search.genome import Genome
from sim.search.search import ALIKE, OFFERED, MappingSearch
from sim.search.shipped import kindred
from sim.search.space import Space
from sim.simulation import Job, prepare, run
from tests.support.folders import DATA

SHORT, QUICK, FULL = (Limits(search=search) for search in BUDGETS)
SMALL = ("mamba1-d192", "mamba2-d96", "mamba2-d192", "mamba2-d768", "mamba3_mimo-d48")
with (DATA / "mappings.csv").open(encoding="utf-8", newline="") as file:
    KNOWN = [row for row in csv.DictReader(file) if row["workload"] in SMALL]


def cycles(job: Job) -> int:
    return run(job, stride="tile").makespan_cycles


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["workload"])
def test_near_the_best_that_is_known(row: dict[str, str]) -> None:
    known = cycles(prepare(row["workload"], row["machine"], [row["settings"], *row["mapping"].split()], SHORT))
    found = prepare(row["workload"], row["machine"], [row["settings"]], QUICK)
    assert cycles(found) < 1.02 * known
    assert 1 < found.sections[0].choice.trials <= BUDGETS["quick"].trials + OFFERED


def test_the_same_each_time_and_more_trials_are_no_worse() -> None:
    settings = ["layers=1", "sequence_length=32"]
    first, again, more = (prepare("mamba2-d96", "edge", settings, each) for each in (QUICK, QUICK, FULL))
    assert first.sections[0].mapping == again.sections[0].mapping
    assert cycles(more) <= ALIKE * cycles(first)
    assert more.sections[0].choice.trials >= first.sections[0].choice.trials == again.sections[0].choice.trials


def test_the_most_frugal_of_the_best_is_chosen() -> None:
    inputs = resolve("mamba3_mimo-d48", "edge", ["layers=2", "sequence_length=128"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    search = MappingSearch(stack, inputs.machine, costs, Space(stack, costs), "quick")
    chosen, *others = search.run()
    fastest = min(each.cycles for each in (chosen, *others))
    alike = [each for each in others if each.cycles <= ALIKE * fastest]
    assert alike and chosen.cycles <= ALIKE * fastest

    def frugality(each: object) -> tuple[float, float]:
        return each.candidate.requests, search.trials.dram_bytes(each.candidate)  # type: ignore[attr-defined]

    assert frugality(chosen) == min(map(frugality, (chosen, *alike)))
    assert [each.cycles for each in others] == sorted(each.cycles for each in others)


def test_wishes_are_kept() -> None:
    wishes = ["mapping.token_tile=20", "mapping.blocks=3", "mapping.lanes=1", "mapping.place.readout=simd"]
    wishes += ["mapping.sram_kib=1000", "mapping.head_first=true", "mapping.steps_first=true"]
    wishes += ["mapping.spare_sram=weights"]
    mapping = prepare("mamba2-d96", "edge", ["layers=2", "sequence_length=60", *wishes], QUICK).sections[0].mapping
    assert (mapping.token_tile, mapping.blocks, mapping.lanes, mapping.placement["readout"]) == (20, 3, 1, "simd")
    assert (mapping.sram_bytes, mapping.head_first, mapping.steps_first) == (1_024_000, True, True)
    assert mapping.spare_sram == "weights"


def test_a_head_is_searched_for_as_well() -> None:
    job = prepare("mamba-130m", "edge", ["layers=1", "sequence_length=32", "head=true"], QUICK)
    assert len(job.sections) == 2 and all(section.choice.trials > 0 for section in job.sections)


def test_what_is_offered_is_tried_besides_and_nothing_worse_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "kindred", lambda stack: [])
    inputs = resolve("mamba2-d96", "edge_flexpe", ["layers=2", "sequence_length=128"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    best, *_ = MappingSearch(stack, inputs.machine, costs, Space(stack, costs), "full").run()
    space = Space(stack, costs)
    offered = space.genome(best.candidate.mapping)
    assert space.mapping(offered) == best.candidate.mapping
    alone = MappingSearch(stack, inputs.machine, costs, Space(stack, costs), "short").run()[0]
    search = MappingSearch(stack, inputs.machine, costs, space, "short")
    assert search.run(offered=[offered])[0].cycles <= ALIKE * best.cycles < alone.cycles
    assert search.trials.count <= BUDGETS["short"].trials + 1


@pytest.mark.parametrize("trials", [2, 120])
@pytest.mark.parametrize("machine", ["edge", "edge_flexpe"])
def test_what_is_shipped_for_such_layers_is_looked_at(
    machine: str, trials: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that none of it was found for, and however few trials there are for all else."""
    monkeypatch.setitem(BUDGETS, "quick", BUDGETS["quick"]._replace(trials=trials))
    inputs = resolve("mamba1-d192", machine, ["layers=2", "simd.lanes=48", "state_precision=32bit"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs)
    known = {space.choices.like(wishes) for wishes in kindred(stack)}
    search, asked = MappingSearch(stack, inputs.machine, costs, space, "quick"), set[Genome]()
    one = search._try
    monkeypatch.setattr(search, "_try", lambda genome: asked.add(genome) or one(genome))
    search.run()
    fitting = {genome for genome in known if space.candidate(genome) is not None}
    assert len(fitting) > 1 and fitting <= asked
    assert search.trials.count <= trials + OFFERED


def test_what_has_the_same_slots_is_tried_once() -> None:
    inputs = resolve("mamba2-d96", "edge", ["layers=2", "sequence_length=64"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs)
    found = [tried.candidate for tried in MappingSearch(stack, inputs.machine, costs, space, "quick").run()]
    genomes = [space.genome(candidate.mapping) for candidate in found]
    plain = [genome._replace(slot_kib=0, step_elements=0, sram_bytes=None, spare_sram="evenly") for genome in genomes]
    runs = [(genome, candidate.cut) for genome, candidate in zip(plain, found, strict=True)]
    assert len(set(runs)) == len(runs) > len(set(plain))
    every = {(genome.sram_bytes, genome.spare_sram) for genome in space._known}
    assert len(every) > 1, "it was asked for with other uses of the SRAM too"


def test_what_runs_alike_is_tried_once() -> None:
    """Slots that cut no weights otherwise, and least elements with which the same goes step by step."""
    inputs = resolve("mamba3_mimo-d48", "edge", ["layers=2", "sequence_length=128"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    found = MappingSearch(stack, inputs.machine, costs, Space(stack, costs), "quick").run()

    def plain(mapping: Mapping) -> str:
        return str(replace(mapping, weight_slot_bytes=0, step_elements=0, placement={}, stepped=frozenset()))

    runs = [
        (each.candidate.cut, tuple(mapping.placement.values()), plain(mapping))
        for each in found
        for mapping in [each.candidate.mapping]
    ]
    assert len(found) > 20 and len(set(runs)) == len(runs)


@pytest.mark.parametrize(("near", "some"), [(0.0, False), (0.05, True)])
def test_what_cannot_win_is_tried_where_it_is_asked_for(near: float, some: bool) -> None:
    wishes = ["mapping.spill=false", "mapping.weight_slot_kib=64"]
    inputs = resolve("mamba2_ssd", "edge", ["layers=2", *wishes])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs)
    best, *_ = MappingSearch(stack, inputs.machine, costs, space, "quick").run()
    search = MappingSearch(stack, inputs.machine, costs, space, "quick", near)
    found = search.run(offered=[space.genome(best.candidate.mapping)])
    hopeless = [each.candidate.bound for each in found if each.candidate.bound >= best.cycles]
    assert bool(hopeless) is some
    assert all(bound < (1 + near) * best.cycles for bound in hopeless)


def test_a_search_that_would_take_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="--time-limit 1h allows it"):
        prepare("mamba2", "edge", [], Limits(seconds=3.0, search="full"))
