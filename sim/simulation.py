"""One run from names to result: find and check the inputs, choose a mapping, simulate, account."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from hw.machine import Machine, MachineSpec
from hw.requests import Transfer, Work
from hw.unit import Recorder, Stream
from sim.catalog import find
from sim.choice import Section, choose
from sim.documents import Document, Spec, read_document, split_assignment
from sim.engine import Engine
from sim.errors import InputError, Problem
from sim.path import PathTracker
from sim.scaling import Spent, StreamSpent, lengths, scaled
from sim.scheduler import run_program
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
    simulate_layers: int | None = None,
    **keywords: Any,
) -> Result:
    """Run *workload* on *machine* (paths of YAML files, or names of shipped ones) and return the result.

    A workload may also be the path of a ``config.json`` as published with a model's weights.

    *overrides* change single values of either file: ``{"simd.lanes": 64, "layers": 2}``, or ``["simd.lanes=64"]``; as
    keywords a dot is two underscores, ``simd__lanes=64``. *progress* is called with (tiles done, tiles in all).
    *recorder* listens to the units. *simulate_layers* layers are simulated, all unless given: see :func:`run`. Raises
    InputError with every mistake in the input.

    >>> simulate("mamba2", layers=1, sequence_length=32).tokens
    32
    """
    assignments = [f"{k}={v}" for k, v in overrides.items()] if isinstance(overrides, Mapping) else list(overrides)
    assignments += [f"{key.replace('__', '.')}={value}" for key, value in keywords.items()]
    return run(prepare(workload, machine, assignments), progress, recorder, simulate_layers=simulate_layers)


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
    simulate_layers: int | None = None,
) -> Result:
    """Simulate a prepared *job* event by event, its sections one after the other.

    The result has the accounts over time if *windows* says in how many parts at most, and the critical path on wish.
    With *simulate_layers* no more layers than that are simulated, and the result is scaled to all (sim/scaling.py);
    *recorder* and *windows* show what was simulated.
    """
    timeline = WindowRecorder(windows) if windows else None
    listener = _together([one for one in (recorder, timeline) if one is not None])
    parts = [[_cut(each, n) for n in lengths(each.program.layers, simulate_layers)] for each in job.sections]
    total = sum(part.program.tiles for of_section in parts for part in of_section)
    runs: list[tuple[Section, Spent]] = []
    start = done = 0
    with no_garbage_collection():
        for section, of_section in zip(job.sections, parts, strict=True):
            found: list[Spent] = []
            for part in of_section:
                on_tile = None if progress is None else partial(_tell, progress, done, total)
                heard = None if found else listener
                if heard is not None:
                    heard.begin(part, start)
                found.append(_simulate(job.machine, part, heard, on_tile, critical_path))
                done += part.program.tiles
            start += found[0].makespan
            runs.append((section, scaled(found, section.program.layers)))
        from sim.metrics import build_result  # takes a while to load: not before the run

        return build_result(job.machine, runs, parts[0][0].program.layers, timeline)


def _cut(section: Section, layers: int) -> Section:
    """*section* with so many layers only."""
    if layers == section.program.layers:
        return section
    return replace(section, choice=replace(section.choice, program=replace(section.program, layers=layers)))


def _simulate(
    spec: MachineSpec,
    section: Section,
    recorder: RunRecorder | None,
    on_tile: Callable[[int], None] | None,
    critical_path: bool,
) -> Spent:
    """Run one section on a machine of its own; *recorder* listens to it, *on_tile* hears of each tile done."""
    engine = Engine()
    machine = Machine(spec, engine, section.program.contended)
    machine.record(recorder)
    tracker = PathTracker() if critical_path else None
    execution = run_program(section.program, machine, engine, on_tile, tracker)
    streams = tuple(StreamSpent(stream.plan, stream.layers) for stream in execution.streams)
    path = None
    if tracker is not None:
        from sim.breakdown import path_of  # takes a while to load

        path = path_of(section, execution, tracker)
    return Spent(execution.makespan, streams, machine.finish(execution.makespan), path)


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
