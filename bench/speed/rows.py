"""What the sections share: the rows, event loops in processes of their own, mappings that are given, and targets."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import EDGE_MACHINES
from bench.children import ROOT, task
from bench.runs import ROWS
from sim.lowering.section import Section
from sim.simulation import prepare

PAIRS = [(workload, machine) for workload in ROWS for machine in EDGE_MACHINES]
STRIDES = ("cycle", "tile")
TARGET_BARE = 1.1e6  # events a second of bare env.schedule on the core that targets are for


@dataclass(frozen=True)
class Loop:
    """An event loop that was run alone; ``bare`` is how many events a second bare ``env.schedule`` had beside it."""

    cpu_s: float
    bare: float
    requests: int
    events: int
    cycles: int
    contended: bool
    compiled: bool
    peak_mb: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.cpu_s

    @property
    def ratio(self) -> float:
        """Requests a second over the events of bare ``env.schedule``."""
        return self.rate / self.bare


def run_loop(
    workload: str, machine: str, stride: str, assignments: Sequence[str], times: int = 2, folder: Path = ROOT
) -> Loop:
    """The quickest of so many *times*."""
    fields = {"workload": workload, "machine": machine, "stride": stride, "assignments": list(assignments)}
    runs = []
    for _ in range(times):
        found, spent = task("loop", folder, **fields)
        runs.append(Loop(**found, peak_mb=spent.peak_mb))
    best = min(runs, key=lambda run: run.cpu_s)
    settings = [each for each in assignments if not each.startswith("mapping.")]
    note(workload, machine, stride, *settings, f"{best.cpu_s:.2f} s", f"ratio {best.ratio:.2f}")
    return best


@cache
def chosen(workload: str, machine: str, *assignments: str) -> tuple[str, ...]:
    """The mapping that is chosen, as assignments that give it."""
    return given(prepare(workload, machine, assignments).sections[0])


def given(section: Section) -> tuple[str, ...]:
    """The mapping of *section* as assignments for ``--set``."""
    wishes = section.as_wishes.model_dump(exclude_defaults=True)
    return tuple(f"mapping.{key}={json.dumps(value)}" for key, value in wishes.items())


def against(target_s: float, cpu_s: float, bare: float) -> list[str]:
    """Cells: the target, what it is on a core with so many *bare* events a second, and the time taken over that."""
    here = target_s * TARGET_BARE / bare
    return [f"{target_s:g}", f"{here:.2f}", f"{cpu_s / here:.2f}"]


TARGET_HEADER = ["target s", "target here s", "time / target"]
TARGET_TEXT = (
    f"Targets are for a core where bare `env.schedule` does {TARGET_BARE / 1e6:g} M events a second; *here* they are "
    "scaled by the rate measured just before and just after."
)


def note(*words: str) -> None:
    """Tell who waits what has been measured."""
    print(*words, file=sys.stderr, flush=True)
