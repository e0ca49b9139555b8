"""Why a run takes its time, and several runs side by side: ``explain`` and ``compare``."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sim.accounting.result import Result
from sim.explanation.compare import Comparison
from sim.explanation.compare import compare as side_by_side
from sim.explanation.explain import explain as find_reasons
from sim.explanation.findings import Explanation
from sim.explanation.laboratory import Laboratory
from sim.explanation.near import ROBUST
from sim.explanation.sensitivity import sensitivities
from sim.files.described import Machine, Overrides, Workload, named
from sim.files.errors import InputError, Problem
from sim.files.limits import FEW_LAYERS, LIMITS, Limits
from sim.files.progress import ProgressCallback
from sim.files.resolve import resolve_layers
from sim.search.choose import NEAR


def explain(
    workload: str | Workload,
    machine: str | Machine = "edge",
    overrides: Overrides = (),
    *,
    simulate_layers: int = FEW_LAYERS,
    robust: float = ROBUST,
    sensitivity: bool = False,
    workers: int = 0,
    progress: ProgressCallback | None = None,
    limits: Limits = LIMITS,
    **keywords: Any,
) -> Explanation:
    """Why *workload* on *machine* takes its time: from the roofline to the run, what would help, in words.

    Inputs are those of :func:`~sim.simulation.simulate`. *simulate_layers* layers are simulated. What is said is tried
    on other mappings that are up to a share *robust* slower, 0.05 at most; with *sensitivity* the result says what each
    unit and stream of requests is worth. So many *workers*, processes of their own, help; a script that wants them has
    to be importable without running. *progress* is called with (experiments done, experiments in all). Raises
    InputError with every mistake in the input, for a workload with a head, and for what would take more than *limits*.
    """
    most = NEAR - 1
    if not 0 <= robust <= most:
        raise InputError(Problem(f"found {robust}, expected a share from 0 to {most:.2f}", "explain", key="robust"))
    name, on, assignments = named(workload, machine, overrides, keywords)
    told = ["python", "-m", "sim", "explain", name, "--hw", on]
    told += [word for each in assignments for word in ("--set", each)]
    told += ["--simulate-layers", str(simulate_layers)]
    told += [] if robust == ROBUST else ["--robust", f"{100 * robust:g}%"]
    told += ["--sensitivity"] if sensitivity else []
    told += ["--search", limits.search] if limits.search else []
    layers, (document, described) = resolve_layers(name, on, assignments)
    laboratory = Laboratory(layers, described, document, simulate_layers, limits, robust)
    found = find_reasons(laboratory, shlex.join(told), progress, workers)
    return with_sensitivities(found, laboratory) if sensitivity else found


def with_sensitivities(
    found: Explanation, laboratory: Laboratory, progress: ProgressCallback | None = None
) -> Explanation:
    """*found*, and how the run that it explains depends on how long its requests take."""
    known = sensitivities(laboratory.job, laboratory.simulate_layers, progress=progress, limits=laboratory.limits)
    return found.model_copy(update={"sensitivities": known})


def compare(*results: Result, labels: Sequence[str] = ()) -> Comparison:
    """*results* side by side, and what their differences are made of.

    They need their critical paths: ``simulate(..., critical_path=True)``. Each has a label, workload and machine unless
    *labels* are given. Raises InputError for fewer than two, or a result without its critical path.
    """
    if len(results) < 2:
        raise InputError(Problem(f"found {len(results)}, expected two results at least", "compare"))
    for result in results:
        if result.critical_path is None:
            raise InputError(Problem("has no critical path: simulate(..., critical_path=True)", result.workload))
    return side_by_side(results, list(labels) or _labels(results))


def _labels(results: Sequence[Result]) -> list[str]:
    """Workload and machine of each of *results*, with a number where that would be alike."""
    plain = [f"{result.workload} on {result.machine}" for result in results]
    count = Counter(plain)
    return [each if count[each] == 1 else f"{each} ({number})" for number, each in enumerate(plain, start=1)]
