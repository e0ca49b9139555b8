"""Runs a lowered program: makes its streams, lets the engine go until all have ended, and says if they cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hw.machine import Machine
from hw.requests import Work
from sim.engine import Engine
from sim.errors import DeadlockError
from sim.program import Program
from sim.streams import SlotPool, StreamRun, Tracker


@dataclass(frozen=True)
class Execution:
    """A program that has been run: how many cycles it took, and its streams with their accounts."""

    makespan: int
    streams: tuple[StreamRun[Any], ...]


def run_program(
    program: Program,
    machine: Machine,
    engine: Engine,
    on_tile: Callable[[int], None] | None = None,
    tracker: Tracker | None = None,
) -> Execution:
    """Execute *program* on *machine*.

    ``on_tile`` is called with the number of tiles done, those of the last stream that has something to do in each;
    *tracker* follows every request. Raises DeadlockError, naming who waits for what, if time ends before the work does.
    """
    runs: list[StreamRun[Work]] = []
    for rank, plan in enumerate(program.streams):
        unit = machine.dma if plan.unit == "dma" else machine.units[plan.unit]
        runs.append(StreamRun(plan, rank, program, unit))
    for run in runs:
        run.connect(runs)
        run.tracker = tracker
    if program.pool is not None:
        users = {load: runs[user] for load, user in program.pool.members}
        pool = SlotPool(program.pool.slots, users, tracker)
        if tracker is not None:
            tracker.follow_slots(dict(program.pool.members))
        for load, user in program.pool.members:
            runs[load].pool = runs[user].supply = pool
            runs[user].release = partial(pool.release, load)
    if on_tile is not None:
        _listen(runs, engine, on_tile)
    for run in runs:
        engine.at(0, run.advance)
    engine.run()
    stuck = [waiting for run in runs if (waiting := run.waiting_for())]
    if stuck:
        raise DeadlockError("the schedule cannot go on:\n" + "\n".join(stuck))
    return Execution(max(run.last_completion for run in runs), tuple(runs))


def _listen(runs: Sequence[StreamRun[Any]], engine: Engine, on_tile: Callable[[int], None]) -> None:
    clock = next((run for run in reversed(runs) if any(run.plan.requests[0])), runs[-1])

    clock.listener = lambda: engine.start_now(lambda: on_tile(clock.tile))
