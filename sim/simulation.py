"""One run from names to result: resolve the inputs, choose a mapping for each stack of layers, simulate, account.

The contents page of the house: what is called here stands in the folders files, search, execution and accounting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hw.machine import MachineSpec
from sim.accounting.critical_path import PathTracker
from sim.accounting.scaling import Spent, StreamSpent, lengths, repeated, scaled
from sim.accounting.windows import WindowRecorder
from sim.execution.estimate import Estimate, estimate
from sim.execution.observers import Observers, RunObserver
from sim.execution.run import Stride, TileDone, run_program
from sim.files.described import Machine, Overrides, Workload, named
from sim.files.limits import LIMITS, Limits
from sim.files.progress import ProgressCallback
from sim.files.resolve import Inputs, resolve
from sim.lowering.section import Section
from sim.search.choose import sections

if TYPE_CHECKING:
    from sim.accounting.result import Result
    from workloads.workload_spec import WorkloadSpec


@dataclass(frozen=True)
class Job:
    """A workload on a machine, checked and mapped: ready to run.

    ``model_layers`` are the model's own, where it was told to have another number of them. The ``spec`` is that of the
    workload, where its layers do not say all of it.
    """

    machine: MachineSpec
    sections: tuple[Section, ...]
    model_layers: int | None = None
    spec: WorkloadSpec | None = None


def simulate(
    workload: str | Workload,
    machine: str | Machine = "edge",
    overrides: Overrides = (),
    *,
    progress: ProgressCallback | None = None,
    observer: RunObserver | None = None,
    stride: Stride = "cycle",
    windows: int | None = None,
    critical_path: bool = False,
    simulate_layers: int | None = None,
    certificate: bool = True,
    limits: Limits = LIMITS,
    **keywords: Any,
) -> Result:
    """Run *workload* on *machine* (objects, paths of YAML files, or names of shipped ones) and return the result.

    A workload may also be the path of a ``config.json`` as published with a model's weights.

    *overrides* change single values of either file: ``{"simd.lanes": 64, "layers": 2}``, or ``["simd.lanes=64"]``; as
    keywords a dot is two underscores, ``simd__lanes=64``. *progress* is called with (tiles done, tiles in all).
    *observer* hears of every request. *simulate_layers* layers are simulated, all unless given, a SimPy event for
    each *stride*, and the result has accounts over time in so many *windows*, a *critical_path* and a *certificate*
    on wish: see :func:`run`. Raises InputError with every mistake in the input, and for what would take longer or more
    memory than the *limits*.

    >>> simulate("mamba2", layers=1, sequence_length=32).tokens
    32
    """
    return run(
        prepare(*named(workload, machine, overrides, keywords), limits),
        progress,
        observer,
        stride=stride,
        windows=windows,
        critical_path=critical_path,
        simulate_layers=simulate_layers,
        certificate=certificate,
        limits=limits,
    )


def prepare(workload: str, machine: str = "edge", assignments: Iterable[str] = (), limits: Limits = LIMITS) -> Job:
    """Find, override, check and map; raises InputError with every mistake in the input."""
    return mapped(resolve(workload, machine, assignments), limits)


def mapped(inputs: Inputs, limits: Limits = LIMITS) -> Job:
    """Choose a mapping for *inputs*; raises InputError where none fits, or choosing would take more than *limits*."""
    with inputs.placing():
        chosen = sections(inputs.workload, inputs.machine, limits)
        return Job(inputs.machine, chosen, inputs.model_layers, inputs.workload.spec)


def planned(job: Job, simulate_layers: int | None = None, observed: bool = False) -> Estimate:
    """What :func:`run` takes for *job*; *observed* if an observer hears of every request."""
    found = Estimate(0, 0.0, 0)
    for part in (part for of_section in runs_of(job, simulate_layers) for part in of_section):
        found = found.together(estimate(part.program, observed))
    return found


def run(
    job: Job,
    progress: ProgressCallback | None = None,
    observer: RunObserver | None = None,
    *,
    stride: Stride = "cycle",
    windows: int | None = None,
    critical_path: bool = False,
    simulate_layers: int | None = None,
    certificate: bool = False,
    limits: Limits = LIMITS,
) -> Result:
    """Simulate a prepared *job* event by event, its sections one after the other.

    *progress* is called with (tiles done, tiles in all), *observer* hears of every request. With the *stride* ``cycle``
    every cycle in which something happens is a SimPy event, with ``tile`` only the borders of tiles are: the result is
    the same. It has the accounts over time if *windows* says in how many parts at most, and the critical path on wish.
    With *simulate_layers* no more layers than that are simulated, and the result is scaled to all of them;
    *observer* and *windows* show what was simulated. With a *certificate* the result says what any mapping takes at
    least, which is found in a tenth of a second. Raises InputError if it would take more than the *limits*.
    """
    planned(job, simulate_layers, observer is not None).check(limits)
    timeline = WindowRecorder(windows) if windows else None
    listeners = [one for one in (observer, timeline) if one is not None]
    parts = runs_of(job, simulate_layers)
    total = sum(part.program.tiles for of_section in parts for part in of_section)
    runs: list[tuple[Section, Spent]] = []
    start = done = 0
    for section, of_section in zip(job.sections, parts, strict=True):
        found: list[Spent] = []
        for part in of_section:
            on_tile = None if progress is None else partial(_tell, progress, done, total)
            heard = [] if found else listeners
            found.append(_simulate(job.machine, part, start, heard, on_tile, stride, critical_path))
            done += part.program.tiles
        start += found[0].makespan
        runs.append((section, repeated(scaled(found, section.program.layers), section.stack.times)))
    from sim.accounting.metrics import build_result  # takes a while to load: not before the run

    simulated = _simulated_layers(job, parts, simulate_layers)
    return build_result(job.machine, runs, simulated, timeline, job.model_layers, certificate, job.spec)


def _simulated_layers(job: Job, parts: Sequence[Sequence[Section]], simulate_layers: int | None) -> int:
    """How many layers of the model were simulated; no more than were asked for, if so many of attention's groups."""
    pairs = zip(job.sections, (of_section[0] for of_section in parts), strict=True)
    cut = any(one.stack.part and one.program.layers < section.program.layers for section, one in pairs)
    layers = sum(of_section[0].layers_of_model for of_section in parts)
    return min(layers, simulate_layers) if cut and simulate_layers is not None else layers


