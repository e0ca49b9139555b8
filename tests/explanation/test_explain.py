"""Explanations of a run: the ladder, what-ifs, words."""

from __future__ import annotations

import shlex

import pytest

from sim.explanation.experiments import LADDER
from sim.explanation.findings import Explanation, WhatIf
from sim.presentation.markdown import explanation
from sim.simulation import prepare, run
from tests.support.explanations import EXPLAINED, explained, explained_with_progress


@pytest.mark.parametrize("name", EXPLAINED)
class TestExplanation:
    def test_ladder_ends_at_the_simulated_time(self, name: str) -> None:
        found = explained(name)
        assert found.rungs[-1].cycles == found.result.makespan_cycles
        assert sum(rung.added_cycles for rung in found.rungs) == found.result.makespan_cycles
        for before, rung in zip(found.rungs, found.rungs[1:], strict=False):
            assert rung.cycles == before.cycles + rung.added_cycles

    def test_ladder_begins_at_the_roofline_and_at_the_busiest_unit(self, name: str) -> None:
        found = explained(name)
        roofline, first = found.rungs[:2]
        result = found.result
        assert roofline.cycles == result.bounds.paper_roofline_cycles
        busiest = max(result.units[unit].useful_cycles for unit in ("mac_array", "simd"))
        assert busiest <= first.cycles <= 1.02 * busiest
        assert [rung.effect for rung in found.rungs] == ["roofline", "placement", *LADDER]

    def test_explains_what_a_plain_run_does(self, name: str) -> None:
        workload, machine, assignments = EXPLAINED[name]
        plain = run(prepare(workload, machine, [*assignments, "layers=1"]), critical_path=True, certificate=True)
        assert explained(name).result == plain

    def test_what_ifs_come_best_first_and_can_be_repeated(self, name: str) -> None:
        found = explained(name)
        bests = [what_if.best for what_if in found.what_ifs]
        assert bests == sorted(bests, reverse=True)
        assert len({what_if.name for what_if in found.what_ifs}) == len(bests)
        workload, machine, assignments = EXPLAINED[name]
        lanes = next(what_if for what_if in found.what_ifs if what_if.name == "2x SIMD lanes")
        (mapping,) = lanes.mappings
        repeated = [*lanes.assignments, f"mapping={mapping.model_dump_json(exclude_defaults=True)}"]
        assert lanes.options == shlex.join(word for each in repeated for word in ("--set", each))
        kept = [each for each in assignments if not each.startswith("mapping.")]
        again = run(prepare(workload, machine, [*kept, "layers=1", *repeated]))
        assert lanes.new_schedule == found.result.makespan_cycles / again.makespan_cycles

    def test_more_is_not_slower_than_less(self, name: str) -> None:
        for what_if in explained(name).what_ifs:
            if what_if.new_schedule is not None:
                assert what_if.new_schedule >= (what_if.same_schedule or 0.0)
        gains = {what_if.name: what_if.new_schedule or 0.0 for what_if in explained(name).what_ifs}
        for less, more in (("2x SIMD lanes", "4x SIMD lanes"), ("2x SRAM", "4x SRAM"), ("4x SRAM", "endless SRAM")):
            assert gains[more] >= gains[less] >= 1

    def test_words_name_the_largest_rung_and_the_best_what_if(self, name: str) -> None:
        found = explained(name)
        largest = max(found.rungs[1:], key=lambda rung: abs(rung.added_cycles))
        assert largest.description in found.words
        assert found.words.count("What follows ") == 1 or "No other mapping that was tried" in found.words
        if found.what_ifs[0].best >= 1.01:
            assert f"What would help most: {found.what_ifs[0].name} ({found.what_ifs[0].best:.2f}x)" in found.words
        (unit, kind), _ = next(iter(found.result.path_shares.items()))
        whose = " of the schedule explained" if found.near else ""
        assert f"The critical path{whose} is {kind} on {unit}" in found.words

    def test_json_round_trips_and_markdown_shows_every_rung_and_change(self, name: str) -> None:
        found = explained(name)
        assert Explanation.model_validate_json(found.to_json()) == found
        text = explanation(found)
        for row in [rung.description for rung in found.rungs] + [what_if.name for what_if in found.what_ifs]:
            assert f"| {row} |" in text


def test_progress_counts_every_experiment() -> None:
    _, calls = explained_with_progress("prefill")
    total = len(calls)
    assert calls == [(number, total) for number in range(1, total + 1)]


def test_what_is_ideal_already_is_no_what_if() -> None:
    names = {what_if.name for what_if in explained("already-ideal").what_ifs}
    assert not {"no DRAM refresh", "no edges"} & names
    assert "no pipeline latency" in names


BESTS = [
    pytest.param(1.5, None, 1.5, id="one-schedule"),
    pytest.param(0.9, 1.2, 1.2, id="new-one-better"),
    pytest.param(None, None, 0.0, id="fits-neither"),
]


@pytest.mark.parametrize(("same", "new", "best"), BESTS)
def test_best_of_a_what_if(same: float | None, new: float | None, best: float) -> None:
    assert WhatIf(name="x", assignments=[], same_schedule=same, new_schedule=new).best == best
