"""A short run of the same work, for what is recorded in time: a run of a whole model would be long, and all alike."""

from __future__ import annotations

from dataclasses import replace

from sim.lowering.section import Section
from sim.simulation import Job

LAYERS, TILES = 3, 24  # at most, of each section


def excerpt(job: Job) -> tuple[Job, str]:
    """The first layers of *job*, the first tiles of each; and in words what part of the run that is."""
    program = job.sections[0].program
    parts = [
        f"{most} of {count} {what}"
        for most, count, what in ((LAYERS, program.layers, "layers"), (TILES, program.tiles_per_layer, "tiles of each"))
        if most < count
    ]
    words = f"the first {' and the first '.join(parts)}" if parts else "the whole run"
    return Job(job.machine, tuple(map(_shorten, job.sections))), words


def _shorten(section: Section) -> Section:
    program = section.program
    shorter = replace(program, layers=min(LAYERS, program.layers), tiles_per_layer=min(TILES, program.tiles_per_layer))
    return section.with_program(shorter)
