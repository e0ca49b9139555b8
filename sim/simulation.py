"""One run from names to result: find and check the inputs, choose a mapping, simulate, account."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hw.machine import Machine, MachineSpec
from hw.unit import Recorder
from sim.catalog import find
from sim.choice import Choice, choose
from sim.documents import Document, read_document, split_assignment
from sim.engine import Engine
from sim.errors import InputError, Problem
from sim.metrics import build_result
from sim.result import Result
from sim.scheduler import run_program
from workloads.config import Workload, WorkloadSpec, build_workload

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """A workload on a machine, checked and mapped: ready to run."""

    workload: Workload
    machine: MachineSpec
    choice: Choice


def simulate(
    workload: str,
    machine: str = "edge",
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    progress: Progress | None = None,
    recorder: Recorder | None = None,
    **keywords: Any,
) -> Result:
    """Run *workload* on *machine* (paths of YAML files, or names of shipped ones) and return the result.

    *overrides* change single values of either file: ``{"simd.lanes": 64, "layers": 2}``, or ``["simd.lanes=64"]``; as
    keywords a dot is two underscores, ``simd__lanes=64``. *progress* is called with (tiles done, tiles in all).
    *recorder* listens to the units. Raises InputError with every mistake in the input.

    >>> simulate("mamba2", layers=1, sequence_length=32).tokens
    32
    """
    assignments = [f"{k}={v}" for k, v in overrides.items()] if isinstance(overrides, Mapping) else list(overrides)
    assignments += [f"{key.replace('__', '.')}={value}" for key, value in keywords.items()]
    return run(prepare(workload, machine, assignments), progress, recorder)


def prepare(workload: str, machine: str = "edge", assignments: Iterable[str] = ()) -> Job:
    """Find, override, check and map; raises InputError with every mistake in the input."""
    workload_document = read_document(find("workload", workload))
    machine_document = read_document(find("machine", machine))
    for assignment in assignments:
        _target(assignment, workload_document, machine_document).override(assignment)
    spec = machine_document.check(MachineSpec)
    built = build_workload(workload_document)
    with _no_garbage_collection():
        return Job(built, spec, choose(built, spec, workload_document))


def _target(assignment: str, workload: Document, machine: Document) -> Document:
    """The document that a ``path=value`` is about: the first part of the path is a key of one of the two."""
    path, _ = split_assignment(assignment)
    first = path.split(".")[0]
    if first in WorkloadSpec.model_fields:
        return workload
    if first in MachineSpec.model_fields:
        return machine
    known = ", ".join(dict.fromkeys((*WorkloadSpec.model_fields, *MachineSpec.model_fields)))
    raise InputError(Problem(f"unknown key, expected one of {known}", f"--set {assignment}", key=path))


def run(job: Job, progress: Progress | None = None, recorder: Recorder | None = None) -> Result:
    """Simulate a prepared *job* event by event."""
    program = job.choice.program
    engine = Engine()
    machine = Machine(job.machine, engine, program.contended)
    machine.record(recorder)
    done = 0

    def tile() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, program.tiles)

    with _no_garbage_collection():
        makespan = run_program(program, machine, engine, tile if progress else None)
    return build_result(job.workload, job.machine, job.choice, makespan, machine.finish(makespan))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A run makes no reference cycles; looking for them takes a tenth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
