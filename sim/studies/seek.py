"""A goal from its file to what was found: the grid, the search, and where its runs and bounds come from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from sim.files.progress import ProgressCallback
from sim.studies.best_first import BestFirst, Found
from sim.studies.candidates import Candidate, Grid, certified_cycles
from sim.studies.evaluate import Outcome
from sim.studies.goal import Goal
from sim.studies.kept_bounds import KeptBounds
from sim.studies.outcomes import Keyed, Outcomes, Ready
from sim.studies.store import Store


def seek(goal: Goal, grid: Grid, store: Store, bounds: KeptBounds, workers: Ready, progress: ProgressCallback) -> Found:
    """Search the *grid* of *goal*; what the *store* does not know the *workers* compute, and it is kept as it comes.

    *progress* is called with (points that are settled, points in all).
    """

    def made(runs: Sequence[tuple[Candidate, str]]) -> list[Outcome]:
        sides = [candidate.sides[run] for candidate, run in runs]
        return outcomes.of([Keyed(side.key, side.point) for side in sides])

    def least(candidate: Candidate) -> dict[str, int]:
        return {run: _least(Keyed(side.key, side.point), bounds) for run, side in candidate.sides.items()}

    with ExitStack() as stack:
        outcomes = Outcomes(store, workers, stack)
        return BestFirst(goal, grid.candidates, made, least).run(progress)


def _least(wanted: Keyed, bounds: KeptBounds) -> int:
    """Cycles that a run takes at least over every mapping, known or found and kept."""
    found = bounds.get(wanted.key)
    if found is None:
        found = certified_cycles(wanted.point)
        bounds.add(wanted.key, found)
    return found
