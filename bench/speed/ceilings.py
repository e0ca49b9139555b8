"""SimPy's ceilings: what it can do in three styles, and a run beside them."""

from __future__ import annotations

from bench.ceiling import floor_rate, process_rate, schedule_rate
from bench.speed.rows import STRIDES, chosen, note, run_loop
from sim.presentation.markdown import table

MODEL = "mamba3_mimo", "edge"
STYLES = {
    "a process that waits for timeouts": process_rate,
    "bare `env.schedule`, a new event each time": schedule_rate,
    "floor: one event scheduled again and again": floor_rate,
}
TEXT = """Events a second that do nothing, and the requests a second of mamba3_mimo on edge as a multiple of that. A \
request is work of a unit or a transfer, with its waits, buffers and accounts. The floor is what a run with the \
stride `cycle` pays for its SimPy events alone."""


def section() -> str:
    """The best of three for each style, before and after the runs."""
    before = _rates()
    runs = [run_loop(*MODEL, stride, chosen(*MODEL)) for stride in STRIDES]
    after = _rates()
    rows = []
    for style in STYLES:
        rate = (before[style] + after[style]) / 2
        rows.append([style, f"{rate:,.0f}", *(f"{run.rate / rate:.2f}" for run in runs)])
        note(*rows[-1])
    return TEXT + "\n\n" + table(["style", "events/s", "requests: cycle", "requests: tile"], rows)


def _rates() -> dict[str, float]:
    return {style: max(measure() for _ in range(3)) for style, measure in STYLES.items()}
