"""What is known of the candidates of a goal while it is searched: by bounds, by runs, and by what is assumed.

Of each run at each point the cycles lie in a range. It begins at the bound over every mapping, and is one number once
the run was made. Where more of some keys is assumed to make nothing slower, a run also tells of those with less and
with more of them; each by a margin, since results/monotone.md has some that are slower with more. Ranges of cycles make
ranges of figures, and those say which constraints can be met, and how good a point can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.studies.candidates import Candidate
from sim.studies.evaluate import Outcome
from sim.studies.figures import Figure
from sim.studies.goal import Goal, Wanted
from sim.studies.intervals import Bools, Floats, Span, Truth, compared, span_of

Ints = NDArray[np.int64]

MARGIN: Final = 0.03
"""By how much more of a resource may be slower: results/monotone.md has 2.6 % at most with the same mapping."""
ANYTHING: Final = (-inf, inf)
AT_FIRST: Final = 3.0
"""How many times its bound a run is expected to take at most, before there is one that took longer."""


class Knowledge:
    """Of *candidates* of a *goal*; arrays have a place for each of them."""

    def __init__(self, goal: Goal, candidates: Sequence[Candidate]) -> None:
        self._goal, self._candidates = goal, candidates
        self.count = len(candidates)
        self.runs = list(goal.runs)
        self._least = {run: np.array([float(each.sides[run].cycles) for each in candidates]) for run in self.runs}
        self._assumed_least = {run: np.zeros(self.count) for run in self.runs}
        self._assumed_most = {run: np.full(self.count, inf) for run in self.runs}
        self._cycles = {run: np.full(self.count, np.nan) for run in self.runs}
        self._figures = {text: np.full(self.count, np.nan) for text in goal.all_wanted}
        self._values = {
            text: np.array([each.values.get(text, np.nan) for each in candidates]) for text in goal.all_wanted
        }
        self._sides = {
            (run, name): np.array([float(getattr(each.sides[run], name)) for each in candidates])
            for run in self.runs
            for name in ("tokens", "clock", "mj", "mj_per_cycle")
        }
        self._longest = dict.fromkeys(self.runs, AT_FIRST)  # times its bound
        self.failed = np.zeros(self.count, bool)
        self.certified = np.zeros(self.count, bool)
        self._levels = np.array([each.levels for each in candidates], float).reshape(self.count, -1)
        self._alike_by = self._kinds()

    def _kinds(self) -> Ints:
        """A number for all candidates that differ in nothing but keys of which more is not slower."""
        of = set(self._goal.spec.more_is_not_slower)
        rest = [repr([value for key, value in each.coordinates.items() if key not in of]) for each in self._candidates]
        numbers = {each: number for number, each in enumerate(dict.fromkeys(rest))}
        return np.array([numbers[each] for each in rest])

    def certify(self, at: int, cycles: dict[str, int]) -> None:
        """The candidate *at* this place takes so many *cycles* at least, by run."""
        self.certified[at] = True
        for run, least in cycles.items():
            self._least[run][at] = max(self._least[run][at], least)

    def measure(self, at: int, run: str, outcome: Outcome) -> None:
        """What a *run* of the candidate *at* this place came to."""
        cycles = inf if outcome.error else float(_number(outcome.figures.get("makespan_cycles")))
        self._cycles[run][at] = cycles
        if not outcome.error:
            self._longest[run] = max(self._longest[run], cycles / self._least[run][at])
        self.failed[at] |= bool(outcome.error)
        for text, wanted in self._goal.all_wanted.items():
            if wanted.run == run and text not in self._candidates[at].values and not outcome.error:
                self._figures[text][at] = _number(outcome.figures.get(wanted.key))
        if self._levels.shape[1] and not outcome.died:
            less, more = self.no_larger(at), self.no_smaller(at)
            self._assumed_least[run][less] = np.maximum(self._assumed_least[run][less], cycles / (1 + MARGIN))
            self._assumed_most[run][more] = np.minimum(self._assumed_most[run][more], cycles * (1 + MARGIN))

    def no_larger(self, at: int) -> Bools:
        """Candidates that have no more of anything than that *at* this place, and are like it."""
        found: Bools = self._alike(at) & np.all(self._levels <= self._levels[at], axis=1)
        return found

    def no_smaller(self, at: int) -> Bools:
        """Candidates that have no less of anything."""
        found: Bools = self._alike(at) & np.all(self._levels >= self._levels[at], axis=1)
        return found

    def _alike(self, at: int) -> Bools:
        found: Bools = self._alike_by == self._alike_by[at]
        return found

    def next_run(self, at: int) -> str | None:
        """The first run that was not made there yet; None if all were, or one has failed."""
        missing = (run for run in self.runs if np.isnan(self._cycles[run][at]))
        return None if self.failed[at] else next(missing, None)

    @property
    def finished(self) -> Bools:
        """Where all runs were made, or one has failed."""
        made = [~np.isnan(self._cycles[run]) for run in self.runs]
        found: Bools = self.failed | np.logical_and.reduce(made)
        return found

    def ranges(self, *, measured: bool = True, assumed: bool = False) -> dict[str, Span]:
        """The range of each name, by bounds; by what was *measured*; and by what may be *assumed*."""
        return {
            text: self._range(wanted, measured, self._cycle_range(wanted.run, measured, assumed))
            for text, wanted in self._goal.all_wanted.items()
        }

    @property
    def expected(self) -> dict[str, Span]:
        """The range in which each name is expected, if no run is further from its bound than those that were made."""
        found = {}
        for text, wanted in self._goal.all_wanted.items():
            cycles = self._cycle_range(wanted.run, True, True)
            most = np.minimum(cycles.most, cycles.least * self._longest[wanted.run])
            found[text] = self._range(wanted, True, Span(cycles.least, most))
        return found

    @property
    def whatever_mapping(self) -> dict[str, Span]:
        """The range of each name if every run took no longer than it did, and no less than its bound."""
        found = self.ranges()
        for text, wanted in self._goal.all_wanted.items():
            cycles = self._cycles[wanted.run]
            told = self._bounded(wanted, Span(self._least[wanted.run], cycles))
            known = ~np.isnan(cycles) & np.isfinite(told.most) & np.isnan(self._values[text])
            span = found[text]
            found[text] = Span(np.where(known, told.least, span.least), np.where(known, told.most, span.most))
        return found

    def _range(self, wanted: Wanted, measured: bool, cycles: Span) -> Span:
        known = self._values[wanted.text]
        found = self._figures[wanted.text] if measured else np.full(self.count, np.nan)
        known = np.where(np.isnan(known), found, known)
        bound = self._bounded(wanted, cycles)
        return Span(np.where(np.isnan(known), bound.least, known), np.where(np.isnan(known), bound.most, known))

    def _cycle_range(self, run: str, measured: bool, assumed: bool) -> Span:
        least, most = self._least[run], np.full(self.count, inf)
        if assumed:
            least = np.maximum(least, self._assumed_least[run])
            most = np.maximum(least, self._assumed_most[run])  # what is certain goes first
        if measured:
            cycles = self._cycles[run]
            least, most = np.where(np.isnan(cycles), least, cycles), np.where(np.isnan(cycles), most, cycles)
        return Span(least, most)

    def _bounded(self, wanted: Wanted, cycles: Span) -> Span:
        """What the figure can be, given the *cycles* of its run."""
        tokens, clock, mj, slope = (self._sides[wanted.run, name] for name in ("tokens", "clock", "mj", "mj_per_cycle"))
        with np.errstate(all="ignore"):
            match wanted.key:
                case "makespan_cycles":
                    return cycles
                case "seconds":
                    return Span(cycles.least / clock, cycles.most / clock)
                case "tokens_per_second":
                    return Span(tokens * clock / cycles.most, tokens * clock / cycles.least)
                case "energy_mj_per_token" | "energy_delay_js":
                    energy = mj + np.where(slope > 0, slope * cycles.least, 0.0)
                    delay = 1e-3 * energy * cycles.least / clock / tokens
                    return Span(energy if wanted.key == "energy_mj_per_token" else delay, np.full(self.count, inf))
        return Span(np.full(self.count, ANYTHING[0]), np.full(self.count, ANYTHING[1]))

    def met(self, ranges: dict[str, Span]) -> Truth:
        """Whether all constraints are met, with names in these *ranges*; never where a run has failed."""
        may, must, likely = ~self.failed, ~self.failed & self.finished, np.where(self.failed, 0.0, 1.0)
        for condition, of in self._goal.conditions:
            names = {name: ranges[wanted.text] for name, wanted in of.items()}
            names |= {name: Span(*(np.array([float(value)]),) * 2) for name, value in condition.quantities.items()}
            left, right = span_of(condition.left, names), span_of(condition.right, names)
            truth = compared(left, condition.comparison, right)
            may, must, likely = may & truth.may, must & truth.must, likely * truth.likely
        return Truth(may, must, likely)

    def best(self, ranges: dict[str, Span]) -> Floats:
        """How good each can be: a row for each candidate, a column for each objective; less is better."""
        columns = []
        for objective in self._goal.objectives:
            least, most = ranges[objective.wanted.text]
            columns.append(objective.sign * (most if objective.most else least))
        return np.stack(columns, axis=1)


def beaten(values: Floats, by: Floats) -> Bools:
    """Which rows of *values* can be no better in any column than some row of *by*."""
    found = np.zeros(len(values), bool)
    for row in by:
        found |= (row <= values).all(axis=1)
    return found


def _number(value: Figure) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
