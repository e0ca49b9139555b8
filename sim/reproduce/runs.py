"""The simulations that the products need, each done once: (workload, machine, assignments) -> what came out.

Prefill is simulated for two layers and scaled to the model's: layers are alike, and the first one's loads, which do not
scale, are 0.5 % of two. Decode is simulated whole: it is one token, and in two layers the first one's loads are 2 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sim.errors import InputError
from sim.result import Result
from sim.simulation import named_mapping, prepare, read_inputs, run
from workloads.config import WorkloadSpec

PREFILL_LAYERS = 2
SCALING = f"Prefill simulates {PREFILL_LAYERS} layers and scales time and energy to the model's layers, which are alike"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Run:
    """What to simulate: names as for ``python -m sim run``, and *options*, assignments of which the first that fits."""

    workload: str
    machine: str
    assignments: tuple[str, ...] = ()
    mapping: str | None = None
    options: tuple[str, ...] = ()

    @property
    def every_assignment(self) -> list[str]:
        """Those of the named mapping, then the run's own, without the options."""
        return [*(named_mapping(self.mapping) if self.mapping else []), *self.assignments]


@dataclass(frozen=True)
class Simulated:
    """What a run came to, for all layers of the model; ``refused`` has the options that did not fit, and why."""

    result: Result
    model_layers: int
    option: str | None = None
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def scale(self) -> float:
        """The model's layers over those simulated."""
        return self.model_layers / self.result.layers

    @property
    def tokens_per_second(self) -> float:
        """Throughput of the whole model."""
        return self.result.tokens_per_second / self.scale

    @property
    def energy_mj_per_token(self) -> float:
        """Energy of the whole model."""
        return self.result.energy_mj_per_token * self.scale

    @property
    def cycles_per_token(self) -> float:
        """Time of the whole model, in core cycles."""
        return self.result.makespan_cycles / self.result.tokens * self.scale

    @property
    def resource_cycles_per_token(self) -> float:
        """The resource bound of the whole model: the busiest unit's work at its full rate."""
        return self.result.bounds.resource_cycles / self.result.tokens * self.scale

    @property
    def ops_per_token(self) -> float:
        """Operations of the whole model as we count them, nothing left out."""
        return self.result.ops_per_token * self.scale


def simulate_run(wanted: Run) -> Simulated:
    """Simulate *wanted* with the first of its options that fits; raises the last one's InputError if none does."""
    document, _ = read_inputs(wanted.workload, wanted.machine, wanted.every_assignment)
    spec = document.check(WorkloadSpec)
    layers = spec.layers if spec.phase == "decode" else min(PREFILL_LAYERS, spec.layers)
    fixed, refused = [*wanted.every_assignment, f"layers={layers}"], []
    for option in wanted.options[:-1]:
        try:
            job = prepare(wanted.workload, wanted.machine, [*fixed, option])
        except InputError as error:
            refused.append((option, error.problems[0].message))
        else:
            return Simulated(run(job), spec.layers, option, tuple(refused))
    last = wanted.options[-1:]
    job = prepare(wanted.workload, wanted.machine, [*fixed, *last])
    return Simulated(run(job), spec.layers, last[0] if last else None, tuple(refused))


Mapper = Callable[[Callable[[Run], Simulated], Sequence[Run]], Iterable[Simulated]]


class Runs:
    """Simulations done so far. *mapper* is how several are done, ``map`` or an executor's; it must keep their order."""

    def __init__(
        self,
        mapper: Mapper = map,
        simulate: Callable[[Run], Simulated] = simulate_run,
        progress: Progress | None = None,
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


@contextmanager
def parallel_runs(workers: int | None, progress: Progress | None = None) -> Iterator[Runs]:
    """Runs in *workers* processes, as many as there are cores unless given."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers) as executor:
        yield Runs(executor.map, progress=progress)


def command_of(wanted: Run, simulated: Simulated) -> str:
    """The command that repeats the simulation."""
    words = ["python -m sim run", wanted.workload, f"--hw {wanted.machine}"]
    words += [f"--mapping {wanted.mapping}"] if wanted.mapping else []
    options = [simulated.option] if simulated.option else []
    words += [f"--set {each}" for each in (*wanted.assignments, *options)]
    return " ".join([*words, f"--layers {simulated.result.layers}"])