def makespan_cycles(job: Job, simulate_layers: int | None = None) -> int:
    """The makespan of :func:`run` alone, which takes less time than a result; nothing is refused."""
    total = 0
    for section, parts in zip(job.sections, runs_of(job, simulate_layers), strict=True):
        found = [_simulate(job.machine, part, 0, (), None, "tile", False) for part in parts]
        total += scaled(found, section.program.layers).makespan * section.stack.times
    return total


def runs_of(job: Job, simulate_layers: int | None) -> list[list[Section]]:
    """The runs that each section of *job* takes."""
    return [[_cut(each, n) for n in lengths(each.program.layers, simulate_layers)] for each in job.sections]


def _cut(section: Section, layers: int) -> Section:
    """*section* with so many layers only."""
    if layers == section.program.layers:
        return section
    return section.with_program(replace(section.program, layers=layers))


def _simulate(
    machine: MachineSpec,
    section: Section,
    start: int,
    listeners: Sequence[RunObserver],
    on_tile: TileDone | None,
    stride: Stride,
    critical_path: bool,
) -> Spent:
    """Run one section, from cycle *start* of the whole run on; *on_tile* hears of each tile done."""
    program = section.program
    tracker = PathTracker() if critical_path else None
    observers = [*listeners, *([] if tracker is None else [tracker])]
    observer = Observers(observers) if len(observers) > 1 else observers[0] if observers else None
    if observer is not None:
        observer.begin(section, start)
    execution = run_program(program, machine, stride=stride, on_tile=on_tile, observer=observer)
    streams = tuple(StreamSpent(stream.plan, stream.layers) for stream in execution.streams)
    path = None
    if tracker is not None:
        from sim.accounting.breakdown import path_of  # takes a while to load

        path = path_of(section, execution, tracker)
    return Spent(execution.makespan, streams, execution.units, path)


def _tell(progress: ProgressCallback, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
