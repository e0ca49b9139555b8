"""What SSM-Scope (arXiv 2507.12442) measured, as its artifact has it: data/ssm_scope/*.csv, each with its source.

Two things are read otherwise than they are written. Rows of generation.csv that are called mamba2-780m are of the model
of 1.3 B: they take 0.757 s for 32,768 tokens where Fig. 1 has 0.491 s for the smaller one, which would draw 276 W. And
where two tables have the same point the first of ttft.csv, generation.csv and passes.csv counts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

SOURCE: Final = "arXiv 2507.12442"
ARTIFACT: Final = "github.com/sapmitra/SSM-Scope, commit 574a2c2 of 10 March 2026"
LONG: Final = 4096  # tokens
DEVICE_BOUND: Final = 0.9  # of a profiled pass; where kernels take less of it than that the host decides

Device = Literal["rtx4090", "jetson_orin_nano"]
MISNAMED: Final = {"mamba2-780m": "mamba2-1.3b"}  # in generation.csv


@dataclass(frozen=True)
class Point:
    """A forward pass: ``seconds`` of a ``pass`` by the clock, or of its ``kernels`` under a profiler."""

    device: Device
    model: str
    tokens: int
    seconds: float
    of: Literal["pass", "kernels"]


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of data/ssm_scope/*name*.csv."""
    with files("sim.paper").joinpath("data", "ssm_scope", f"{name}.csv").open(encoding="utf-8") as stream:
        return tuple(csv.DictReader(line for line in stream if not line.startswith("#")))


def points() -> list[Point]:
    """All passes that say something about the device: long ones, and others whose kernels take nearly all the time."""
    found: dict[tuple[str, str, int], Point] = {}
    for point in _all():
        found.setdefault((point.device, point.model, point.tokens), point)
    return sorted(found.values(), key=lambda each: (each.device != "rtx4090", each.model, each.tokens))


def _all() -> Iterator[Point]:
    for row in rows("ttft"):
        if _long(row):
            yield _point(row, row["model"], float(row["ttft_s"]), "pass")
    for row in rows("generation"):
        if _long(row):
            yield _point(row, MISNAMED.get(row["model"], row["model"]), float(row["prefill_s"]), "pass")
    for row in rows("passes"):
        kernels = float(row["pass_gpu_ms"])
        if _long(row) or kernels >= DEVICE_BOUND * float(row["pass_host_ms"]):
            yield _point(row, row["model"], kernels / 1e3, "kernels")


def _long(row: dict[str, str]) -> bool:
    return int(row["prompt_tokens"]) >= LONG


def _point(row: dict[str, str], model: str, seconds: float, of: Literal["pass", "kernels"]) -> Point:
    device: Device = "rtx4090" if row["device"] == "rtx4090" else "jetson_orin_nano"
    return Point(device, model, int(row["prompt_tokens"]), seconds, of)


def found(table: str, column: str, model: str, tokens: int, device: Device = "rtx4090") -> float:
    """A figure of *table*; raises StopIteration if there is none."""
    return next(
        float(row[column])
        for row in rows(table)
        if (row["device"], row["model"], int(row["prompt_tokens"])) == (device, model, tokens)
    )
