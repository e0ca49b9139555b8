"""A job run again with some requests faster or slower, units free to choose: how far its order alone can tell.

Cycles are whole numbers, so they are rounded, and not to none; of transfers it is their bytes that are changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from hw.requests import Work
from sim.execution.run import run_program
from sim.explanation.elasticity import Duration
from sim.explanation.held_order import Recorded, covers
from sim.lowering.program import Program, StreamPlan, Transfers
from sim.simulation import Job


def rerun_cycles(job: Job, runs: Sequence[Recorded], duration: Duration, change: Fraction) -> int | None:
    """The makespan of *job*, by its *runs*, with *duration* changed by a share; None if that cannot be changed."""
    if duration.part == "rest":
        return None
    total = 0
    for run in runs:
        program = _changed(run, duration, 1 + change)
        total += run.times * run_program(program, job.machine, stride="tile").makespan
    return total


def _changed(run: Recorded, duration: Duration, factor: Fraction) -> Program:
    program = run.order.program
    streams = tuple(
        rescaled(plan, factor, duration) if covers(duration, plan.unit, run.label(plan)) else plan
        for plan in program.streams
    )
    return replace(program, streams=streams)


def rescaled(plan: StreamPlan, factor: Fraction, duration: Duration) -> StreamPlan:
    """*plan* with requests that take *factor* times as long, as *duration* says: cycles, tails, or both."""
    requests = plan.requests
    if isinstance(requests, Transfers):
        sizes = (2 * requests.sizes * factor.numerator + factor.denominator) // (2 * factor.denominator)
        return replace(plan, requests=replace(requests, sizes=np.maximum(1, sizes)))
    works, tails = duration.part == "work", duration.part == "tail" or not duration.unit
    changed = tuple(
        Work(
            max(min(1, work.cycles), round(work.cycles * factor)) if works else work.cycles,
            round(work.tail_cycles * factor) if tails else work.tail_cycles,
            work.demand,
        )
        for work in requests
    )
    return replace(plan, requests=changed)
