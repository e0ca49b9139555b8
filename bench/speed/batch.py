"""Several sequences side by side, and decode."""

from __future__ import annotations

from bench.speed.rows import chosen, run_loop
from sim.presentation.markdown import table

CASES = (("mamba3_mimo", "prefill"), ("mamba1", "decode"), ("mamba2", "decode"), ("mamba3_mimo", "decode"))
SIZES = (1, 4, 16)
TEXT = """48 layers on hw/edge, the event loop alone with the stride `cycle`, each with the mapping that is chosen for \
it. Prefill is 1024 tokens of each sequence, decode the next token of each. CPU seconds, the best of three runs."""


def section() -> str:
    """A row for each batch."""
    rows = [_row(workload, phase, size) for workload, phase in CASES for size in SIZES]
    return TEXT + "\n\n" + table(["workload", "phase", "batch", "requests", "s", "requests/s", "ratio"], rows, left=2)


def _row(workload: str, phase: str, size: int) -> list[str]:
    settings = f"phase={phase}", f"batch={size}"
    run = run_loop(workload, "edge", "cycle", [*chosen(workload, "edge", *settings), *settings], 3)
    return [workload, phase, str(size), f"{run.requests:,}", f"{run.cpu_s:.3f}", f"{run.rate:,.0f}", f"{run.ratio:.2f}"]
