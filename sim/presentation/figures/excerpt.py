"""A short run of the same work, for what is recorded in time: a run of a whole model would be long, and all alike."""

from __future__ import annotations

from dataclasses import replace

from sim.lowering.section import Section
from sim.simulation import Job

LAYERS, TILES = 3, 24  # at most, of each section


def excerpt(job: Job) -> tuple[Job, str]:
    """The first layers of each stack of *job*, the first tiles of each layer; and in words what part that is."""
    programs = [section.program for section in job.sections if not section.stack.head]
    of_each = " of each stack" if len(programs) > 1 else ""
    counts = (
        (LAYERS, max(program.layers for program in programs), f"layers{of_each}"),
        (TILES, max(program.tiles_per_layer for program in programs), "tiles of each"),
    )
    parts = [f"{most} of {count} {what}" for most, count, what in counts if most < count]
    words = f"the first {' and the first '.join(parts)}" if parts else "the whole run"
    return Job(job.machine, tuple(map(_shorten, job.sections)), spec=job.spec), words


def _shorten(section: Section) -> Section:
    program = section.program
    shorter = replace(program, layers=min(LAYERS, program.layers), tiles_per_layer=min(TILES, program.tiles_per_layer))
    return section.with_program(shorter)
