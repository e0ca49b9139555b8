"""One GEMM on the MAC array, by itself: the closed forms of hw/folds.py as a result.

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

from hw.folds import Sharing, ways
from hw.gemm import cost_of, quickest_of, result_cycles, sum_cycles
from hw.mac_array import LONGEST_SIDE, Dataflow, EdgesSpec, MacArraySpec
from hw.requests import Gemm
from sim.files.errors import InputError, Problem

DATAFLOWS: dict[str, Dataflow] = {
    "ws": "weight_stationary",
    "os": "output_stationary",
    "is": "input_stationary",
    "dp": "dot_product",
}
SHARED: dict[Sharing, str] = {
    "none": "",
    "split": ", split between two halves of each fold",
    "pair": ", two products to a fold",
}


class GemmResult(BaseModel):
    """Cycles of an (m, k) by (k, n) product; ``useful`` + ``fill_drain`` + ``edge`` cycles make up ``cycles``.

    ``dataflow``, ``turned`` (done as its transpose) and ``sharing`` (of a fold) are the quickest that there was.
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
    turned: bool
    sharing: Sharing
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
        way = f", {self.dataflow.replace('_', ' ')}{', turned' if self.turned else ''}, {self.folds} folds"
        return Group(Text.assemble((product, "bold"), way, SHARED[self.sharing]), table)


def parse_array(text: str) -> tuple[int, int]:
    """Rows and columns of an array written as ``32x32``; raises InputError."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})", text)
    rows, columns = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= rows <= LONGEST_SIDE and 1 <= columns <= LONGEST_SIDE):
        message = f"must be ROWSxCOLUMNS, both from 1 to {LONGEST_SIDE}, such as 32x32"
        raise InputError(Problem(message, f"--array {text}"))
    return rows, columns


def parse_edges(text: str) -> EdgesSpec:
    """What the sides take and give in a cycle, written as ``32x32x32``; raises InputError."""
    found = re.fullmatch(r"([1-9][0-9]{0,9})x([1-9][0-9]{0,9})x([1-9][0-9]{0,9})", text)
    sides = [int(each) for each in found.groups()] if found else [0]
    if not all(1 <= side <= LONGEST_SIDE**2 for side in sides):
        message = f"must be ROWSxCOLUMNSxRESULTS, each from 1 to {LONGEST_SIDE**2}, such as 32x32x32"
        raise InputError(Problem(message, f"--edges {text}"))
    return EdgesSpec(rows=sides[0], columns=sides[1], results=sides[2])


def run_gemm(gemm: Gemm, array: MacArraySpec, turn: bool = False) -> GemmResult:
    """Cycles of *gemm* on *array*, the quickest of its dataflows; as its transpose too, where *turn* allows it."""
    way = quickest_of(array, gemm, [way for way in ways(array, gemm) if turn or not way.turned])
    cost = cost_of(array, gemm, way)
    cycles = cost.cycles if array.folds == "serial" else sum_cycles(array, gemm, way)
    fill_drain = cost.fill_drain_cycles + cycles - cost.cycles
    return GemmResult(
        m=gemm.m,
        n=gemm.n,
        k=gemm.k,
        rows=array.rows,
        columns=array.columns,
        dataflow=way.dataflow,
        turned=way.turned,
        sharing=way.sharing,
        folds=array.folds,
        cycles=cycles,
        result_cycles=result_cycles(array, gemm, way),
        utilisation=gemm.macs / (array.macs_per_cycle * cycles),
        macs=gemm.macs,
        useful_cycles=cost.useful_cycles,
        fill_drain_cycles=fill_drain,
        edge_cycles=cycles - cost.useful_cycles - fill_drain,
    )
