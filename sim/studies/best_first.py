"""A search of a goal's grid that ends with a proof: no point that was not run can be better than the best that was.

A point is left out for certain where its bounds break a constraint, or are no better than what was found; on an
assumption, where those that hold with more of some keys than it has are no better (knowledge.py). Of all others the one
is run from whose outcome most points can be left out, by what is expected of it: with the likelihood that it meets the
constraints those that it would beat; with that it does not, those that have no more than it has. Before a point is run
its bound over every mapping is found, which may spare the run.

All that is decided hangs on outcomes in the order in which they were asked for, never on when they came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from sim.files.errors import InputError, did_you_mean
from sim.studies.candidates import Candidate, place_of
from sim.studies.evaluate import Outcome
from sim.studies.goal import Goal
from sim.studies.intervals import Bools, Floats, Span
from sim.studies.knowledge import Knowledge, beaten

MOST_LOOKED_AT: Final = 1000  # of the points that may be run next
Evaluate = Callable[[Sequence[tuple[Candidate, str]]], list[Outcome]]
"""Outcomes of runs by their names, in order; what is known is not made again."""
Certify = Callable[[Candidate], dict[str, int]]
"""Cycles by run that a candidate takes at least."""


class Made(NamedTuple):
    """A run of a candidate and what came of it."""

    candidate: Candidate
    run: str
    outcome: Outcome


@dataclass(frozen=True)
class Found:
    """What a search came to: ``made`` are all runs in their order, ``best`` the places of the best candidates.

    Of the candidates that were not run, ``excluded`` are certainly no better than the best, ``assumed`` are by an
    assumption, ``open`` may be. Of those that were, ``hidden`` may be with a mapping that was not found. The last of
    the best took ``runs_to_best`` runs. ``meets`` are the numbers in the grid of all that meet the constraints,
    ``frail`` are those of the best that may miss one with a better mapping of a run: one that compares two runs, say.
    ``run`` counts points of which all runs were made, ``certified`` those whose bound over every mapping was found.
    """

    made: list[Made]
    best: list[int]
    meets: frozenset[int]
    frail: list[int]
    run: int
    excluded: int
    assumed: int
    open: int
    hidden: int
    certified: int
    runs_to_best: int


class BestFirst:
    """The search of *candidates* for a *goal*."""

    def __init__(self, goal: Goal, candidates: Sequence[Candidate], evaluate: Evaluate, certify: Certify) -> None:
        self._goal, self._candidates = goal, candidates
        self._evaluate, self._certify = evaluate, certify
        self._known = Knowledge(goal, candidates)
        self._made: list[Made] = []
        self._best: list[int] = []
        self._runs_to_best = 0
        self._expected = np.ones(len(goal.objectives))  # of a result, times its bound

    def run(self, progress: Callable[[int, int], None] = lambda done, left: None) -> Found:
        """Search until nothing is open, or for as many runs as the goal allows.

        *progress* is called with (points that are settled, points in all).
        """
        while len(self._made) < self._goal.spec.most_runs:
            left = self._open(assumed=True)
            progress(self._known.count - int(left.sum()), self._known.count)
            if not left.any():
                break
            chosen = self._chosen(left)
            unsure = [at for at in chosen if not self._known.certified[at]]
            for at in unsure:
                self._known.certify(at, self._certify(self._candidates[at]))
            if not unsure:
                self._run(chosen)
        return self._found()

    def _run(self, chosen: Sequence[int]) -> None:
        """Make the next run of each of those *chosen*, no more than are allowed."""
        runs = [(at, run) for at in chosen if (run := self._known.next_run(at)) is not None]
        runs = runs[: self._goal.spec.most_runs - len(self._made)]
        outcomes = self._evaluate([(self._candidates[at], run) for at, run in runs])
        for (at, run), outcome in zip(runs, outcomes, strict=True):
            self._check(run, outcome)
            self._made.append(Made(self._candidates[at], run, outcome))
            self._known.measure(at, run, outcome)
            if self._known.finished[at] and not self._known.failed[at]:
                self._learn(at)

    def _check(self, run: str, outcome: Outcome) -> None:
        """Raise InputError for a figure that results do not have."""
        for wanted in self._goal.all_wanted.values():
            known = wanted.text in self._candidates[0].values or wanted.run != run or outcome.error
            if not known and not isinstance(outcome.figures.get(wanted.key), int | float):
                hint = did_you_mean(wanted.key, outcome.figures)
                told = f"results have no number that is called {wanted.key!r}{hint}"
                raise InputError(self._goal.document.problem(place_of(self._goal, wanted), told))

    def _learn(self, at: int) -> None:
        """Whether the candidate *at* this place is one of the best, and how far results are from their bounds."""
        values = self._known.best(self._known.ranges())
        bounds = self._known.best(self._known.ranges(measured=False))
        done = self._known.finished & ~self._known.failed
        with np.errstate(all="ignore"):
            ratios = values[done] / bounds[done]
        for number, column in enumerate(ratios.T):
            sound = column[np.isfinite(column) & (column > 0)]
            self._expected[number] = np.median(sound) if len(sound) else 1.0
        if not self._known.met(self._known.ranges()).must[at]:
            return
        if beaten(values[[at]], values[self._best]).any():
            return
        self._best = [other for other in self._best if not beaten(values[[other]], values[[at]]).any()]
        self._best = sorted([*self._best, at])
        self._runs_to_best = len(self._made)

    def _open(self, *, assumed: bool) -> Bools:
        """Candidates that may be better than the best, and were not run."""
        return self._may_win(self._known.ranges(assumed=assumed)) & ~self._known.finished

    def _may_win(self, ranges: dict[str, Span]) -> Bools:
        """Candidates that may be better than the best, with names in these *ranges*."""
        found = self._known.met(ranges).may
        if self._best and found.any():
            exact = self._known.best(self._known.ranges())[self._best]
            values = self._known.best(ranges)[found]
            found[found] &= ~beaten(values + self._goal.spec.within * np.abs(values), exact)
        return found

    def _chosen(self, left: Bools) -> list[int]:
        """The places of those of the candidates *left* that are to be run next, the most promising first."""
        ranges = self._known.ranges(assumed=True)
        places = np.flatnonzero(left)
        values, likely = self._known.best(ranges)[places], self._known.met(self._known.expected).likely[places]
        expected = values * self._expected
        looked_at = self._looked_at(values)
        worth = np.zeros(len(places))
        for number in looked_at:
            beats = (expected[number] <= values).all(axis=1).sum()
            less = self._known.no_larger(int(places[number]))[places].sum()
            worth[number] = likely[number] * max(beats, 1) + (1 - likely[number]) * less
        order = sorted(looked_at, key=lambda number: (-worth[number], *values[number], places[number]))
        return [int(places[number]) for number in order[: self._goal.spec.at_once]]

    def _looked_at(self, values: Floats) -> list[int]:
        """Rows of *values*: all, or so many that are spread evenly from the best to the worst of the first column."""
        if len(values) <= MOST_LOOKED_AT:
            return list(range(len(values)))
        order = np.lexsort(values.T[::-1])
        return sorted({int(order[number]) for number in np.linspace(0, len(order) - 1, MOST_LOOKED_AT).astype(int)})

    def _found(self) -> Found:
        known, unrun = self._known, ~self._known.finished
        open_, possible = self._open(assumed=True), self._open(assumed=False)
        lost = known.finished & ~known.failed & ~_in(self._best, known.count)
        hidden = lost & self._may_win(known.ranges(measured=False))
        met, sure = known.met(known.ranges()), known.met(known.whatever_mapping).must
        return Found(
            made=self._made,
            best=self._best,
            meets=frozenset(self._candidates[at].number for at in np.flatnonzero(met.must).tolist()),
            frail=[at for at in self._best if not sure[at]],
            run=int(known.finished.sum()),
            excluded=int((unrun & ~possible).sum()),
            assumed=int((possible & ~open_).sum()),
            open=int(open_.sum()),
            hidden=int(hidden.sum()),
            certified=int(known.certified.sum()),
            runs_to_best=self._runs_to_best,
        )


def _in(places: Sequence[int], count: int) -> Bools:
    found = np.zeros(count, bool)
    found[list(places)] = True
    return found
