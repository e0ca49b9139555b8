"""Matrix products on RTL of an output-stationary array, beside the closed forms of hw/gemm.py.

The RTL's harness compares every result with the host's product; a wrong one, or two results in one register, is an
error and no case. What folds take is a closed form, so the tolerance is zero.
"""

from __future__ import annotations

from collections.abc import Iterator

from hw.folds import Way, ways
from hw.gemm import cost_of
from hw.mac_array import MacArraySpec
from hw.requests import Gemm
from sim.validation.cases import Case
from sim.validation.rtl.build import RtlError, run
from sim.validation.rtl.draw import Draw
from sim.validation.rtl.models import array

SHAPES = {8: 260, 32: 120}  # by the array's side
MOST_FOLDS = 24
LARGEST = {8: (96, 96, 300), 32: (160, 160, 400)}  # m, n, k


def shapes(side: int, count: int) -> list[Gemm]:
    """So many products for an array of side x side PEs, the same every time."""
    draw, found = Draw(side), list[Gemm]()
    most_m, most_n, most_k = LARGEST[side]
    while len(found) < count:
        gemm = Gemm(draw.spread(1, most_m), draw.spread(1, most_n), draw.spread(1, most_k))
        if -(-gemm.m // side) * -(-gemm.n // side) <= MOST_FOLDS and gemm not in found:
            found.append(gemm)
    return found


def cases(side: int = 8, count: int | None = None) -> Iterator[Case]:
    """What *count* products take, in all rows and, where that can be, in fewer."""
    spec = MacArraySpec(rows=side, columns=side, dataflow=["output_stationary"], folds="overlapped")
    gemms = shapes(side, SHAPES[side] if count is None else count)
    tried = [(gemm, way) for gemm in gemms for way in ways(spec, gemm) if not way.turned]
    lines = [f"{gemm.m} {gemm.n} {gemm.k} {way.rows or side} 0" for gemm, way in tried]
    for (gemm, way), answer in zip(tried, run(array(side, side), lines), strict=True):
        yield from _of(spec, gemm, way, answer)


def _of(spec: MacArraySpec, gemm: Gemm, way: Way, answer: str) -> Iterator[Case]:
    taken, result, _, clash, wrong = map(int, answer.split(","))
    if clash or wrong:
        raise RtlError(f"os_array: {gemm} in {way}: {wrong} results are wrong, {clash} clash")
    cost = cost_of(spec, gemm, way)
    group = f"array, {spec.rows} x {spec.columns}" + (", fewer rows" if way.rows else "")
    name = f"{gemm.m} x {gemm.n} x {gemm.k}" + (f", {way.rows} rows" if way.rows else "")
    yield Case("rtl", group, name, "cycles taken", taken, cost.cycles, 0.0)
    yield Case("rtl", group, name, "cycles until the result", result, cost.cycles + cost.tail_cycles, 0.0)
