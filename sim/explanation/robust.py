"""The same experiments with a schedule near the best: only those runs that can differ by what is worth naming.

The busiest unit's work is a bound below every run. Where it leaves a change less than a percent to gain, the change is
not run and counts as no gain, and a rung of the ladder that could be no lower by a percent counts as nothing. The first
rung, in which everything is ideal, is the bound itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from sim.accounting.result import Result
from sim.explanation.experiments import Change, ladder
from sim.explanation.findings import WORTH_NAMING
from sim.explanation.laboratory import Laboratory
from sim.explanation.near import Schedule


class Seen(NamedTuple):
    """What the experiments show of one schedule: the share of the time of each rung after the roofline, and gains."""

    result: Result
    shares: list[float]
    gains: list[float | None]


def look(laboratory: Laboratory, number: int) -> Seen:
    """The experiments with the schedule of that *number* near the best, and what all changes gain it."""
    schedule = laboratory.near.schedules[number]
    result = laboratory.same_schedule(schedule=schedule)
    assert result is not None, "it was tried on this machine"
    total = result.makespan_cycles
    gains = [_gain(laboratory, schedule, change, total) for change in laboratory.changes]
    return Seen(result, [added / total for added in _added(laboratory, schedule, result)], gains)


def _added(laboratory: Laboratory, schedule: Schedule, result: Result) -> list[int]:
    """What each rung adds, from the run down to the roofline."""
    cycles = [result.makespan_cycles]
    every = [assignments for _, assignments in ladder(laboratory.machine)]
    for assignments in every[-2:0:-1]:
        cycles.append(_lower(laboratory, schedule, assignments, cycles[-1]))
    first = laboratory.least_cycles(schedule, every[0])  # where all is ideal, nothing waits but what the work takes
    cycles += [cycles[-1] if first is None else round(first), result.bounds.paper_roofline_cycles]
    return [above - below for above, below in pairwise(cycles)][::-1]


def _lower(laboratory: Laboratory, schedule: Schedule, assignments: Sequence[str], above: int) -> int:
    """The cycles of a rung, where the next takes those *above*."""
    least = laboratory.least_cycles(schedule, assignments)
    if least is None or least * (1 + WORTH_NAMING) > above:
        return above
    found = laboratory.kept_cycles(assignments, schedule)
    return above if found is None else found


def _gain(laboratory: Laboratory, schedule: Schedule, change: Change, total: int) -> float | None:
    least = laboratory.least_cycles(schedule, change.assignments)
    if least is None:
        return None
    if least * (1 + WORTH_NAMING) > total:
        return 1.0
    found = laboratory.kept_cycles(change.assignments, schedule)
    return None if found is None else total / found
