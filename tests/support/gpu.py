"""Measurements of a GPU that nobody has measured, and predictions that nobody has simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sim.paper.gpu.kernels import Copy, KernelRun, Product, machine_spec
from sim.paper.gpu.measurements import GpuMeasurements
from sim.paper.runs import Runs
from tests.support.reproduction import fake

CARD = {
    "name": "NVIDIA H200",
    "fingerprint": "0123",
    "multiprocessors": 132,
    "memory_bytes": 150_000_000_000,
    "l2_bytes": 62_914_560,
}


def took(seconds: float) -> dict[str, float]:
    """So many seconds, each time."""
    return {"seconds": seconds, "least": seconds, "most": seconds}


def measurements(**lists: Any) -> GpuMeasurements:
    """A file with these *lists*, and no other."""
    head = {"command": "python -m bench.gpu", "stallscope": "0.8.0", "date": "2026-11-30", "software": {}}
    return GpuMeasurements.model_validate(head | {"card": CARD} | lists)


def copied(size: int, seconds: float) -> dict[str, Any]:
    """A copy of *size* bytes."""
    return {"bytes": size, "timed": took(seconds)}


def multiplied(m: int, n: int, k: int, seconds: float) -> dict[str, Any]:
    """A product."""
    return {"m": m, "n": n, "k": k, "copies": 1, "timed": took(seconds)}


def updated(row: str, seconds: float, **more: Any) -> dict[str, Any]:
    """The state update of a layer for 64 tokens."""
    usual = {"row": row, "code": "a code", "layers": 1, "tokens": 64, "launch": "graph", "timed": took(seconds)}
    return usual | more


def stepped(workload: str, batch: int, seconds: float, **more: Any) -> dict[str, Any]:
    """A step of decode."""
    usual = {"workload": workload, "code": "a code", "batch": batch, "launch": "graph", "timed": took(seconds)}
    return usual | more


def rough_runs() -> Runs:
    """Runs that simulate nothing: kernels by their bytes and MACs, all else as in the reproduction's tests."""
    return Runs(_rough_map, simulate=fake)


def _rough_map(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterable[Any]:
    return [rough_seconds(task) if isinstance(task, KernelRun) else function(task) for task in tasks]


def rough_seconds(run: KernelRun) -> float:
    """What a kernel takes at least; a state update a thousand cycles a token."""
    kernel, machine = run.kernel, machine_spec(run.machine, run.assignments)
    if isinstance(kernel, Copy):
        return 2 * kernel.bytes / machine.dram.bytes_per_second
    if isinstance(kernel, Product):
        computed = kernel.macs / (machine.macs_per_cycle * machine.clock)
        return max(computed, 2 * kernel.n * kernel.k / machine.dram.bytes_per_second)
    return 1000 * kernel.tokens / machine.clock
