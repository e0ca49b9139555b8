"""One GEMM on the MAC array, by itself: the closed forms of hw/mac_array.py as a result.

With serial folds the cycles are SCALE-Sim's total cycles. With overlapped folds they count until the last sum is
complete: the cycles that the array is taken, and the drain that a next GEMM would overlap. Results may be there later,
since an output-stationary array shifts them out. Not modelled here: SRAM and DRAM.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hw.mac_array import LONGEST_SIDE, Dataflow, MacArraySpec, gemm_cost, result_cycles, sum_cycles
from hw.requests import Gemm
from sim.files.errors import InputError, Problem

DATAFLOWS: dict[str, Dataflow] = {"ws": "weight_stationary", "os": "output_stationary", "is": "input_stationary"}


class GemmResult(BaseModel):
    """Cycles of an (m, k) by (k, n) product; ``useful`` + ``fill_drain`` + ``edge`` cycles make up ``cycles``.

    ``result_cycles`` count from the first operand's cycle to the last result's (SCALE-Sim leaves one of them out).
    ``utilisation`` is the part of all PEs' cycles that do a MAC of the product.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    m: int
    n: int
    k: int
    rows: int
    columns: int
    dataflow: Dataflow
    folds: Literal["serial", "overlapped"]
    cycles: int
    result_cycles: int
    utilisation: float
    macs: int
    useful_cycles: int
    fill_drain_cycles: int
    edge_cycles: int

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"

    def __rich__(self) -> RenderableType:
        product = f"({self.m}, {self.k}) x ({self.k}, {self.n}) on {self.rows} x {self.columns} PEs"
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in (
            "cycles",
            "until results",
            "utilisation",
            "MACs",
            "useful",
            "fill and drain",
            "edges (idle PEs)",
        ):
            table.add_column(column, justify="right")
        parts = (self.useful_cycles, self.fill_drain_cycles, self.edge_cycles)
        counts = (f"{count:,}" for count in (self.macs, *parts))
        table.add_row(f"{self.cycles:,}", f"{self.result_cycles:,}", f"{100 * self.utilisation:.1f} %", *counts)
        return Group(
            Text.assemble((product, "bold"), f", {self.dataflow.replace('_', ' ')}, {self.folds} folds"), table
        )


def parse_array(text: str) -> tuple[int, int]:
    """Rows and columns of an array written as ``32x32``; raises InputError."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})", text)
    rows, columns = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= rows <= LONGEST_SIDE and 1 <= columns <= LONGEST_SIDE):
        message = f"must be ROWSxCOLUMNS, both from 1 to {LONGEST_SIDE}, such as 32x32"
        raise InputError(Problem(message, f"--array {text}"))
    return rows, columns


def run_gemm(
    m: int, n: int, k: int, rows: int, columns: int, dataflow: Dataflow, folds: Literal["serial", "overlapped"]
) -> GemmResult:
    """Cycles of an (m, k) by (k, n) product on *rows* x *columns* PEs."""
    product, array = Gemm(m, n, k), MacArraySpec(rows=rows, columns=columns, dataflow=dataflow, folds=folds)
    cost = gemm_cost(array, product)
    cycles = cost.cycles if folds == "serial" else sum_cycles(array, product)
    fill_drain = cost.fill_drain_cycles + cycles - cost.cycles
    return GemmResult(
        m=m,
        n=n,
        k=k,
        rows=rows,
        columns=columns,
        dataflow=dataflow,
        folds=folds,
        cycles=cycles,
        result_cycles=result_cycles(array, product),
        utilisation=product.macs / (rows * columns * cycles),
        macs=product.macs,
        useful_cycles=cost.useful_cycles,
        fill_drain_cycles=fill_drain,
        edge_cycles=cycles - cost.useful_cycles - fill_drain,
    )
