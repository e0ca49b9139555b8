"""What recording costs: the critical path, accounts over time, traces."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.children import Spent, task
from bench.speed.rows import chosen, note
from sim.presentation.markdown import table
from sim.trace.read.rows import rows as trace_rows
from sim.trace.write.formats import FORMATS

LAYERS = "layers=8"
RECORDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "critical path": {"critical_path": True},
    "100 windows": {"windows": 100},
    "both": {"critical_path": True, "windows": 100},
}
TEXT = """8 layers of mamba3_mimo on hw/edge, 1024 tokens, the mapping given: CPU seconds of the run and of what \
becomes of its records, the better of two runs. The target for the critical path and for windows is twice a run that \
records nothing. Traces have every request and every stall."""


def section() -> str:
    """Each kind of record beside none."""
    plain, _ = _run({})
    rows = []
    for name, record in RECORDS.items():
        cpu_s, spent = (plain, _) if not record else _run(record)
        rows.append([name, f"{cpu_s:.2f}", f"{cpu_s / plain:.2f}", f"{spent.peak_mb:.0f}"])
        note(*rows[-1])
    header = ["recorded", "s", "ratio", "peak MB"]
    return "\n\n".join([TEXT, table(header, rows), _traces(plain)])


def _traces(plain: float) -> str:
    rows = []
    slices = 0
    with TemporaryDirectory() as folder:
        for suffix in FORMATS:
            path = Path(folder) / f"trace{suffix}"
            cpu_s, spent = _run({"trace": str(path)})
            slices = slices or sum(row["kind"] != "counter" for row in trace_rows(path))
            added = 1e6 * (cpu_s - plain) / slices
            size = path.stat().st_size / 1e6
            figures = [f"{cpu_s:.2f}", f"{cpu_s / plain:.1f}", f"{added:.2f}", f"{spent.peak_mb:.0f}", f"{size:.1f}"]
            rows.append([suffix, f"{slices:,}", *figures])
            note(*rows[-1])
    return table(["trace", "slices", "s", "ratio", "added s a million slices", "peak MB", "file MB"], rows)


def _run(record: dict[str, Any]) -> tuple[float, Spent]:
    """CPU seconds of the run, and what its process took."""
    settings = [*chosen("mamba3_mimo", "edge", LAYERS), LAYERS]
    runs = []
    for _ in range(2):
        found, spent = task("recording", workload="mamba3_mimo", machine="edge", assignments=settings, record=record)
        runs.append((float(found["cpu_s"]), spent))
    return min(runs, key=lambda run: run[0])
