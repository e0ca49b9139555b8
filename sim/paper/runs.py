"""The simulations that the products need, each done once: (workload, machine, assignments) -> what came out.

Of prefill two layers are simulated and the time of the others scaled from them (accounting/scaling.py). Decode is
simulated whole: it is one token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sim.accounting.result import Result
from sim.explanation.near import near
from sim.files.errors import InputError
from sim.files.limits import Limits, Search
from sim.files.progress import ProgressCallback
from sim.files.resolve import named_mapping, read_inputs
from sim.simulation import Job, prepare, run
from workloads.workload_spec import WorkloadSpec

PREFILL_LAYERS = 2
SCALING = f"Prefill simulates {PREFILL_LAYERS} layers and scales the time of the others, which are alike"


@dataclass(frozen=True)
class Run:
    """What to simulate: names as for ``python -m sim run``, and *options*, assignments of which the first that fits.

    With ``near`` other mappings near the best are simulated as well. ``search`` says how hard to look for a mapping.
    """

    workload: str
    machine: str
    assignments: tuple[str, ...] = ()
    mapping: str | None = None
    options: tuple[str, ...] = ()
    near: bool = False
    search: Search | None = None

    @property
    def every_assignment(self) -> list[str]:
        """Those of the named mapping, then the run's own, without the options."""
        return [*(named_mapping(self.mapping) if self.mapping else []), *self.assignments]


@dataclass(frozen=True)
class Simulated:
    """What a run came to; ``refused`` has the options that did not fit, and why.

    ``near`` are the results of other mappings near the best, where they were asked for.
    """

    result: Result
    option: str | None = None
    refused: tuple[tuple[str, str], ...] = ()
    near: tuple[Result, ...] = ()

    @property
    def tokens_per_second(self) -> float:
        """Throughput."""
        return self.result.tokens_per_second

    @property
    def energy_mj_per_token(self) -> float:
        """Energy."""
        return self.result.energy_mj_per_token

    @property
    def cycles_per_token(self) -> float:
        """Time, in core cycles."""
        return self.result.makespan_cycles / self.result.tokens

    @property
    def least_cycles_per_token(self) -> float:
        """What any mapping takes at least, in core cycles."""
        bound = self.result.bounds.any_mapping_cycles
        assert bound is not None, "these runs have a certificate"
        return bound / self.result.tokens

    @property
    def resource_cycles_per_token(self) -> float:
        """The resource bound: the busiest unit's work at its full rate."""
        return self.result.bounds.resource_cycles / self.result.tokens


def simulate_run(wanted: Run) -> Simulated:
    """Simulate *wanted* with the first of its options that fits; raises the last one's InputError if none does."""
    document, _ = read_inputs(wanted.workload, wanted.machine, wanted.every_assignment)
    layers = None if document.check(WorkloadSpec).phase == "decode" else PREFILL_LAYERS
    fixed, refused, limits = wanted.every_assignment, list[tuple[str, str]](), Limits(search=wanted.search)
    for option in wanted.options[:-1]:
        try:
            job = prepare(wanted.workload, wanted.machine, [*fixed, option], limits)
        except InputError as error:
            refused.append((option, error.problems[0].message))
        else:
            return Simulated(_run(job, layers), option, tuple(refused), _near(wanted, job, layers))
    last = wanted.options[-1:]
    job = prepare(wanted.workload, wanted.machine, [*fixed, *last], limits)
    return Simulated(_run(job, layers), last[0] if last else None, tuple(refused), _near(wanted, job, layers))


def _run(job: Job, layers: int | None) -> Result:
    return run(job, simulate_layers=layers, stride="tile", certificate=True)


def _near(wanted: Run, job: Job, layers: int | None) -> tuple[Result, ...]:
    schedules = near(job.sections).schedules if wanted.near else ()
    return tuple(_run(Job(job.machine, schedule, job.model_layers, job.spec), layers) for schedule in schedules)


Task = TypeVar("Task")
Made = TypeVar("Made")


class Mapper(Protocol):
    """What does something to several things, in their order: ``map``, or an executor's."""

    def __call__(self, function: Callable[[Task], Made], tasks: Sequence[Task], /) -> Iterable[Made]:
        """What *function* makes of each of *tasks*."""
        ...


class Runs:
    """Simulations done so far. *mapper* is how several are done, ``map`` or an executor's; it must keep their order."""

    def __init__(
        self,
        mapper: Mapper = map,
        simulate: Callable[[Run], Simulated] = simulate_run,
        progress: ProgressCallback | None = None,
    ) -> None:
        self._mapper = mapper
        self._simulate = simulate
        self._progress = progress
        self._done: dict[Run, Simulated] = {}

    def of(self, wanted: Iterable[Run]) -> dict[Run, Simulated]:
        """What every run of *wanted* came to."""
        asked = list(dict.fromkeys(wanted))
        missing = [each for each in asked if each not in self._done]
        known = len(self._done) + len(missing)
        for each, found in zip(missing, self._mapper(self._simulate, missing), strict=True):
            self._done[each] = found
            if self._progress is not None:
                self._progress(len(self._done), known)
        return {each: self._done[each] for each in asked}

    def each(self, function: Callable[[Task], Made], tasks: Sequence[Task]) -> list[Made]:
        """What *function* makes of each of *tasks*, done as simulations are."""
        made: list[Made] = []
        for found in self._mapper(function, tasks):
            made.append(found)
            if self._progress is not None:
                self._progress(len(made), len(tasks))
        return made


@contextmanager
def parallel_runs(workers: int | None, progress: ProgressCallback | None = None) -> Iterator[Runs]:
    """Runs in *workers* processes, as many as there are cores unless given."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers) as executor:
        yield Runs(executor.map, progress=progress)


def command_of(wanted: Run, simulated: Simulated) -> str:
    """The command that repeats the simulation."""
    words = ["python -m sim run", wanted.workload, f"--hw {wanted.machine}"]
    words += [f"--mapping {wanted.mapping}"] if wanted.mapping else []
    words += [f"--search {wanted.search}"] if wanted.search else []
    options = [simulated.option] if simulated.option else []
    words += [f"--set {each}" for each in (*wanted.assignments, *options)]
    result = simulated.result
    words += [f"--simulate-layers {result.simulated_layers}"] if result.simulated_layers < result.layers else []
    return " ".join(words)
