"""One run from names to result: find and check the inputs, choose a mapping, simulate, account."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from hw.machine import Machine, MachineSpec
from hw.unit import Accounts, Recorder
from sim.catalog import find
from sim.choice import Section, choose
from sim.documents import Document, read_document, split_assignment
from sim.engine import Engine
from sim.errors import InputError, Problem
from sim.metrics import build_result
from sim.result import Result
from sim.scheduler import run_program
from workloads.checkpoint import read_checkpoint
from workloads.config import WorkloadSpec, build_workload, head_workload

Progress = Callable[[int, int], None]


class RunRecorder(Recorder, Protocol):
    """Listens to the units of a whole run, section by section."""

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; its cycles count from *start* of the run."""


@dataclass(frozen=True)
class Job:
    """A workload on a machine, checked and mapped: ready to run."""

    machine: MachineSpec
    sections: tuple[Section, ...]


def simulate(
    workload: str,
    machine: str = "edge",
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    progress: Progress | None = None,
    recorder: RunRecorder | None = None,
    **keywords: Any,
) -> Result:
    """Run *workload* on *machine* (paths of YAML files, or names of shipped ones) and return the result.

    A workload may also be the path of a ``config.json`` as published with a model's weights.

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
    workload_document = read_workload(workload)
    machine_document = read_document(find("machine", machine))
    for assignment in assignments:
        _target(assignment, workload_document, machine_document).override(assignment)
    spec = machine_document.check(MachineSpec)
    built = build_workload(workload_document)
    with _no_garbage_collection():
        layers = Section(built, choose(built, spec, workload_document))
        head = head_workload(built)
        if head is None:
            return Job(spec, (layers,))
        return Job(spec, (layers, Section(head, choose(head, spec, workload_document), "head.")))


def read_workload(name: str) -> Document:
    """The document of a workload: a YAML file, the name of a shipped one, or a model's ``config.json``."""
    path = find("workload", name)
    return read_checkpoint(path) if path.suffix == ".json" else read_document(path)


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


def run(job: Job, progress: Progress | None = None, recorder: RunRecorder | None = None) -> Result:
    """Simulate a prepared *job* event by event, its sections one after the other."""
    done, total = 0, sum(section.program.tiles for section in job.sections)

    def tile() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    makespan, accounts = 0, dict[str, Accounts]()
    with _no_garbage_collection():
        for section in job.sections:
            engine = Engine()
            machine = Machine(job.machine, engine, section.program.contended)
            if recorder is not None:
                recorder.begin(section, makespan)
                machine.record(recorder)
            cycles = run_program(section.program, machine, engine, tile if progress else None)
            makespan += cycles
            for name, account in machine.finish(cycles).items():
                accounts.setdefault(name, Accounts()).add(account)
    return build_result(job.machine, job.sections, makespan, accounts)


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
