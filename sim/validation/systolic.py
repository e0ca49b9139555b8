"""The MAC array against SCALE-Sim 3.0.0: total cycles of a GEMM on one 32 x 32 array, without memory stalls.

Serial folds are meant to be SCALE-Sim's, so the tolerance is zero. Overlapped folds have no counterpart there.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import get_args

from hw.mac_array import Dataflow, MacArraySpec, gemm_cost
from hw.requests import Gemm
from sim.validation.cases import Case

_ROWS = _COLUMNS = 32


def cases() -> list[Case]:
    """Every shape of the reference in every dataflow."""
    text = files("sim.validation").joinpath("data", "scalesim_32x32.csv").read_text(encoding="utf-8")
    shapes = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    return [_case(shape, dataflow) for dataflow in get_args(Dataflow) for shape in shapes]


def _case(shape: dict[str, str], dataflow: Dataflow) -> Case:
    spec = MacArraySpec(rows=_ROWS, columns=_COLUMNS, dataflow=dataflow, folds="serial")
    gemm = Gemm(int(shape["M"]), int(shape["N"]), int(shape["K"]))
    return Case(
        suite="systolic",
        group=dataflow.replace("_", " "),
        name=f"{gemm.m} x {gemm.n} x {gemm.k}",
        quantity="cycles",
        reference=int(shape[dataflow]),
        predicted=gemm_cost(spec, gemm).cycles,
        tolerance=0.0,
    )
