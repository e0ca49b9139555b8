"""How fast whole runs are, against the bare rate of SimPy measured beside them: writes results/performance.md.

python -m bench.performance
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path

import simpy

from sim import Result, __version__
from sim.output import write_atomically

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "results" / "performance.md"
MODELS = ("mamba3_mimo", "mamba2", "mamba1")
RUNS = [(workload, machine) for workload in MODELS for machine in ("edge", "edge_flexpe")]
CHILD = """
import resource, sys, time
from sim.simulation import prepare, run
start = time.perf_counter()
job = prepare(sys.argv[1], sys.argv[2], sys.argv[3:])
middle = time.perf_counter()
result = run(job)
end = time.perf_counter()
print(middle - start, end - middle, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(result.to_json())
"""


def bare_schedule_rate(events: int = 300_000) -> float:
    """Events a second of SimPy when each does nothing but schedule the next."""
    environment = simpy.Environment()
    left = events

    def again(_: object) -> None:
        nonlocal left
        left -= 1
        if left:
            event = simpy.Event(environment)
            event._ok, event._value = True, None
            event.callbacks = [again]
            environment.schedule(event, delay=1)

    start = time.perf_counter()
    again(None)
    environment.run()
    return events / (time.perf_counter() - start)


def main() -> None:
    """Measure one run after the other, each in a process of its own."""
    lines = [
        "# Speed of whole runs",
        "",
        f"Written by `python -m bench.performance`, stallscope {__version__}, {platform.python_implementation()} "
        f"{platform.python_version()}, one core. Times vary with the machine; the ratio compares with the rate at "
        "which bare SimPy schedules events, measured just before and just after each run.",
        "",
        "| workload | machine | requests | mapping s | simulation s | peak MB | requests/s | bare schedule/s | ratio |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for workload, machine in RUNS:
        before = bare_schedule_rate()
        command = [sys.executable, "-c", CHILD, workload, machine]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        rate = (before + bare_schedule_rate()) / 2
        times, text = done.stdout.split("\n", 1)
        mapping, simulation, peak = (float(part) for part in times.split())
        result = Result.model_validate_json(text)
        speed = result.requests / simulation
        lines.append(
            f"| {workload} | {machine} | {result.requests:,} | {mapping:.1f} | {simulation:.1f} | {peak / 1024:.0f} | "
            f"{speed:,.0f} | {rate:,.0f} | {speed / rate:.2f} |"
        )
        print(lines[-1], flush=True)
    TARGET.parent.mkdir(exist_ok=True)
    write_atomically(TARGET, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
