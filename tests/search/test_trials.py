"""Trials: which candidates are run, which is the best of them, and that saving work changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import pytest

from sim.execution.run import run_program
from sim.files.resolve import resolve_workload
from sim.lowering.lowering import lower
from sim.lowering.section import cost_model
from sim.search.space import Space
from sim.search.trials import ALIKE, Trials
from sim.simulation import prepare
from tests.support.mapped import machine

NOBODY: Any = None  # no stack, machine or costs: nothing is run


@dataclass(frozen=True)
class Told:
    """A candidate of which the pace of its trial is known beforehand."""

    mapping: str
    pace: float
    requests: float = 10
    bound: float = 0


class Scripted(Trials):
    """Trials that run nothing; ``ran`` are the candidates that would have been run, with the slowest pace allowed."""

    def __init__(self) -> None:
        super().__init__(NOBODY, NOBODY, NOBODY)
        self.ran: list[tuple[str, float]] = []

    def _run(self, candidate: Any, limit: float) -> float:
        self.ran.append((candidate.mapping, limit))
        return inf if candidate.pace > limit else float(candidate.pace)


def considered(*candidates: Told, places: int = 1) -> Scripted:
    """Trials of *candidates*, in their order."""
    trials = Scripted()
    for candidate in candidates:
        offered: Any = candidate
        trials.consider(offered, places)
    return trials


@pytest.mark.parametrize(
    ("candidates", "best", "ran"),
    [
        pytest.param([Told("a", 100), Told("b", 90)], "b", "ab", id="the faster"),
        pytest.param([Told("a", 100), Told("b", 110)], "a", "ab", id="not the slower"),
        pytest.param([Told("a", 100), Told("b", 99.5)], "a", "ab", id="within a percent the first stays"),
        pytest.param([Told("a", 100), Told("b", 99.5, requests=8)], "b", "ab", id="or the one with fewer requests"),
        pytest.param([Told("a", 100), Told("b", 100.5, requests=8)], "b", "ab", id="even if it is a little slower"),
        pytest.param([Told("a", 100), Told("b", 102, requests=1)], "a", "ab", id="but not by more than a percent"),
        pytest.param([Told("a", 100), Told("b", 50, bound=101.5)], "a", "a", id="whose bound is slower is not run"),
        pytest.param([Told("a", 100), Told("b", 50, bound=100.5)], "a", "a", id="nor if it would only be alike"),
        pytest.param(
            [Told("a", 100), Told("b", 100.5, requests=8, bound=100.5)], "b", "ab", id="unless it has fewer requests"
        ),
        pytest.param(
            [Told("a", 100), Told("b", 100.5, requests=9.5, bound=100.5)], "a", "a", id="a tenth fewer at least"
        ),
        pytest.param([Told("a", 100), Told("a", 50)], "a", "a", id="nothing is run twice"),
    ],
)
def test_the_best_is_the_fastest_or_has_the_fewest_requests_of_those_alike(
    candidates: list[Told], best: str, ran: str
) -> None:
    trials = considered(*candidates)
    chosen: Any = trials.best
    assert chosen.mapping == best
    assert "".join(name for name, _ in trials.ran) == ran
    assert trials.count == len(ran)


@pytest.mark.parametrize(
    ("places", "limits"),
    [
        pytest.param(1, [inf, 100 * ALIKE, 90 * ALIKE, 90 * ALIKE], id="only the best: alike to the fastest"),
        pytest.param(2, [inf, inf, 100, 95], id="two: as fast as the second"),
        pytest.param(3, [inf, inf, inf, 100], id="three: the first three run to their ends"),
    ],
)
def test_a_trial_ends_when_its_candidate_cannot_win_any_more(places: int, limits: list[float]) -> None:
    trials = considered(Told("a", 100), Told("b", 90), Told("c", 95), Told("d", 89.5), places=places)
    assert [limit for _, limit in trials.ran] == limits


def test_the_fastest_come_in_their_order() -> None:
    trials = considered(Told("a", 100), Told("b", 90), Told("c", 95), places=3)
    fastest: Any = trials.fastest
    assert [fastest(count) for count in (1, 2, 9)] == [["b"], ["b", "c"], ["b", "c", "a"]]


def test_nothing_tried_is_nothing_best() -> None:
    trials = considered()
    assert (trials.best, trials.count, trials.fastest(3)) == (None, 0, [])


@pytest.mark.parametrize("tokens", [4, 32, 128])
def test_a_trial_finds_the_pace_of_a_long_run(tokens: int) -> None:
    """What a tile takes between the first and the last of a few, it takes in a run of many; or it is too slow."""
    edge = machine("edge")
    settings = ["layers=1", "sequence_length=1024", f"mapping.token_tile={tokens}"]
    stack = resolve_workload("mamba2-d96", settings).stacks[0]
    costs = cost_model(stack, edge)
    trials, candidate = Trials(stack, edge, costs), Space(stack, costs).first()[0]
    pace = trials._run(candidate, inf)
    whole = run_program(lower(stack, edge, costs, candidate.inventory), edge, stride="tile").makespan
    assert pace == pytest.approx(whole / 1024, rel=0.01)
    assert trials._run(candidate, pace) == pace
    assert trials._run(candidate, 0.99 * pace) == inf


@pytest.mark.parametrize(
    ("workload", "machine"),
    [("mamba1-d192", "edge_flexpe"), ("mamba2-d192", "edge_flexpe"), ("mamba3_mimo-d96", "edge")],
)
def test_trials_that_end_early_lose_in_full_as_well(
    workload: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ["layers=1", "sequence_length=512"]
    early = prepare(workload, machine, settings).sections[0]
    limits: list[float] = []
    limit = Trials._limit

    def no_limit(trials: Trials, places: int) -> float:
        limits.append(limit(trials, places))
        return inf

    monkeypatch.setattr(Trials, "_limit", no_limit)
    full = prepare(workload, machine, settings).sections[0]
    assert min(limits) < inf  # else nothing would have ended early
    assert (early.mapping, early.trials) == (full.mapping, full.trials)
