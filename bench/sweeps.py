"""How long sweeps take, and whether they come out the same when workers or the whole of them are killed.

python -m bench.sweeps [--every N] [-o FILE.md]     every Nth point of the thousand, all unless given

Writes results/sweeps.md. Needs the extra ``cluster``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, sleep
from typing import Any

from sim import __version__
from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.simulation import prepare
from sim.studies.evaluate import Outcome
from sim.studies.points import Point
from sim.studies.workers import Workers, cluster, processes

TARGET = Path(__file__).parent.parent / "results" / "sweeps.md"
WORKLOADS = ("mamba1", "mamba1_pscan", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")
LANES = range(16, 129, 16)
SRAM = ("2MiB", "4MiB", "8MiB", "16MiB", "32MiB")
CHANNELS = (1, 2, 4, 8, 16)
FEW = 50  # every so many points of the thousand, where they are computed several times
KILLS = 10
KILLED = {"workload": "mamba2_ssd", "lanes": [*LANES], "channels": [1, 2, 4]}  # what is swept when it is killed
Told = list[tuple[dict[str, object], bytes, str]]


def thousand() -> list[Point]:
    """1,000 prompts of five models of 880 M parameters on machines like hw/edge, with a quick search for each."""
    return [
        Point(
            workload, "edge", (f"simd.lanes={n}", f"sram.capacity={size}", f"dram.channels={count}"), None, "quick", 2
        )
        for workload, n, size, count in product(WORKLOADS, LANES, SRAM, CHANNELS)
    ]


def given(points: Sequence[Point]) -> list[Point]:
    """*points* with the mapping of their workload that is shipped for hw/edge, in place of a search."""
    wishes = {name: prepare(name).sections[0].as_wishes.model_dump_json(exclude_defaults=True) for name in WORKLOADS}
    return [
        replace(each, assignments=(*each.assignments, f"mapping={wishes[each.workload]}"), search=None)
        for each in points
    ]


def timed(points: Sequence[Point], workers: AbstractContextManager[Workers]) -> tuple[float, Told]:
    """Seconds that *points* take, and what they come to, in their order."""
    start = perf_counter()
    with workers as ready:
        found = dict(ready.outcomes(points))
    return perf_counter() - start, [told(found[number]) for number in range(len(points))]


def told(outcome: Outcome) -> tuple[dict[str, object], bytes, str]:
    """What is the same whoever computed it."""
    return {**outcome.figures}, outcome.packed, outcome.error


def on_a_cluster(points: Sequence[Point]) -> Told:
    """What *points* come to on a scheduler and two workers of Dask, of which one is killed after the first outcome."""
    from distributed import LocalCluster as Untyped

    local: Any = Untyped
    with (
        local(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None) as running,
        cluster(running.scheduler_address) as two,
    ):
        found: dict[int, Outcome] = {}
        for number, outcome in two.outcomes(points):
            if not found:
                Thread(target=os.kill, args=(running.workers[0].pid, signal.SIGKILL)).start()
            found[number] = outcome
    return [told(found[number]) for number in range(len(points))]


def killed(folder: Path) -> Iterator[bool]:
    """For each of some random moments: whether a sweep that is killed then, and run again, has the same table."""
    file = folder / "killed.yaml"
    write_text(file, _killed_sweep())
    whole = _sweep(file, folder / "whole")
    start = perf_counter()
    whole.wait()
    seconds = perf_counter() - start
    table = (folder / "whole" / "results.csv").read_bytes()
    moments = random.Random(1)
    for number in range(KILLS):
        out = folder / str(number)
        running = _sweep(file, out)
        sleep(moments.uniform(0, seconds))
        running.send_signal(signal.SIGKILL)
        running.wait()
        _sweep(file, out).wait()
        yield (out / "results.csv").read_bytes() == table


def _killed_sweep() -> str:
    workload = str(KILLED["workload"])
    axes = {"simd.lanes": KILLED["lanes"], "dram.channels": KILLED["channels"]}
    wishes = json.loads(prepare(workload).sections[0].as_wishes.model_dump_json(exclude_defaults=True))
    return json.dumps({"name": "killed", "workload": workload, "set": {"mapping": wishes}, "axes": axes})


def _sweep(file: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "sim", "sweep", str(file), "-o", str(out), "-q"])


def page(every: int) -> str:
    """results/sweeps.md."""
    points = thousand()[::every]
    rows: list[list[str]] = []

    def row(
        what: str, of: Sequence[Point], workers: Callable[[], AbstractContextManager[Workers]], name: str
    ) -> tuple[float, Told]:
        seconds, found = timed(of, workers())
        errors = sum(1 for _, _, error in found if error)
        print(what, name, f"{seconds:.0f} s", file=sys.stderr, flush=True)
        rows.append([what, name, f"{len(of):,}", f"{errors:,}", f"{seconds / 60:.1f}", f"{seconds / len(of):.2f}"])
        return seconds, found

    row("quick search", points, lambda: processes(2), "2")
    row("given mapping", given(points), lambda: processes(2), "2")
    few = thousand()[::FEW]
    one, alone = row("quick search", few, lambda: processes(1), "1")
    two, _ = row("quick search", few, lambda: processes(2), "2")
    same = on_a_cluster(few) == alone
    with TemporaryDirectory() as folder:
        kills = list(killed(Path(folder)))
    part = "" if every == 1 else f" Every {every}th point of the thousand."
    lines = [
        "# How long sweeps take",
        f"Written by `python -m bench.sweeps{'' if every == 1 else f' --every {every}'}`, stallscope {__version__}.",
        "Prompts of 1,024 tokens of five models of 880 M parameters, two layers simulated, on hw/edge with 16 "
        f"to 128 lanes, 2 to 32 MiB of SRAM and 1 to 16 channels, on {os.cpu_count()} cores.{part} *Given* is the "
        "mapping that is shipped for hw/edge, on every machine.",
        table(["mapping", "workers", "points", "errors", "minutes", "s a point"], rows, left=2),
        f"- Two workers do {one / two:.2f} times as many points a second as one.",
        f"- {len(few)} points on a scheduler and two workers of Dask, one of them killed (SIGKILL) after the first "
        f"outcome: {'each is the serial run, bit for bit' if same else '**not what the serial run says**'}.",
        f"- A sweep of {len(LANES) * 3} points with a given mapping, killed (SIGKILL) at {len(kills)} random moments "
        f"and run again: {sum(kills)} of {len(kills)} tables are that of the sweep that was not.",
    ]
    return "\n\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    write_text(arguments.output, page(arguments.every))


if __name__ == "__main__":
    main()
