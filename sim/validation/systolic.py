"""The MAC array against SCALE-Sim 3.0.0 and against RTL: cycles of a GEMM, without memory stalls.

Serial folds are meant to be SCALE-Sim's on one 32 x 32 array, so the tolerance is zero. So it is for overlapped folds
of stationary outputs, beside RTL of such an array, 8 x 8 and 32 x 32: cycles that it is taken, and until the last
result is out. Neither knows dot products, edges that take less than a row and a column, or products that share a fold.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

from hw.folds import Way
from hw.gemm import cost_of
from hw.mac_array import Dataflow, MacArraySpec
from hw.requests import Gemm
from sim.validation.cases import Case

SCALE_SIM: tuple[Dataflow, ...] = ("weight_stationary", "output_stationary", "input_stationary")
_ROWS = _COLUMNS = 32


def cases() -> list[Case]:
    """Every shape of SCALE-Sim's in every dataflow that it knows, and every shape of the RTL's."""
    shapes = _rows("scalesim_32x32.csv")
    found = [_serial(shape, dataflow) for dataflow in SCALE_SIM for shape in shapes]
    return found + [each for shape in _rows("rtl_os_array.csv") for each in _overlapped(shape)]


def _rows(file: str) -> list[dict[str, str]]:
    text = files("sim.validation").joinpath("data", file).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _serial(shape: dict[str, str], dataflow: Dataflow) -> Case:
    spec = MacArraySpec(rows=_ROWS, columns=_COLUMNS, dataflow=[dataflow], folds="serial")
    gemm = Gemm(int(shape["M"]), int(shape["N"]), int(shape["K"]))
    predicted = cost_of(spec, gemm, Way(dataflow)).cycles
    return _case(dataflow.replace("_", " "), gemm, "cycles", int(shape[dataflow]), predicted)


def _overlapped(shape: dict[str, str]) -> Iterator[Case]:
    rows, columns = map(int, shape["array"].split("x"))
    spec = MacArraySpec(rows=rows, columns=columns, dataflow=["output_stationary"], folds="overlapped")
    gemm = Gemm(int(shape["M"]), int(shape["N"]), int(shape["K"]))
    cost, group = cost_of(spec, gemm, Way("output_stationary")), f"RTL, {rows} x {columns}"
    yield _case(group, gemm, "cycles taken", int(shape["rtl_taken"]), cost.cycles)
    yield _case(group, gemm, "cycles until the result", int(shape["rtl_result"]), cost.cycles + cost.tail_cycles)


def _case(group: str, gemm: Gemm, quantity: str, reference: int, predicted: int) -> Case:
    return Case("systolic", group, f"{gemm.m} x {gemm.n} x {gemm.k}", quantity, reference, predicted, tolerance=0.0)
