"""A matrix product on the MAC array: cycles, latency and SRAM traffic of the quickest way, and a bound for its parts.

``folds: serial`` pays fill and drain for every fold, as SCALE-Sim does. ``folds: overlapped`` preloads the next fold
while one computes: a fold takes the longer of its stream and of its turnover; fill and drain are paid once, as latency
that the next request overlaps. The last fold's sums are complete when they would be in a serial fold, fill and stream
after the fold's start. Stationary sums then shift out for R cycles more: RTL of such an array has its last result
R + (R + C - 2) + k cycles after the last fold's start, on every shape of two sizes. SCALE-Sim ends with the last sum,
so the cycles of serial folds do as well. The forms are in hw/folds.py.

A PE that does several MACs of narrow elements in a cycle does them along k: ``Gemm.rate``, hw/folds.py.

Not modelled: sparsity, the cycles that it takes to change the dataflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf
from typing import NamedTuple

from hw.folds import FRACTIONS, MOST_PACKED_ROWS, WHOLE, Cut, Folds, Way, folded, rounded_up, ways
from hw.integers import ceil_div
from hw.mac_array import Dataflow, EdgesSpec, MacArraySpec
from hw.requests import Cost, Gemm

ROUNDING = 1e-9  # of a number of folds, as fractions add up


def quickest(spec: MacArraySpec, gemm: Gemm) -> Way:
    """The way in which the array does *gemm*."""
    return quickest_of(spec, gemm, ways(spec, gemm))


def quickest_of(spec: MacArraySpec, gemm: Gemm, known: Sequence[Way]) -> Way:
    """Of the *known* ways the one with the fewest cycles; of equals the one that moves the fewest elements."""

    def key(way: Way) -> tuple[int, float]:
        fold = folded(spec, gemm, way)
        return cost_of(spec, gemm, way).cycles, sum(fold.moved) + fold.partial

    return min(known, key=key) if len(known) > 1 else known[0]


def gemm_cost(spec: MacArraySpec, gemm: Gemm) -> Cost:
    """Cost of *gemm* in the quickest way."""
    return cost_of(spec, gemm, quickest(spec, gemm))


def cost_of(spec: MacArraySpec, gemm: Gemm, way: Way) -> Cost:
    """Cost of *gemm* in one *way*; serial folds of one GEMM equal SCALE-Sim's total cycles, where it knows the way."""
    fold = folded(spec, gemm, way)
    useful = ceil_div(gemm.macs_in_words, spec.macs_per_cycle)
    taken = int(fold.folds * _period(spec, fold))
    if spec.folds == "overlapped":
        return Cost(taken, result_cycles(spec, gemm, way) - taken, useful)
    steady = int(fold.folds * fold.stream)
    total = max(steady, taken - _left_out(gemm, way, fold))  # a single PE fills nothing
    return Cost(total, 0, useful, total - steady)


def sum_cycles(spec: MacArraySpec, gemm: Gemm, way: Way) -> int:
    """Cycles from that of the first operand to that of the last sum, both counted."""
    fold = folded(spec, gemm, way)
    return int((fold.folds - 1) * _period(spec, fold) + fold.fill + fold.stream)


def result_cycles(spec: MacArraySpec, gemm: Gemm, way: Way) -> int:
    """Cycles from that of the first operand to that of the last result at the array's edge, both counted."""
    return sum_cycles(spec, gemm, way) + int(folded(spec, gemm, way).shift)


def _period(spec: MacArraySpec, fold: Folds) -> float:
    """Cycles from the beginning of a fold to that of the next."""
    stream = fold.stream + (fold.fill if spec.folds == "serial" else 0)
    return max(stream, fold.turnover)


def _left_out(gemm: Gemm, way: Way, fold: Folds) -> int:
    """Cycles that SCALE-Sim leaves out: one a product; it has no dot products."""
    return 0 if way.dataflow == "dot_product" else min(gemm.batch, int(fold.folds))


class Widths(NamedTuple):
    """Bytes of an element of a GEMM's (m, k) operand, of its (k, n) operand and of its result.

    A partial sum that leaves the array between two folds has ``partial`` bytes, as a result unless given.
    """

    left: float
    right: float
    result: int
    partial: int | None = None


def operand_bytes(spec: MacArraySpec, gemm: Gemm, widths: Widths) -> int:
    """SRAM traffic of *gemm* in the quickest way."""
    return bytes_of(spec, gemm, widths, quickest(spec, gemm))


def bytes_of(spec: MacArraySpec, gemm: Gemm, widths: Widths, way: Way) -> int:
    """SRAM traffic of *gemm* in one *way*, in whole bytes: each fold streams its operands in, and results move."""
    return ceil(sum(moved_of(spec, gemm, widths, way)))


class Moved(NamedTuple):
    """SRAM traffic of a GEMM in bytes: its two operands and partial sums, all read, and what is written."""

    left: float
    right: float
    partial: float
    result: float


