"""Small sweeps: a few tokens of one layer, and a mapping of which little is to be searched for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Any

from sim.files.described import assignment
from sim.studies.points import Point, Sweep, read_sweep
from sim.studies.workers import Workers

MAPPING = {"placement": "simd", "token_tile": 8, "blocks": 1, "lanes": 1, "weight_slot_kib": 32}
SMALL: dict[str, Any] = {"sequence_length": 16, "layers": 1, "mapping": MAPPING}


def small_point(*assignments: str, workload: str = "mamba2") -> Point:
    """One with *assignments*, of which a worker finds what this process finds: its search is not made shorter."""
    fixed = (assignment(key, value) for key, value in SMALL.items())
    return Point(workload, "edge", (*fixed, *assignments), search="quick")


def written(folder: Path, **keys: Any) -> Path:
    """The file of a small sweep of Mamba-2 with *keys* instead."""
    data = {"name": "small", "workload": "mamba2", "set": SMALL, "search": "quick", **keys}
    path = folder / "sweep.yaml"
    path.write_text("\n".join(f"{key}: {dumps(value)}" for key, value in data.items()))
    return path


def small(folder: Path, **keys: Any) -> Sweep:
    """The sweep of :func:`written`."""
    return read_sweep(str(written(folder, **keys)))


@contextmanager
def nobody() -> Iterator[Workers]:
    """No worker: nothing is to be computed."""
    raise AssertionError("somebody was asked for")
    yield
