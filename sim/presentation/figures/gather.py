"""What the figures are drawn from: a run with everything recorded."""

from __future__ import annotations

from sim.accounting.result import Result
from sim.files.limits import LIMITS, Limits
from sim.files.progress import ProgressCallback
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.figures.excerpt import excerpt
from sim.presentation.figures.roofline import roofline_of
from sim.presentation.figures.timeline_recorder import TimelineRecorder
from sim.simulation import Job, run

WINDOWS = 64


def observe(
    job: Job,
    progress: ProgressCallback | None = None,
    simulate_layers: int | None = None,
    limits: Limits = LIMITS,
) -> Evidence:
    """Run *job*, so many layers of it, and find out all that figures need; raises InputError above the *limits*."""
    result = run(job, progress, critical_path=True, certificate=True, simulate_layers=simulate_layers, limits=limits)
    return evidence(job, result, limits)


def evidence(job: Job, result: Result, limits: Limits = LIMITS) -> Evidence:
    """All that figures need of *job*, which had this *result*; what goes over time is recorded in an excerpt of it."""
    part, words = excerpt(job)
    recorder = TimelineRecorder(part.sections[0])
    observed = run(part, observer=recorder, windows=WINDOWS, limits=limits)
    roofline = roofline_of(job.sections, job.machine, result)
    return Evidence(result, job.machine.sram.capacity, roofline, recorder.timeline(), observed, words)
