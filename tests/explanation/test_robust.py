"""Schedules near the best: where they disagree the verdict says so; pairs of changes; new schedules."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from sim.accounting.result import Result
from sim.explanation.experiments import Change, changes
from sim.explanation.explain import explain
from sim.explanation.findings import Explanation
from sim.explanation.laboratory import Laboratory
from sim.explanation.near import near
from sim.files.limits import Limits
from sim.files.resolve import build_workload, read_inputs
from sim.lowering.section import Choice, Origin
from sim.simulation import prepare, run
from tests.support.sampled import sampled

# With 96 lanes Mamba-3 has about as much for the array as for the lanes: with some of the schedules within 5 % the one
# is the bottleneck, with others the other.
WORKLOAD, MACHINE = "mamba3_mimo-d192", "edge"
ASSIGNMENTS = ("sequence_length=96", "layers=2", "simd.lanes=96")
SMALL = ("mamba3_mimo-d96", MACHINE, ("sequence_length=32", "layers=1"))


@cache
def laboratory() -> Laboratory:
    """One whose schedule was found by as many trials as a run makes, unlike those of other tests."""
    workload, machine = read_inputs(WORKLOAD, MACHINE, ASSIGNMENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.search.choose.DEFAULT_SEARCH", "quick")
        return Laboratory(build_workload(workload), machine, workload, robust=0.05)


@cache
def explained() -> Explanation:
    return explain(laboratory())


def test_near_mappings_that_disagree_are_told() -> None:
    found = explained()
    assert set(found.busiest) == {"mac_array", "simd"}
    macs = next(what_if for what_if in found.what_ifs if what_if.name == "2x MACs")
    assert macs.kept is not None and macs.kept.least < 1.02 < 1.07 < macs.kept.most
    assert "What is busiest depends on the schedule" in found.words
    assert f"2x MACs: {macs.kept.least:.2f}x to {macs.kept.most:.2f}x" in found.words.split("With the schedule kept")[1]


def small_laboratory() -> Laboratory:
    workload, machine = read_inputs("mamba2-d96", MACHINE, ("sequence_length=32", "layers=1"))
    return Laboratory(build_workload(workload), machine, workload)


@cache
def explained_alone() -> Explanation:
    return explain(small_laboratory())


@pytest.mark.parametrize("workers", sampled([3, 1], 1))
def test_workers_see_the_same(workers: int) -> None:
    others, alone = small_laboratory(), explained_alone()
    assert others.near.schedules, "there is something to look at"
    assert explain(others, workers=workers) == alone


def test_of_the_chosen_schedule_alone_nothing_depends() -> None:
    workload, machine = read_inputs(*SMALL)
    found = explain(Laboratory(build_workload(workload), machine, workload, robust=0.0))
    assert not found.near and not any(what_if.near_gains for what_if in found.what_ifs)
    assert "depends on the schedule" not in found.words and "Depends on the schedule" not in found.words
    assert "What follows is about this one schedule." in found.words


def test_shares_of_each_schedule_sum_to_its_time() -> None:
    found = explained()
    roofline = found.result.bounds.paper_roofline_cycles
    for number, schedule in enumerate(found.near):
        again = repeated((), schedule.mappings[0].model_dump_json(exclude_defaults=True))
        assert schedule.of_explained == again.makespan_cycles / found.result.makespan_cycles
        shares = sum(rung.near_shares[number] for rung in found.rungs[1:])
        assert abs(shares - (1 - roofline / again.makespan_cycles)) < 1e-6


def test_what_is_not_run_could_not_gain_a_percent() -> None:
    """The gains that the bound spares are those of less than a percent."""
    found, schedule = laboratory(), laboratory().near.schedules[0]
    base = found.kept_cycles(schedule=schedule)
    assert base is not None
    gains = {what_if.name: what_if.near_gains[0] for what_if in explained().what_ifs}
    for change in changes(found.machine):
        cycles = found.kept_cycles(change.assignments, schedule)
        if cycles is None or gains[change.name] is None:
            assert cycles is gains[change.name] is None
        elif gains[change.name] == 1.0:
            assert base / cycles < 1.01
        else:
            assert gains[change.name] == base / cycles


def repeated(assignments: tuple[str, ...], mapping: str) -> Result:
    return run(prepare(WORKLOAD, MACHINE, [*ASSIGNMENTS, *assignments, f"mapping={mapping}"]))


def test_pairs_buy_no_less_than_each_alone_and_can_be_repeated() -> None:
    found = explained()
    best = {what_if.name: what_if.new_schedule or 0.0 for what_if in found.what_ifs}
    assert len(found.pairs) == 3
    for pair in found.pairs:
        one, other = (best[name] for name in pair.names)
        assert pair.new_schedule >= max(one, other)
        assert pair.product == one * other
        mapping = pair.mappings[0].model_dump_json(exclude_defaults=True)
        assignments = tuple(each for each in pair.assignments if not each.startswith("simd.lanes"))
        lanes = tuple(each for each in pair.assignments if each.startswith("simd.lanes"))
        base = [each for each in ASSIGNMENTS if not (lanes and each.startswith("simd.lanes"))]
        again = run(prepare(WORKLOAD, MACHINE, [*base, *lanes, *assignments, f"mapping={mapping}"]))
        assert pair.new_schedule == found.result.makespan_cycles / again.makespan_cycles


def test_changes_of_the_same_keys_are_no_pair() -> None:
    lanes, more = Change("2x", ("simd.lanes=64",)), Change("4x", ("simd.lanes=128",))
    table, entry = Change("PEs", ("mac_array.elementwise={}",)), Change("exp", ("mac_array.elementwise.cycles.exp=1",))
    assert lanes.together(more) is None and table.together(entry) is None
    both = lanes.together(table)
    assert both is not None and both.assignments == ("simd.lanes=64", "mac_array.elementwise={}")


@pytest.mark.parametrize("origin", ["shipped", "searched"])
def test_alternatives_are_searched_for(origin: Origin) -> None:
    sections = laboratory().sections
    known = tuple(replace(section, choice=Choice(origin, 1)) for section in sections)
    found = near(known, 0.05, Limits(search="quick"))
    assert found.schedules and found.tried > 0
    assert all(schedule[0].mapping != sections[0].mapping for schedule in found.schedules)
