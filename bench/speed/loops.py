"""The event loop on the six rows of Table 1 and both edge machines."""

from __future__ import annotations

from bench.speed.rows import PAIRS, STRIDES, chosen, run_loop
from sim.presentation.markdown import table

HEADER = ["workload", "machine", "contended", "requests", "cycle: events", "s", "requests/s", "ratio", "tile: events",
          "s", "requests/s", "ratio", "peak MB"]  # fmt: skip
TEXT = """All 48 layers, 1024 tokens. `run_program` alone, the mapping given: CPU seconds, the better of two runs. \
*Events* are SimPy's: one for each cycle in which something happens, or for each border of a tile. The ratio is that \
of requests a second to the events a second of bare `env.schedule`, measured in the same process just before and just \
after. The aim was 1.5 with `cycle` and 4 with `tile`. With `cycle` two fifths of the time are SimPy's own events, \
the floor above; more speed with `tile` would take arrays instead of components (docs/decisions.md, "Objects, not \
arrays of everything"). *Contended* rows can ask the SRAM banks for more than they give. Peak memory is that of the \
process."""


def section() -> str:
    """Both strides for each row."""
    return TEXT + "\n\n" + table(HEADER, [_row(*pair) for pair in PAIRS], left=3)


def _row(workload: str, machine: str) -> list[str]:
    runs = [run_loop(workload, machine, stride, chosen(workload, machine)) for stride in STRIDES]
    cycle, tile = runs
    assert cycle.compiled and (cycle.cycles, cycle.requests) == (tile.cycles, tile.requests)
    row = [workload, machine, "yes" if cycle.contended else "no", f"{cycle.requests:,}"]
    for run in runs:
        row += [f"{run.events:,}", f"{run.cpu_s:.2f}", f"{run.rate:,.0f}", f"{run.ratio:.2f}"]
    return [*row, f"{max(run.peak_mb for run in runs):.0f}"]
