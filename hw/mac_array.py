"""The MAC array: cycles of a GEMM by the closed forms of a systolic array, and of elementwise work if its PEs do it.

Closed forms of SCALE-Sim 3.0.0 for an (m, n, k) GEMM on R x C processing elements, total less one cycle:
weight-stationary  ceil(k/R) ceil(n/C) (2R + C + m - 2), input-stationary the same with m and n exchanged,
output-stationary  ceil(m/R) ceil(n/C) (R + C + k - 2).

``folds: serial`` pays fill and drain for every fold, as SCALE-Sim does. ``folds: overlapped`` preloads the next fold
while one computes: a fold takes the longer of its stream and of the R cycles that load a stationary tile or shift the
results out through R rows; fill and drain are paid once, as latency that the next request overlaps. The last fold's
sums are complete when they would be in a serial fold, fill and stream after the fold's start. Stationary sums then
shift out for R cycles more: RTL of such an array has its last result R + (R + C - 2) + k cycles after the last fold's
start, on every shape of two sizes. SCALE-Sim ends with the last sum, so the cycles of serial folds do as well.

Not modelled: sparsity, precision other than one MAC a PE and cycle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from pydantic import Field

from hw.integers import ceil_div
from hw.requests import Cost, Gemm, VectorPass
from hw.simd import VectorUnitSpec, vector_cost
from hw.spec import Spec
from hw.sram import FetchAhead

Dataflow = Literal["weight_stationary", "output_stationary", "input_stationary"]
LONGEST_SIDE = 65_536  # of an array, in PEs


class MacArraySpec(Spec):
    """``rows`` x ``columns`` processing elements (PEs), one MAC a PE and cycle."""

    rows: int = Field(ge=1, le=LONGEST_SIDE, description="Rows of PEs.", json_schema_extra={"unit": "PEs"})
    columns: int = Field(ge=1, le=LONGEST_SIDE, description="Columns of PEs.", json_schema_extra={"unit": "PEs"})
    dataflow: Dataflow = Field(description="What stays in the PEs while the rest streams through.")
    folds: Literal["serial", "overlapped"] = Field(
        description="Whether the next fold of a product waits until the one before has drained, or preloads meanwhile."
    )
    elementwise: VectorUnitSpec | None = Field(
        default=None, description="What else a PE can do, an element at a time; nothing unless given."
    )
    fetch_ahead: FetchAhead = 32

    @property
    def macs_per_cycle(self) -> int:
        """Peak rate."""
        return self.rows * self.columns


class _Folds(NamedTuple):
    """How a GEMM is folded onto the array: ``folds`` of ``stream`` cycles, ``fill`` more until the last sum."""

    folds: int
    stream: int
    fill: int


def _folded(spec: MacArraySpec, gemm: Gemm) -> _Folds:
    rows, columns = spec.rows, spec.columns
    if spec.dataflow == "output_stationary":
        return _Folds(gemm.batch * ceil_div(gemm.m, rows) * ceil_div(gemm.n, columns), gemm.k, rows + columns - 2)
    moving, fixed = (gemm.m, gemm.n) if spec.dataflow == "weight_stationary" else (gemm.n, gemm.m)
    return _Folds(gemm.batch * ceil_div(gemm.k, rows) * ceil_div(fixed, columns), moving, 2 * rows + columns - 2)


def gemm_cost(spec: MacArraySpec, gemm: Gemm) -> Cost:
    """Cost of *gemm*; serial folds of one GEMM equal SCALE-Sim's total cycles."""
    folds, stream, fill = _folded(spec, gemm)
    useful = ceil_div(gemm.macs, spec.macs_per_cycle)
    if spec.folds == "serial":
        steady = folds * stream
        total = max(steady, folds * (fill + stream) - gemm.batch)  # a single PE fills nothing
        return Cost(total, 0, useful, total - steady)
    taken = folds * max(stream, spec.rows)
    return Cost(taken, result_cycles(spec, gemm) - taken, useful)


def sum_cycles(spec: MacArraySpec, gemm: Gemm) -> int:
    """Cycles from that of the first operand to that of the last sum, both counted."""
    folds, stream, fill = _folded(spec, gemm)
    period = fill + stream if spec.folds == "serial" else max(stream, spec.rows)
    return (folds - 1) * period + fill + stream


def result_cycles(spec: MacArraySpec, gemm: Gemm) -> int:
    """Cycles from that of the first operand to that of the last result at the array's edge, both counted."""
    return sum_cycles(spec, gemm) + (spec.rows if spec.dataflow == "output_stationary" else 0)


def elementwise_cost(spec: MacArraySpec, passes: Iterable[VectorPass]) -> Cost:
    """Cost of elementwise *passes* on PEs that can do them; raises ValueError on an array that cannot."""
    if spec.elementwise is None:
        raise ValueError("this MAC array does no elementwise operations")
    return vector_cost(spec.elementwise, spec.macs_per_cycle, passes)


class Widths(NamedTuple):
    """Bytes of an element of a GEMM's (m, k) operand, of its (k, n) operand and of its result."""

    left: int
    right: int
    result: int


def operand_bytes(spec: MacArraySpec, gemm: Gemm, widths: Widths) -> int:
    """SRAM traffic of *gemm*: each fold streams its two operands in; results move once per fold that makes them.

    Partial sums of the stationary-operand dataflows are read back and written once for every further fold of k.
    """
    left, right, result = gemm.m * gemm.k * widths.left, gemm.k * gemm.n * widths.right, gemm.m * gemm.n * widths.result
    if spec.dataflow == "output_stationary":
        moved = ceil_div(gemm.n, spec.columns) * left + ceil_div(gemm.m, spec.rows) * right + result
    else:
        partial_sums = (2 * ceil_div(gemm.k, spec.rows) - 1) * result
        if spec.dataflow == "weight_stationary":
            moved = ceil_div(gemm.n, spec.columns) * left + right + partial_sums
        else:
            moved = left + ceil_div(gemm.m, spec.columns) * right + partial_sums
    return gemm.batch * moved
