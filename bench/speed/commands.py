"""Whole commands, from the shell's point of view."""

from __future__ import annotations

from functools import partial

from bench.children import Spent, beside, python
from bench.runs import ROWS
from bench.speed.rows import TARGET_HEADER, TARGET_TEXT, against, chosen, note
from sim.presentation.markdown import table

TARGETS_S = {"mamba3_mimo": 1.5, "mamba1": 4.0}
LONG = ("--stride", "tile", "--seq-len", "65536")
LONG_S = 30.0
TARGET_MB = 100
TEXT = f"""`python -m sim run workloads/WORKLOAD.yaml -q` and what else is said, on hw/edge: seconds of the process, \
start-up included, the better of two runs (of the long one: one). {TARGET_TEXT} The target for memory is {TARGET_MB} \
MB."""


def section() -> str:
    """Each command with the mapping chosen and with it given."""
    rows = [row for workload in ROWS for row in _rows(workload, (), TARGETS_S.get(workload), 2)]
    rows += _rows("mamba3_mimo", LONG, LONG_S, 1)
    header = ["workload", "options", "mapping", "CPU s", "wall s", *TARGET_HEADER, "peak MB"]
    return TEXT + "\n\n" + table(header, rows, left=3)


def _rows(workload: str, options: tuple[str, ...], target_s: float | None, times: int) -> list[list[str]]:
    lengths = [f"sequence_length={options[-1]}"] if options else []
    mapping = [part for each in chosen(workload, "edge", *lengths) for part in ("--set", each)]
    rows = []
    for name, settings in (("chosen", []), ("given", mapping)):
        command = ("-m", "sim", "run", f"workloads/{workload}.yaml", "-q", *options, *settings)
        runs: list[tuple[Spent, float]] = [beside(partial(python, *command)) for _ in range(times)]
        spent, bare = min(runs, key=lambda run: run[0].cpu_s)
        targets = ["", "", ""] if target_s is None else against(target_s, spent.cpu_s, bare)
        figures = [f"{spent.cpu_s:.2f}", f"{spent.wall_s:.2f}", *targets, f"{spent.peak_mb:.0f}"]
        rows.append([workload, f"`{' '.join(options)}`" if options else "", name, *figures])
        note(*rows[-1])
    return rows
