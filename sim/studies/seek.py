"""A goal from its file to what was found: the grid, the search, and where its runs and bounds come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from sim.files.progress import ProgressCallback
from sim.studies.best_first import BestFirst, Found
from sim.studies.candidates import Candidate, Grid, certified_cycles
from sim.studies.evaluate import Outcome
from sim.studies.goal import Goal
from sim.studies.kept_bounds import KeptBounds
from sim.studies.store import Store
from sim.studies.workers import Workers

Ready = Callable[[], AbstractContextManager[Workers]]


class Source:
    """Outcomes and bounds: what *store* and *bounds* know, and what *workers* compute, which is kept at once.

    Workers are asked for when something is to be computed, and are there until the *stack* is left.
    """

    def __init__(self, store: Store, bounds: KeptBounds, workers: Ready, stack: ExitStack) -> None:
        self._store, self._bounds, self._ask, self._stack = store, bounds, workers, stack
        self._workers: Workers | None = None
        self._died: dict[str, Outcome] = {}

    def outcomes(self, runs: Sequence[tuple[Candidate, str]]) -> list[Outcome]:
        """The outcomes of *runs*, in their order."""
        sides = [candidate.sides[run] for candidate, run in runs]
        known = self._store.known(side.key for side in sides) | self._died
        missing = list({side.key: side for side in sides if side.key not in known}.values())
        if missing:
            if self._workers is None:
                self._workers = self._stack.enter_context(self._ask())
            for number, outcome in self._workers.outcomes([side.point for side in missing]):
                side = missing[number]
                known[side.key] = outcome
                if outcome.died:
                    self._died[side.key] = outcome
                else:
                    self._store.add([(side.key, side.point, outcome)])
        return [known[side.key] for side in sides]

    def least(self, candidate: Candidate) -> dict[str, int]:
        """Cycles that the runs of *candidate* take at least over every mapping."""
        return {run: self._least(candidate, run) for run in candidate.sides}

    def _least(self, candidate: Candidate, run: str) -> int:
        side = candidate.sides[run]
        found = self._bounds.get(side.key)
        if found is None:
            found = certified_cycles(side.point)
            self._bounds.add(side.key, found)
        return found


def seek(goal: Goal, grid: Grid, store: Store, bounds: KeptBounds, workers: Ready, progress: ProgressCallback) -> Found:
    """Search the *grid* of *goal*; what the *store* does not know the *workers* compute, and it is kept as it comes.

    *progress* is called with (points that are settled, points in all).
    """
    with ExitStack() as stack:
        source = Source(store, bounds, workers, stack)
        return BestFirst(goal, grid.candidates, source.outcomes, source.least).run(progress)
