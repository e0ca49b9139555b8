"""Runs in the order that they took, of programs made by hand and of shipped models."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

from hw.machine import MachineSpec
from sim.accounting.fixed_order import FixedOrder, fixed_order
from sim.accounting.order_recorder import OrderRecorder
from sim.execution.run import run_program
from sim.explanation.elasticity import Duration, Part
from sim.explanation.held_order import Recorded, Scaling
from sim.lowering.program import Program
from sim.simulation import Job, prepare
from tests.support.accounted import RUNS


def ordered(spec: MachineSpec, built: Program) -> FixedOrder:
    """The run of *built*, in its order."""
    recorder = OrderRecorder()
    recorder.follow(built)
    makespan = run_program(built, spec, observer=recorder).makespan
    found = fixed_order(built, spec, recorder)
    assert found.makespan == makespan
    return found


def run_of(spec: MachineSpec, built: Program) -> Recorded:
    """The same as a run of a job, which counts once."""
    section: Any = SimpleNamespace(prefix="", program=built)
    return Recorded(section, ordered(spec, built), 1)


def scaling(spec: MachineSpec, built: Program, unit: str, stream: str = "", part: Part = "work") -> Scaling:
    """What its makespan is as a function of a class of durations."""
    return Scaling([run_of(spec, built)], Duration(unit, stream, part))


def check_kept(found: FixedOrder, lagging: int = 0) -> None:
    """With nothing changed, timing requests anew gives every moment as it was; so many started for no known reason."""
    for most in (-1, 1):
        assert found.timed.makespan(0, 1, most) == found.makespan
        assert (found.timed.times() == found.recorded).all()
    assert found.lagging == lagging


@cache
def small(case: str) -> Job:
    """The job of a row of RUNS."""
    workload, machine, assignments = RUNS[case]
    return prepare(workload, machine, assignments)


def whole_cycles(built: Program, times: int) -> Program:
    """*built* with requests that take so many *times* as long, tails as they are."""
    streams = []
    for plan in built.streams:
        works = [type(work)(times * work.cycles, work.tail_cycles, work.demand) for work in plan.requests]
        streams.append(replace(plan, requests=tuple(works)))
    return replace(built, streams=tuple(streams))
