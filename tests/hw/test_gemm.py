"""Matrix products on the array: published closed forms, RTL, SRAM traffic, the quickest of several ways, bounds."""

from __future__ import annotations

import csv
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.folds import MOST_PACKED_ROWS, Way, ways
from hw.gemm import (
    Widths,
    bytes_of,
    cost_of,
    gemm_cost,
    least_cycles,
    least_cycles_of_a_product,
    operand_bytes,
    quickest,
    result_cycles,
    sum_cycles,
)
from hw.integers import ceil_div
from hw.mac_array import Dataflow, MacArraySpec
from hw.requests import Cost, Gemm
from tests.support.folders import DATA, ROOT

DATAFLOWS: tuple[Dataflow, ...] = ("weight_stationary", "output_stationary", "input_stationary")
REFERENCES = ROOT / "sim" / "validation" / "data"


def array(
    dataflow: Dataflow | list[Dataflow], folds: str, rows: int = 32, columns: int = 32, **more: object
) -> MacArraySpec:
    data = {"rows": rows, "columns": columns, "dataflow": dataflow, "folds": folds, **more}
    return MacArraySpec.model_validate(data)


def upright(spec: MacArraySpec, gemm: Gemm) -> Cost:
    """The cost of *gemm* in the one dataflow of *spec*, not as its transpose."""
    (dataflow,) = spec.dataflow
    return cost_of(spec, gemm, Way(dataflow))