def moved_of(spec: MacArraySpec, gemm: Gemm, widths: Widths, way: Way) -> Moved:
    """What *gemm* moves in one *way*; elements of operands come in words of ``gemm.rate``."""
    fold = folded(spec, gemm, way)
    left, right, result = fold.moved
    finished, partial = gemm.batch * gemm.m * gemm.n, widths.partial or widths.result
    written = finished * widths.result + (result - finished) * partial
    return Moved(left * widths.left * gemm.rate, right * widths.right * gemm.rate, fold.partial * partial, written)


def least_cycles(spec: MacArraySpec, gemm: Gemm, pays_fill: bool = True) -> float:
    """A bound for *gemm* however n and k are cut: all parts, each in its quickest way, take at least so many cycles.

    Where there is one way, its folds rounded up, which grow if n or k are cut, but for a last part of few columns that
    share folds turned. Where parts can differ in their ways, the best way in fractions of folds: what a part takes is
    at least its share of that. In each way at least as long as all that moves takes to pass the edges. Without
    *pays_fill* serial folds fill in no time.
    """
    rest = gemm.n % spec.columns
    whole = _least_in_known_ways(spec, gemm, pays_fill)
    if not spec.packing or "output_stationary" not in spec.dataflow or gemm.m <= MOST_PACKED_ROWS or not rest:
        return whole
    few = _least_of_few_columns(spec, gemm._replace(n=rest), pays_fill)
    without = gemm.n - rest
    return min(whole, few + (_least_in_known_ways(spec, gemm._replace(n=without), pays_fill) if without else 0.0))


def _least_of_few_columns(spec: MacArraySpec, gemm: Gemm, pays_fill: bool) -> float:
    """The least of all ways to cut n into parts of so few columns that they share folds, turned; inf if none can."""
    each: dict[int, float] = {}
    for n in range(1, min(gemm.n, MOST_PACKED_ROWS) + 1):
        part = gemm._replace(n=n)
        shared = [(folded(spec, part, way), way) for way in ways(spec, part) if way.sharing != "none"]
        if shared:
            each[n] = min(fold.folds * _least_period(spec, fold, way, pays_fill) for fold, way in shared)
    least = [0.0]
    for columns in range(1, gemm.n + 1):
        least.append(min((least[columns - n] + cycles for n, cycles in each.items() if n <= columns), default=inf))
    return least[-1]


def _least_in_known_ways(spec: MacArraySpec, gemm: Gemm, pays_fill: bool) -> float:
    """The bound if all parts are done in ways that the whole can be done in."""
    known = ways(spec, gemm)
    cuts = [WHOLE] if len(known) == 1 else [_parts(way) for way in known]
    wide = spec.model_copy(update={"edges": EdgesSpec()})
    folds = [folded(wide, gemm, way, cut) for way, cut in zip(known, cuts, strict=True)]
    periods = [_least_period(spec, fold, way, pays_fill) for fold, way in zip(folds, known, strict=True)]
    passing = [_passing(spec, folded(spec, gemm, way, cut), way) for way, cut in zip(known, cuts, strict=True)]
    if {way.dataflow for way in known} == {"output_stationary"}:  # folds of one length, of which there are no fractions
        return max(
            min(ceil(each.folds - ROUNDING) * period for each, period in zip(folds, periods, strict=True)), min(passing)
        )
    counts = (fold.folds * period for fold, period in zip(folds, periods, strict=True))
    return min(max(each, other) for each, other in zip(counts, passing, strict=True))


def _parts(way: Way) -> Cut:
    """Fractions of what may be cut: n, k, and what shares a fold with others."""
    return FRACTIONS if way.sharing != "none" else FRACTIONS._replace(m=rounded_up)


def least_cycles_of_a_product(spec: MacArraySpec, gemm: Gemm) -> float:
    """A bound for each product of a batch, however the batch is cut: two may share what they take."""
    one, two = (gemm_cost(spec, gemm._replace(batch=batch)).cycles for batch in (1, 2))
    return min(one, two / 2)


def _least_period(spec: MacArraySpec, fold: Folds, way: Way, pays_fill: bool) -> float:
    """Of a fold that might be a product's only one, whose cycle that SCALE-Sim leaves out it then has."""
    if spec.folds == "overlapped":
        return max(fold.stream, fold.turnover)
    less = 0 if way.dataflow == "dot_product" else 1
    return max(fold.stream, fold.stream + fold.fill - less) if pays_fill else fold.stream


def _passing(spec: MacArraySpec, fold: Folds, way: Way) -> float:
    """Cycles in which what all folds move passes the edges; shared folds, which use both sides for both, are free.

    So is what moves between serial folds: it is a part of filling and draining.
    """
    if way.sharing != "none":
        return 0.0
    left, right, result = fold.moved
    if way.turned != (way.dataflow == "input_stationary"):
        left, right = right, left
    passing = {"rows": left, "columns": right, "results": result}
    if spec.folds == "serial":
        passing.pop(_BETWEEN_FOLDS.get(way.dataflow, ""), None)
    rates = {side: rate for side, rate in spec.edges if rate is not None}
    return max((passing[side] / rates[side] for side in passing.keys() & rates.keys()), default=0.0)


_BETWEEN_FOLDS: dict[Dataflow, str] = {
    "output_stationary": "results",
    "weight_stationary": "columns",
    "input_stationary": "columns",
}
"""Dataflow -> the side that is at work while one fold gives way to the next."""
