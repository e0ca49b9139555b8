"""The place for measurements on a GPU: ``gpu.json`` beside the tables, read if it is there.

    {"device": "NAME", "software": "packages and versions", "commit": "of what measures", "command": "to repeat it",
     "rows": {"mamba2": {"tokens_per_second": 735.0, "watts": 55.5}}}

A row is a workload of Table 1. What is measured is what the paper measured: the state update alone, all layers, B = 1,
L = 1024. Watts are the mean over the measurement.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from hw.spec import Spec
from sim.files.documents import read_document
from sim.files.errors import InputError
from sim.paper.published import table1

FILE = "gpu.json"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class GpuRow(Spec):
    """One row of Table 1 on the device."""

    tokens_per_second: Positive
    watts: Positive | None = None


class GpuMeasurements(Spec):
    """What one device did, and how to measure it again: *command* at *commit* with *software*."""

    device: str
    software: str
    commit: str
    command: str
    rows: dict[str, GpuRow] = Field(min_length=1)


def read_measurements(folder: Path) -> GpuMeasurements | None:
    """The measurements in *folder*; None if there are none. Raises InputError with every mistake in the file."""
    path = folder / FILE
    if not path.is_file():
        return None
    document = read_document(path)
    measurements = document.check(GpuMeasurements)
    known = ", ".join(table1())
    problems = [
        document.problem(["rows", name], f"unknown row, expected one of {known}")
        for name in measurements.rows
        if name not in table1()
    ]
    if problems:
        raise InputError(*problems)
    return measurements
