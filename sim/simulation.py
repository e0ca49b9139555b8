"""One run from names to result: find and check the inputs, choose a mapping, simulate, account."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from hw.accounts import Accounts
from hw.machine import Machine, MachineSpec
from hw.requests import Transfer, Work
from hw.unit import Recorder, Stream
from sim.catalog import find
from sim.choice import Section, choose
from sim.documents import Document, Spec, read_document, split_assignment
from sim.engine import Engine
from sim.errors import InputError, Problem
from sim.path import PathTracker
from sim.scheduler import Execution, run_program
from sim.windows import WindowRecorder
from workloads.config import WorkloadSpec, build_workload, head_workload

if TYPE_CHECKING:
    from sim.result import Result

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
    workload_document, machine_document = read_inputs(workload, machine, assignments)
    spec = machine_document.check(MachineSpec)
    built = build_workload(workload_document)
    with no_garbage_collection():
        layers = Section(built, choose(built, spec, workload_document))
        head = head_workload(built)
        if head is None:
            return Job(spec, (layers,))
        return Job(spec, (layers, Section(head, choose(head, spec, workload_document), "head.")))


class NamedMapping(Spec):
    """A way to map workloads that has a name: assignments as ``--set`` takes them."""

    name: str
    description: str = ""
    set: list[str]


def named_mapping(name: str) -> list[str]:
    """The assignments of a named mapping: a YAML file, or a shipped one's name. Raises InputError."""
    return read_document(find("mapping", name)).check(NamedMapping).set


def read_inputs(workload: str, machine: str, assignments: Iterable[str]) -> tuple[Document, Document]:
    """The documents of a workload and a machine, with *assignments* applied to the one that each is about."""
    documents = read_workload(workload), read_document(find("machine", machine))
    for assignment in assignments:
        _target(assignment, *documents).override(assignment)
    return documents


def read_workload(name: str) -> Document:
    """The document of a workload: a YAML file, the name of a shipped one, or a model's ``config.json``."""
    path = find("workload", name)
    if path.suffix != ".json":
        return read_document(path)
    from workloads.checkpoint import read_checkpoint

    return read_checkpoint(path)


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


def run(
    job: Job,
    progress: Progress | None = None,
    recorder: RunRecorder | None = None,
    *,
    windows: int | None = None,
    critical_path: bool = False,
) -> Result:
    """Simulate a prepared *job* event by event, its sections one after the other.

    The result has the accounts over time if *windows* says in how many parts at most, and the critical path on wish.
    """
    total = sum(section.program.tiles for section in job.sections)

    timeline = WindowRecorder(windows) if windows else None
    listener = _together([one for one in (recorder, timeline) if one is not None])
    trackers: list[PathTracker] | None = [] if critical_path else None
    accounts: dict[str, Accounts] = {}
    runs: list[tuple[Section, Execution]] = []
    with no_garbage_collection():
        for section in job.sections:
            engine = Engine()
            machine = Machine(job.machine, engine, section.program.contended)
            if listener is not None:
                listener.begin(section, sum(execution.makespan for _, execution in runs))
                machine.record(listener)
            tracker = PathTracker() if trackers is not None else None
            if trackers is not None and tracker is not None:
                trackers.append(tracker)
            before = sum(done.program.tiles for done, _ in runs)
            on_tile = None if progress is None else partial(_tell, progress, before, total)
            execution = run_program(section.program, machine, engine, on_tile, tracker)
            runs.append((section, execution))
            for name, account in machine.finish(execution.makespan).items():
                accounts.setdefault(name, Accounts()).add(account)
        from sim.metrics import Recorded, build_result  # takes a while to load: not before the run

        return build_result(job.machine, runs, accounts, Recorded(timeline, trackers))


def _tell(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


class _Several:
    """Recorders that all hear the same."""

    def __init__(self, recorders: list[RunRecorder]) -> None:
        self._recorders = recorders

    def begin(self, section: Section, start: int) -> None:
        for recorder in self._recorders:
            recorder.begin(section, start)

    def busy(self, unit: str, stream: Stream[Work] | Stream[Transfer], start: int, end: int) -> None:
        for recorder in self._recorders:
            recorder.busy(unit, stream, start, end)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        for recorder in self._recorders:
            recorder.stalled(unit, reason, start, end)


def _together(recorders: list[RunRecorder]) -> RunRecorder | None:
    """One recorder for all of *recorders*; None for none."""
    return _Several(recorders) if len(recorders) > 1 else recorders[0] if recorders else None


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A run makes no reference cycles; looking for them takes a tenth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
