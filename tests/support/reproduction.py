"""Results for the reproduction of the paper without simulating its runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from sim.paper.published import STREAM_TILES
from sim.paper.ranking import VARIANTS, Standing
from sim.paper.runs import Run, Runs, Simulated
from sim.simulation import simulate


@cache
def small() -> Simulated:
    """The result of a small run."""
    return Simulated(simulate("mamba2", layers=48, sequence_length=32, simulate_layers=1))


def fake(run: Run) -> Simulated:
    """A small run's result for any run: slower for Mamba-3; of several options the first does not fit."""
    tile = STREAM_TILES.get(run.workload, 64)
    result = small().result
    cycles = result.makespan_cycles * (3 if "mamba3" in run.workload else 2)
    refused = run.workload == "mamba1" and bool(run.options) and not run.assignments
    mapping = result.mapping.model_copy(update={"token_tile": tile // 2 if refused else tile})
    update = {"mapping": mapping, "makespan_cycles": cycles}
    found = replace(small(), result=result.model_copy(update=update), option=run.options[0] if run.options else None)
    return replace(found, refused=((run.options[0], "too large"),) if refused else ())


@contextmanager
def known_runs(workers: object, progress: object) -> Iterator[Runs]:
    """Instead of :func:`~sim.paper.runs.parallel_runs`: the runs of :func:`fake`."""
    yield Runs(simulate=fake)


def taking(cycles: int, at_least: int) -> Simulated:
    """A run of so many cycles a token, where any mapping takes *at_least* so many."""
    result = small().result
    bounds = result.bounds.model_copy(update={"any_mapping_cycles": at_least * result.tokens})
    return replace(
        small(), result=result.model_copy(update={"makespan_cycles": cycles * result.tokens, "bounds": bounds})
    )


def standing(*runs: tuple[int, int]) -> Standing:
    return Standing(VARIANTS[0], tuple(taking(*run) for run in runs))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of *folder* by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
