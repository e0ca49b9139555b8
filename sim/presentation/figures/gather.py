"""What the figures are drawn from: a run with everything recorded, or a file that a command wrote."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from sim.accounting.result import Result
from sim.explanation.compare import Comparison
from sim.explanation.explain import Explanation
from sim.files.errors import InputError, Problem
from sim.files.progress import ProgressCallback
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.figures.excerpt import excerpt
from sim.presentation.figures.roofline import roofline_of
from sim.presentation.figures.timeline_recorder import TimelineRecorder
from sim.simulation import Job, run

WINDOWS = 64
_KINDS = (("rungs", Explanation), ("rows", Comparison), ("makespan_cycles", Result))


def observe(job: Job, progress: ProgressCallback | None = None, simulate_layers: int | None = None) -> Evidence:
    """Run *job*, so many layers of it, and find out all that figures need."""
    return evidence(job, run(job, progress, critical_path=True, simulate_layers=simulate_layers))


def evidence(job: Job, result: Result) -> Evidence:
    """All that figures need of *job*, which had this *result*; what goes over time is recorded in an excerpt of it."""
    part, words = excerpt(job)
    recorder = TimelineRecorder(part.sections[0])
    observed = run(part, observer=recorder, windows=WINDOWS)
    roofline = roofline_of(job.sections, job.machine, result)
    return Evidence(result, job.machine.sram.capacity, roofline, recorder.timeline(), observed, words)


def read_evidence(path: Path) -> Evidence:
    """What the JSON file tells that ``run``, ``explain`` or ``compare`` wrote; raises InputError for another."""
    expected = "expected what run, explain or compare wrote with --json"
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text)
    except OSError as error:
        raise InputError(Problem(error.strerror or "cannot be read", str(path))) from None
    except ValueError:
        raise InputError(Problem(f"not JSON, {expected}", str(path))) from None
    schema = next((schema for key, schema in _KINDS if isinstance(data, dict) and key in data), None)
    if schema is None:
        raise InputError(Problem(f"found other JSON, {expected}; a model's config.json goes with --config", str(path)))
    try:
        found = schema.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        message = f"{first['msg'].lower()}, {expected} in this version"
        raise InputError(Problem(message, str(path), key=key)) from None
    if isinstance(found, Explanation):
        return Evidence(found.result, explanation=found)
    return Evidence(comparison=found) if isinstance(found, Comparison) else Evidence(found)
