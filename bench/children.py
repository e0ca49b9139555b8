"""Runs in processes of their own, so that time and peak memory are theirs alone.

``python -m bench.children`` reads one task as JSON from its arguments and prints what it measured as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.compiled import ROOT, environment

if TYPE_CHECKING:
    from sim.trace import TraceWriter


@dataclass(frozen=True)
class Task:
    """A workload on a machine with assignments; a trace written or not."""

    workload: str
    machine: str = "edge"
    assignments: tuple[str, ...] = ()
    trace: str | None = None


@dataclass(frozen=True)
class Measured:
    """What a task took: seconds of wall time, cycles, requests, and bytes at the peak (0 where it is not known).

    ``stalls`` are cycles by unit and reason.
    """

    mapping_s: float
    run_s: float
    makespan_cycles: int
    requests: int
    peak_bytes: int
    stalls: dict[str, int]


def measure(task: Task, folder: Path = ROOT) -> Measured:
    """Do *task* in a new process, with the project in *folder*."""
    command = [sys.executable, "-m", "bench.children", json.dumps(asdict(task))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment(folder))
    return Measured(**json.loads(done.stdout))


def startup_cpu_s(*code: str) -> float:
    """CPU seconds of ``python`` running *code* in a new process, the least of twenty once modules are byte code."""
    times = []
    with TemporaryDirectory() as folder:
        settings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        for _ in range(21):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *code], capture_output=True, check=True, cwd=ROOT, env=settings)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times[1:])


def _do(task: Task) -> Measured:
    from contextlib import nullcontext

    from sim.simulation import prepare, run

    start = time.perf_counter()
    job = prepare(task.workload, task.machine, task.assignments)
    middle = time.perf_counter()
    writer = _writer(task.trace) if task.trace else None
    with nullcontext() if writer is None else writer.writing(job.machine):
        result = run(job, recorder=writer)
    end = time.perf_counter()
    peak = _peak_bytes()
    stalls = {f"{unit} {reason}": n for unit, acc in result.units.items() for reason, n in acc.stalls.items()}
    return Measured(middle - start, end - middle, result.makespan_cycles, result.requests, peak, stalls)


def _peak_bytes() -> int:
    """Most memory of this process; its ``ru_maxrss`` would count that of the process which started it as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def _writer(path: str) -> TraceWriter:
    from sim.trace import TraceWriter  # and what it needs in memory, which other runs do without

    return TraceWriter(Path(path))


if __name__ == "__main__":
    fields = json.loads(sys.argv[1])
    print(json.dumps(asdict(_do(Task(**{**fields, "assignments": tuple(fields["assignments"])})))))