def rows_of(file: str) -> list[dict[str, str]]:
    with (REFERENCES / file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.mark.parametrize(
    ("gemm", "dataflow", "cycles"),
    [
        pytest.param(
            Gemm(int(row["M"]), int(row["N"]), int(row["K"])),
            dataflow,
            int(row[dataflow]),
            id=f"{row['M']}x{row['N']}x{row['K']} {dataflow}",
        )
        for row in rows_of("scalesim_32x32.csv")
        for dataflow in DATAFLOWS
    ],
)
def test_serial_folds_take_what_scale_sim_simulates(gemm: Gemm, dataflow: Dataflow, cycles: int) -> None:
    assert upright(array(dataflow, "serial"), gemm).cycles == cycles


def test_the_reference_has_its_three_shapes() -> None:
    assert len(rows_of("scalesim_32x32.csv")) == 3


# Rows R = 8 and columns C = 4; fill is R + C - 2 = 10 cycles, and R more to load a stationary tile or shift sums out.
@pytest.mark.parametrize(
    ("dataflow", "gemm", "cycles", "tail"),
    [
        pytest.param("output_stationary", Gemm(8, 4, 100), 100, 10 + 8, id="one fold, output stays"),
        pytest.param("weight_stationary", Gemm(100, 4, 8), 100, 10 + 8, id="one fold, weights stay"),
        pytest.param("input_stationary", Gemm(4, 100, 8), 100, 10 + 8, id="one fold, inputs stay"),
        pytest.param("output_stationary", Gemm(3, 2, 100), 100, 10 + 8, id="a part of a fold takes as long"),
        pytest.param("output_stationary", Gemm(9, 4, 100), 2 * 100, 10 + 8, id="one row more is a second fold"),
        pytest.param("output_stationary", Gemm(16, 12, 100), 2 * 3 * 100, 10 + 8, id="folds in both directions"),
        pytest.param("weight_stationary", Gemm(100, 12, 16), 3 * 2 * 100, 18, id="folds of n and k"),
        pytest.param("input_stationary", Gemm(12, 100, 16), 3 * 2 * 100, 18, id="folds of m and k"),
        # A fold that streams 5 cycles needs R = 8 for its results; the last is there 10 + 5 + 8 after its start.
        pytest.param("output_stationary", Gemm(8, 4, 5), 8, 10 + 5, id="short stream"),
        pytest.param("output_stationary", Gemm(16, 12, 5), 6 * 8, 10 + 5, id="many short streams"),
        pytest.param("weight_stationary", Gemm(1, 12, 8), 3 * 8, 18 + 1 - 8, id="matrix times vector"),
    ],
)
def test_overlapped_folds_pay_fill_once(dataflow: Dataflow, gemm: Gemm, cycles: int, tail: int) -> None:
    cost = upright(array(dataflow, "overlapped", rows=8, columns=4), gemm)
    assert (cost.cycles, cost.tail_cycles) == (cycles, tail)


def test_overlapped_folds_take_what_rtl_takes() -> None:
    """Cycles that it is taken, and until the last result is out, of every shape on 8 x 8 and 32 x 32 PEs."""
    shapes = rows_of("rtl_os_array.csv")
    assert len(shapes) == 399 and {shape["array"] for shape in shapes} == {"8x8", "32x32"}
    for shape in shapes:
        rows, columns = map(int, shape["array"].split("x"))
        gemm, spec = (
            Gemm(int(shape["M"]), int(shape["N"]), int(shape["K"])),
            array("output_stationary", "overlapped", rows, columns),
        )
        cost = cost_of(spec, gemm, Way("output_stationary"))
        assert (cost.cycles, cost.cycles + cost.tail_cycles) == (int(shape["rtl_taken"]), int(shape["rtl_result"]))
        assert result_cycles(spec, gemm, Way("output_stationary")) == int(shape["rtl_result"])


# RTL of 8 x 8 PEs whose upper rows are not enabled: of each shape the rows in use, and cycles that it is taken.
@pytest.mark.parametrize(
    ("shape", "taken"),
    [
        pytest.param((1, 24, 1), {8: 24, 4: 12, 2: 6, 1: 3}, id="a row"),
        pytest.param((3, 17, 2), {8: 24, 4: 12, 2: 12}, id="three rows"),
        pytest.param((8, 40, 1), {8: 40, 4: 40, 2: 40, 1: 40}, id="all rows"),
        pytest.param((5, 9, 3), {8: 16, 4: 16, 2: 18}, id="five rows"),
        pytest.param((16, 16, 4), {8: 32, 4: 32}, id="twice all rows"),
        pytest.param((7, 30, 12), {8: 48}, id="a long stream"),
        pytest.param((2, 64, 1), {8: 64, 4: 32, 2: 16, 1: 16}, id="two rows"),
    ],
)
def test_fewer_rows_take_what_rtl_takes(shape: tuple[int, int, int], taken: dict[int, int]) -> None:
    spec, gemm = array("output_stationary", "overlapped", 8, 8), Gemm(*shape)
    found = {way.rows or 8: cost_of(spec, gemm, way).cycles for way in ways(spec, gemm) if not way.turned}
    assert found == taken
    assert gemm_cost(spec, gemm).cycles <= min(taken.values())  # or turned


def test_another_array_takes_two_cycles_more_for_registers_at_its_border() -> None:
    with (DATA / "axis_systolic_array.csv").open(encoding="utf-8") as lines:
        shapes = list(csv.DictReader(lines))
    assert len(shapes) == 33
    for shape in shapes:
        rows, columns, folds, k = (int(shape[name]) for name in ("R", "C", "folds", "K"))
        spec, gemm = array("output_stationary", "overlapped", rows, columns), Gemm(rows, folds * columns, k)
        if folds > 1:
            assert gemm_cost(spec, gemm).cycles == int(shape["feed_cycles"])
        assert result_cycles(spec, gemm, Way("output_stationary")) + 2 == int(shape["first_in_to_last_out"])


@pytest.mark.parametrize("dataflow", [pytest.param(name, id=name) for name in DATAFLOWS])
@pytest.mark.parametrize("length", [pytest.param(n, id=f"length {n}") for n in (1, 5, 8, 100)])
def test_one_fold_ends_when_a_serial_one_does(dataflow: Dataflow, length: int) -> None:
    """SCALE-Sim's total, which ends with the last sum, is one cycle less than the count of cycles."""
    gemm = {
        "output_stationary": Gemm(8, 4, length),
        "weight_stationary": Gemm(length, 4, 8),
        "input_stationary": Gemm(4, length, 8),
    }[dataflow]
    overlapped, serial = (array(dataflow, folds, rows=8, columns=4) for folds in ("overlapped", "serial"))
    way = Way(dataflow)
    assert sum_cycles(overlapped, gemm, way) == sum_cycles(serial, gemm, way) == upright(serial, gemm).cycles + 1
    assert result_cycles(overlapped, gemm, way) == result_cycles(serial, gemm, way)


@pytest.mark.parametrize(
    ("gemm", "cost"),
    [
        pytest.param(Gemm(8, 4, 100), Cost(100, 18, 100), id="full: 3200 MACs on 32 PEs"),
        pytest.param(Gemm(8, 1, 100), Cost(100, 18, 25), id="one of four columns: 800 MACs"),
        pytest.param(Gemm(4, 4, 4), Cost(8, 14, 2), id="skinny: 64 MACs, and R = 8 cycles to shift out"),
        pytest.param(Gemm(1, 1, 1), Cost(8, 11, 1), id="a single MAC: a part of a cycle counts as one"),
    ],
)
def test_useful_cycles_are_those_of_a_full_array(gemm: Gemm, cost: Cost) -> None:
    assert upright(array("output_stationary", "overlapped", rows=8, columns=4), gemm) == cost


def test_serial_fill_and_drain_are_what_is_not_streamed() -> None:
    cost = upright(array("output_stationary", "serial", rows=8, columns=4), Gemm(16, 4, 100))
    assert cost == Cost(2 * (10 + 100) - 1, 0, useful_cycles=200, fill_drain_cycles=2 * 10 - 1)


def test_a_single_pe_takes_a_cycle_for_each_mac() -> None:
    """The last sum needs one more to leave it, which a next product overlaps."""
    for folds, tail in ("serial", 0), ("overlapped", 1):
        cost = upright(array("output_stationary", folds, rows=1, columns=1), Gemm(3, 2, 5))
        assert cost == Cost(3 * 2 * 5, tail, 3 * 2 * 5)


@pytest.mark.parametrize("dataflow", [pytest.param(name, id=name) for name in DATAFLOWS])
@pytest.mark.parametrize("folds", ["serial", "overlapped"])
def test_a_batch_multiplies(dataflow: Dataflow, folds: str) -> None:
    spec = array(dataflow, folds)
    one, seven = upright(spec, Gemm(40, 50, 60)), upright(spec, Gemm(40, 50, 60, batch=7))
    assert seven.cycles == 7 * one.cycles
    assert seven.fill_drain_cycles == 7 * one.fill_drain_cycles
    assert seven.tail_cycles == one.tail_cycles
    assert Gemm(40, 50, 60, batch=7).macs == 7 * 40 * 50 * 60


sizes = st.integers(1, 300)
rates = st.sampled_from([1, 1, 2, 4])
gemms = st.builds(Gemm, sizes, sizes, sizes, st.integers(1, 4), rates)
shapes = st.tuples(st.integers(1, 64), st.integers(1, 64))


sides = st.fixed_dictionaries({side: st.none() | st.integers(1, 80) for side in ("rows", "columns", "results")})
every_dataflow = st.sampled_from(get_args(Dataflow))
arrays = st.builds(
    array,
    st.lists(every_dataflow, min_size=1, max_size=4),
    st.sampled_from(["serial", "overlapped"]),
    st.integers(1, 40),
    st.integers(1, 40),
    packing=st.booleans(),
    edges=sides,
)


@settings(deadline=None)
@given(gemm=gemms, spec=arrays)
def test_no_array_does_more_than_its_peak_in_any_way(gemm: Gemm, spec: MacArraySpec) -> None:
    for way in ways(spec, gemm):
        cost = cost_of(spec, gemm, way)
        assert 1 <= cost.useful_cycles <= cost.cycles
        assert gemm.macs <= cost.useful_cycles * spec.macs_per_cycle * gemm.rate
        assert cost.useful_cycles + cost.fill_drain_cycles <= cost.cycles
        assert cost.tail_cycles >= 0
        assert cost.fill_drain_cycles >= 0


@settings(deadline=None)
@given(gemm=gemms, shape=shapes, dataflow=st.sampled_from(DATAFLOWS))
def test_overlapped_folds_are_never_slower_than_serial_ones(
    gemm: Gemm, shape: tuple[int, int], dataflow: Dataflow
) -> None:
    """SCALE-Sim's total is one cycle less than the count of cycles, for each GEMM of a batch."""
    overlapped, serial = (array(dataflow, folds, *shape) for folds in ("overlapped", "serial"))
    assert upright(overlapped, gemm).cycles <= upright(serial, gemm).cycles + gemm.batch
    assert result_cycles(overlapped, gemm, Way(dataflow)) <= result_cycles(serial, gemm, Way(dataflow))


# On 32 x 32 PEs, 2 bytes an element.
@pytest.mark.parametrize(
    ("dataflow", "gemm", "elements"),
    [
        pytest.param("output_stationary", Gemm(32, 32, 10), 32 * 10 + 10 * 32 + 32 * 32, id="output stays, one fold"),
        pytest.param(
            "output_stationary", Gemm(64, 96, 10), 3 * 64 * 10 + 2 * 10 * 96 + 64 * 96, id="output stays, 2 x 3 folds"
        ),
        pytest.param("weight_stationary", Gemm(10, 32, 32), 10 * 32 + 32 * 32 + 10 * 32, id="weights stay, one fold"),
        pytest.param(
            "weight_stationary", Gemm(10, 96, 32), 3 * 10 * 32 + 32 * 96 + 10 * 96, id="inputs again for each fold of n"
        ),
        pytest.param(
            "weight_stationary", Gemm(10, 32, 96), 10 * 96 + 96 * 32 + 5 * 10 * 32, id="three folds of k: 3 out, 2 in"
        ),
        pytest.param(
            "input_stationary", Gemm(96, 10, 64), 3 * 10 * 64 + 64 * 96 + 3 * 96 * 10, id="inputs stay, 3 x 2 folds"
        ),
        pytest.param("output_stationary", Gemm(1, 1, 1, batch=5), 5 * 3, id="a batch multiplies"),
    ],
)
def test_operand_bytes(dataflow: Dataflow, gemm: Gemm, elements: int) -> None:
    assert bytes_of(array(dataflow, "overlapped"), gemm, Widths(2, 2, 2), Way(dataflow)) == 2 * elements


@pytest.mark.parametrize(
    ("dataflow", "size"),
    [  # (40 x 50) x (50 x 60) on 32 x 32 PEs: two folds of each dimension
        pytest.param("output_stationary", 2 * 40 * 50 * 4 + 2 * 50 * 60 * 1 + 40 * 60 * 2, id="output stays"),
        pytest.param("weight_stationary", 2 * 40 * 50 * 4 + 50 * 60 * 1 + 3 * 40 * 60 * 2, id="weights stay"),
        pytest.param("input_stationary", 40 * 50 * 4 + 2 * 50 * 60 * 1 + 3 * 40 * 60 * 2, id="inputs stay"),
    ],
)
def test_each_operand_has_its_own_width(dataflow: Dataflow, size: int) -> None:
    assert bytes_of(array(dataflow, "overlapped"), Gemm(40, 60, 50), Widths(4, 1, 2), Way(dataflow)) == size


@pytest.mark.parametrize(
    ("operand", "weight", "size"),
    [
        pytest.param(2, 0.5, 40 * 50 * 2 + 50 * 60 // 2 + 40 * 60 * 2, id="two weights of 4 bit to a byte"),
        pytest.param(2, 0.5 + 2 / 128, 40 * 50 * 2 + 1547 + 40 * 60 * 2, id="46.9 bytes of scales, in whole bytes"),
    ],
)
def test_narrow_weights_are_packed(operand: float, weight: float, size: int) -> None:
    spec = array("output_stationary", "overlapped", 64, 64)
    assert bytes_of(spec, Gemm(40, 60, 50), Widths(operand, weight, 2), Way("output_stationary")) == size


def test_partial_sums_have_a_width_of_their_own() -> None:
    """k = 80 in three folds of 32 rows: two of three results are partial, and come back once."""
    spec, gemm = array("weight_stationary", "overlapped"), Gemm(10, 20, 80)
    wide, narrow = (bytes_of(spec, gemm, Widths(2, 2, 2, each), Way("weight_stationary")) for each in (4, None))
    assert wide - narrow == 2 * 10 * 20 * (2 + 2)


# Words of two elements on 32 x 32 PEs.
@pytest.mark.parametrize(
    ("dataflow", "gemm", "cycles"),
    [
        pytest.param("output_stationary", Gemm(32, 64, 200, rate=2), 2 * 100, id="half the cycles"),
        pytest.param("output_stationary", Gemm(32, 64, 201, rate=2), 2 * 101, id="the last word is padded"),
        pytest.param("output_stationary", Gemm(32, 64, 40, rate=2), 2 * 32, id="no less than the turnover"),
        pytest.param("weight_stationary", Gemm(100, 32, 128, rate=2), 2 * 100, id="twice as much of k in the rows"),
        pytest.param("input_stationary", Gemm(32, 100, 128, rate=2), 2 * 100, id="likewise"),
        pytest.param("dot_product", Gemm(3, 32, 130, rate=2), 3 * 3, id="a tree of words"),
    ],
)
def test_a_pe_that_does_two_macs_does_them_along_k(dataflow: Dataflow, gemm: Gemm, cycles: int) -> None:
    spec = array(dataflow, "overlapped")
    assert upright(spec, gemm).cycles == cycles
    assert upright(spec, gemm).useful_cycles == ceil_div(gemm.macs, 2 * 1024)
    one, two = (bytes_of(spec, gemm._replace(k=200, rate=rate), Widths(1, 1, 1), Way(dataflow)) for rate in (1, 2))
    assert one == two or dataflow in ("weight_stationary", "input_stationary")  # which have fewer partial sums


def test_edges_take_words() -> None:
    """Sixteen words of either operand a cycle, for 32 rows and columns: twice as long, whatever is in a word."""
    spec = array("output_stationary", "overlapped", edges={"rows": 16, "columns": 16})
    assert [upright(spec, Gemm(32, 32, 200, rate=rate)).cycles for rate in (1, 2, 4)] == [400, 200, 100]


# Dot products on R = 8 rows (a tree of 3 levels) and C = 4 columns; by hand m ceil(n/4) ceil(k/8) cycles.
@pytest.mark.parametrize(
    ("gemm", "cycles"),
    [
        pytest.param(Gemm(1, 4, 8), 1, id="one cycle for all PEs"),
        pytest.param(Gemm(1, 4, 9), 2, id="one product more is a second"),
        pytest.param(Gemm(1, 5, 8), 2, id="one column more, too"),
        pytest.param(Gemm(3, 4, 8), 3, id="each row by itself"),
        pytest.param(Gemm(3, 12, 20, batch=2), 2 * 3 * 3 * 3, id="a batch multiplies"),
    ],
)
def test_dot_products(gemm: Gemm, cycles: int) -> None:
    overlapped, serial = (array("dot_product", folds, 8, 4) for folds in ("overlapped", "serial"))
    assert upright(overlapped, gemm) == Cost(cycles, tail_cycles=3, useful_cycles=ceil_div(gemm.macs, 32))
    results = gemm.batch * gemm.m * ceil_div(gemm.n, 4)  # each with a tree's depth
    assert upright(serial, gemm) == Cost(cycles + 3 * results, 0, ceil_div(gemm.macs, 32), 3 * results)


def test_a_dot_product_takes_all_weights_in_again_for_each_row() -> None:
    spec, gemm = array("dot_product", "overlapped", 8, 4), Gemm(3, 12, 20)
    assert bytes_of(spec, gemm, Widths(1, 0, 0), Way("dot_product")) == 3 * 3 * 20  # a row for every 4 columns
    assert bytes_of(spec, gemm, Widths(0, 1, 0), Way("dot_product")) == 3 * 12 * 20
    assert bytes_of(spec, gemm, Widths(0, 0, 1), Way("dot_product")) == 3 * 12
    assert upright(spec, gemm).cycles * 8 * 4 >= 3 * 12 * 20  # 32 weights a cycle at most


# Edges on R = 8 rows and C = 4 columns; what a fold is stretched to stands in the row.
@pytest.mark.parametrize(
    ("dataflow", "gemm", "edges", "cycles"),
    [
        pytest.param("output_stationary", Gemm(8, 4, 100), {"rows": 8, "columns": 4, "results": 4}, 100, id="full"),
        pytest.param("output_stationary", Gemm(8, 4, 100), {"rows": 4}, 100 * 8 // 4, id="half of the rows"),
        pytest.param("output_stationary", Gemm(3, 4, 100), {"rows": 4}, 100, id="three rows need no more than three"),
        pytest.param("output_stationary", Gemm(16, 8, 100), {"columns": 1}, 4 * 100 * 4, id="a column after another"),
        pytest.param("output_stationary", Gemm(8, 4, 5), {"results": 2}, 8 * 4 // 2, id="results leave in 16 cycles"),
        pytest.param("output_stationary", Gemm(8, 4, 100), {"results": 2}, 100, id="which a long stream hides"),
        pytest.param("weight_stationary", Gemm(100, 4, 8), {"rows": 4}, 100 * 8 // 4, id="inputs stream"),
        pytest.param("weight_stationary", Gemm(100, 4, 8), {"results": 1}, 100 * 4, id="sums come out with them"),
        pytest.param("weight_stationary", Gemm(5, 4, 8), {"columns": 2}, 8 * 4 // 2, id="weights come in"),
        pytest.param("input_stationary", Gemm(4, 100, 8), {"rows": 4}, 100 * 8 // 4, id="weights stream"),
        pytest.param("input_stationary", Gemm(4, 5, 8), {"columns": 2}, 8 * 4 // 2, id="inputs come in"),
        pytest.param("dot_product", Gemm(3, 4, 16), {"columns": 32}, 3 * 2, id="32 weights a cycle"),
        pytest.param("dot_product", Gemm(3, 4, 16), {"columns": 4}, 3 * 16, id="a column's width of weights"),
        pytest.param("dot_product", Gemm(3, 4, 16), {"rows": 1}, 3 * 16, id="an input at a time"),
        pytest.param("dot_product", Gemm(3, 4, 8), {"results": 1}, 3 * 4, id="a result at a time"),
    ],
)
def test_narrow_edges_stretch_a_fold(dataflow: Dataflow, gemm: Gemm, edges: dict[str, int], cycles: int) -> None:
    assert upright(array(dataflow, "overlapped", 8, 4, edges=edges), gemm).cycles == cycles


@settings(deadline=None)
@given(gemm=gemms, spec=arrays)
def test_wider_edges_are_never_slower(gemm: Gemm, spec: MacArraySpec) -> None:
    narrow = {side: each for side, each in spec.edges if each is not None}
    for side, each in narrow.items():
        for wider in (2 * each, None):
            wide = spec.model_copy(update={"edges": spec.edges.model_copy(update={side: wider})})
            assert gemm_cost(wide, gemm).cycles <= gemm_cost(spec, gemm).cycles


# Two to a fold on 32 x 32 PEs: R + C - 2m results of each of m rows.
@pytest.mark.parametrize(
    ("gemm", "cycles", "sharing"),
    [
        pytest.param(Gemm(1, 62, 100), 100, "split", id="62 of one row"),
        pytest.param(Gemm(1, 63, 100), 2 * 100, "none", id="63 take two folds, as without"),
        pytest.param(Gemm(1, 3072, 1536), 50 * 1536, "split", id="a projection in decode"),
        pytest.param(Gemm(8, 480, 100), 10 * 100, "split", id="48 of eight rows"),
        pytest.param(Gemm(9, 480, 100), 15 * 100, "none", id="nine rows are more than RTL has shown"),
        pytest.param(Gemm(1, 620, 5), 19 * 5, "split", id="results leave through 4 rows"),
        pytest.param(Gemm(4, 64, 100, batch=10), 15 * 100, "pair", id="two of a batch: 3 halves each"),
        pytest.param(Gemm(4, 56, 100, batch=10), 10 * 100, "split", id="as good, and simpler"),
        pytest.param(Gemm(64, 4, 100, batch=10), 15 * 100, "pair", id="few columns instead of few rows"),
    ],
)
def test_two_to_a_fold(gemm: Gemm, cycles: int, sharing: str) -> None:
    spec = array("output_stationary", "overlapped", packing=True)
    cost, way = gemm_cost(spec, gemm), quickest(spec, gemm)
    assert (cost.cycles, way.sharing) == (cycles, sharing)
    assert cost.tail_cycles == 62 + min(gemm.k, 32) or way.rows  # as of any fold
    assert gemm_cost(array("output_stationary", "overlapped"), gemm).cycles >= cycles


def test_a_shared_fold_streams_its_few_rows_twice() -> None:
    spec, gemm = array("output_stationary", "overlapped", packing=True), Gemm(2, 600, 100)
    assert quickest(spec, gemm) == Way("output_stationary", sharing="split")
    assert operand_bytes(spec, gemm, Widths(1, 0, 0)) == 2 * 10 * 2 * 100  # 10 folds of 60 columns
    assert operand_bytes(spec, gemm, Widths(0, 1, 1)) == 600 * 100 + 2 * 600


@settings(deadline=None)
@given(m=st.integers(1, 4), k=st.integers(1, 9), seed=st.integers(0, 99))
def test_pes_of_an_unmodified_array_hold_both_products(m: int, k: int, seed: int) -> None:
    """A PE adds up what comes along its row times what comes along its column, and knows of nothing else."""
    rows, columns = 9, 11
    random = np.random.default_rng(seed)
    few, wide = random.integers(-9, 9, (m, k)), random.integers(-9, 9, (k, rows + columns - 2 * m))
    along_columns, along_rows = wide[:, : columns - m], wide[:, columns - m :]
    from_the_left = np.vstack([few, along_rows.T])  # [rows, k]
    from_above = np.hstack([few.T, along_columns])  # [k, columns]
    held = sum(np.outer(from_the_left[:, step], from_above[step]) for step in range(k))
    found = np.hstack([held[:m, m:], held[m:, :m].T])
    np.testing.assert_array_equal(found, few @ wide)


@settings(deadline=None)
@given(gemm=gemms, spec=arrays)
def test_packing_is_never_slower(gemm: Gemm, spec: MacArraySpec) -> None:
    few = gemm._replace(m=min(gemm.m, MOST_PACKED_ROWS))
    plain, packed = (spec.model_copy(update={"packing": packing}) for packing in (False, True))
    for each in (gemm, few):
        assert gemm_cost(packed, each).cycles <= gemm_cost(plain, each).cycles


@settings(deadline=None)
@given(gemm=gemms, spec=arrays)
def test_a_list_of_dataflows_is_as_quick_as_the_quickest_of_them(gemm: Gemm, spec: MacArraySpec) -> None:
    alone = [spec.model_copy(update={"dataflow": [dataflow]}) for dataflow in spec.dataflow]
    assert gemm_cost(spec, gemm).cycles == min(gemm_cost(each, gemm).cycles for each in alone)


@settings(deadline=None)
@given(gemm=gemms, spec=arrays)
def test_a_product_takes_as_long_as_its_transpose(gemm: Gemm, spec: MacArraySpec) -> None:
    turned = gemm._replace(m=gemm.n, n=gemm.m)
    assert gemm_cost(spec, gemm).cycles == gemm_cost(spec, turned).cycles
    assert operand_bytes(spec, gemm, Widths(1, 1, 1)) == operand_bytes(spec, turned, Widths(1, 1, 1))


def test_of_equally_quick_ways_the_one_that_moves_less_is_taken() -> None:
    """(10 x 32) x (32 x 96): three folds of 32 cycles with stationary weights, or one of 96 with stationary inputs."""
    spec, gemm = array(["weight_stationary", "input_stationary"], "overlapped"), Gemm(10, 96, 32)
    whole = [way for way in ways(spec, gemm) if way.rows is None]
    assert {cost_of(spec, gemm, way).cycles for way in whole} == {96}
    moved = [bytes_of(spec, gemm, Widths(1, 1, 1), way) for way in whole]
    assert moved == [3 * 10 * 32 + 32 * 96 + 10 * 96, 10 * 32 + 32 * 96 + 10 * 96]
    assert operand_bytes(spec, gemm, Widths(1, 1, 1)) == moved[1]


@st.composite
def cut_products(draw: st.DrawFn) -> tuple[Gemm, list[Gemm]]:
    """A product and its parts: columns cut, and those cut in depth, each in its own way."""
    parts = []
    m, batch, rate = draw(st.integers(1, 40) | st.integers(40, 200)), draw(st.integers(1, 3)), draw(rates)
    depths = draw(st.lists(st.integers(1, 60), min_size=1, max_size=4))
    for n in draw(st.lists(st.integers(1, 60), min_size=1, max_size=4)):
        depth = sum(depths)
        where = sorted({*draw(st.lists(st.integers(1, depth), max_size=3)), depth})
        parts += [Gemm(m, n, end - start, batch, rate) for start, end in zip([0, *where], where, strict=False)]
    whole = Gemm(m, sum(part.n * part.k for part in parts) // sum(depths), sum(depths), batch, rate)
    return whole, parts


@settings(deadline=None, max_examples=300)
@given(cut=cut_products(), spec=arrays)
def test_no_cut_takes_less_than_the_bound(cut: tuple[Gemm, list[Gemm]], spec: MacArraySpec) -> None:
    whole, parts = cut
    for pays in (True, False):
        costs = [gemm_cost(spec, part) for part in parts]
        taken = sum(cost.cycles - (0 if pays else cost.fill_drain_cycles) for cost in costs)
        assert least_cycles(spec, whole, pays_fill=pays) <= taken + 1e-6


@settings(deadline=None)
@given(gemm=gemms, spec=arrays, parts=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_no_cut_of_a_batch_takes_less_than_the_bound(gemm: Gemm, spec: MacArraySpec, parts: list[int]) -> None:
    taken = sum(gemm_cost(spec, gemm._replace(batch=part)).cycles for part in parts)
    assert sum(parts) * least_cycles_of_a_product(spec, gemm) <= taken


@pytest.mark.parametrize(
    ("columns", "folds"), [(34, 3 + 2), (33, 3 + 2), (40, 3 + 2), (48, 3 + 3), (68, 6 + 2), (64, 6)]
)
def test_a_last_part_of_few_columns_may_share_folds(columns: int, folds: int) -> None:
    """96 rows on a 32 x 32 array: 3 folds for 32 columns, and for 1 to 8 more 96 / (64 - 2 n), rounded up, turned."""
    spec = array("output_stationary", "overlapped", packing=True)
    whole = Gemm(96, columns, 544)
    rest = [gemm_cost(spec, whole._replace(n=columns % 32)).cycles] if columns % 32 else []
    taken = gemm_cost(spec, whole._replace(n=columns // 32 * 32)).cycles + sum(rest)
    assert least_cycles(spec, whole) == folds * 544 <= taken
    assert columns == 48 or taken == folds * 544


def test_the_bound_of_one_way_is_what_it_costs() -> None:
    spec, gemm = array("output_stationary", "overlapped"), Gemm(32, 3000, 1000)
    assert least_cycles(spec, gemm) == gemm_cost(spec, gemm).cycles
    packed = array("output_stationary", "overlapped", packing=True)
    assert least_cycles(packed, gemm._replace(m=1)) == gemm_cost(packed, gemm._replace(m=1)).cycles
