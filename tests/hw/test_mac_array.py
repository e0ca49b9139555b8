"""The MAC array: published closed forms, overlapped folds, elementwise work, SRAM traffic."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.mac_array import (
    Dataflow,
    MacArraySpec,
    Widths,
    elementwise_cost,
    gemm_cost,
    operand_bytes,
    result_cycles,
    sum_cycles,
)
from hw.requests import Cost, Gemm, VectorPass
from hw.simd import VectorUnitSpec
from tests.support.folders import ROOT

DATAFLOWS: tuple[Dataflow, ...] = ("weight_stationary", "output_stationary", "input_stationary")
REFERENCE = ROOT / "sim" / "validation" / "data" / "scalesim_32x32.csv"


def array(dataflow: Dataflow, folds: str, rows: int = 32, columns: int = 32) -> MacArraySpec:
    return MacArraySpec.model_validate({"rows": rows, "columns": columns, "dataflow": dataflow, "folds": folds})


def reference_rows() -> list[dict[str, str]]:
    with REFERENCE.open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize(
    ("gemm", "dataflow", "cycles"),
    [
        pytest.param(
            Gemm(int(row["M"]), int(row["N"]), int(row["K"])),
            dataflow,
            int(row[dataflow]),
            id=f"{row['M']}x{row['N']}x{row['K']} {dataflow}",
        )
        for row in reference_rows()
        for dataflow in DATAFLOWS
    ],
)
def test_serial_folds_take_what_scale_sim_simulates(gemm: Gemm, dataflow: Dataflow, cycles: int) -> None:
    assert gemm_cost(array(dataflow, "serial"), gemm).cycles == cycles


def test_the_reference_has_its_three_shapes() -> None:
    assert len(reference_rows()) == 3


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
    cost = gemm_cost(array(dataflow, "overlapped", rows=8, columns=4), gemm)
    assert (cost.cycles, cost.tail_cycles) == (cycles, tail)


# Of RTL of an output-stationary array with overlapped folds: cycles that it is taken, and until the last result is out.
@pytest.mark.parametrize(
    ("size", "gemm", "taken", "result"),
    [
        pytest.param(8, Gemm(1, 1, 1), 8, 23, id="8x8: 1 x 1 x 1"),
        pytest.param(8, Gemm(7, 13, 64), 128, 150, id="8x8: 7 x 13 x 64"),
        pytest.param(8, Gemm(8, 64, 9), 72, 94, id="8x8: 8 x 64 x 9"),
        pytest.param(8, Gemm(16, 13, 3), 32, 49, id="8x8: 16 x 13 x 3"),
        pytest.param(8, Gemm(33, 1, 8), 40, 62, id="8x8: 33 x 1 x 8"),
        pytest.param(8, Gemm(64, 64, 8), 512, 534, id="8x8: 64 x 64 x 8"),
        pytest.param(32, Gemm(1, 1, 8), 32, 102, id="32x32: 1 x 1 x 8"),
        pytest.param(32, Gemm(2, 33, 31), 64, 157, id="32x32: 2 x 33 x 31"),
        pytest.param(32, Gemm(8, 32, 16), 32, 110, id="32x32: 8 x 32 x 16"),
        pytest.param(32, Gemm(31, 32, 33), 33, 127, id="32x32: 31 x 32 x 33"),
        pytest.param(32, Gemm(33, 1, 16), 64, 142, id="32x32: 33 x 1 x 16"),
    ],
)
def test_overlapped_folds_take_what_rtl_takes(size: int, gemm: Gemm, taken: int, result: int) -> None:
    spec = array("output_stationary", "overlapped", size, size)
    cost = gemm_cost(spec, gemm)
    assert (cost.cycles, cost.cycles + cost.tail_cycles) == (taken, result)
    assert result_cycles(spec, gemm) == result


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
    assert sum_cycles(overlapped, gemm) == sum_cycles(serial, gemm) == gemm_cost(serial, gemm).cycles + 1
    assert result_cycles(overlapped, gemm) == result_cycles(serial, gemm)


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
    assert gemm_cost(array("output_stationary", "overlapped", rows=8, columns=4), gemm) == cost


def test_serial_fill_and_drain_are_what_is_not_streamed() -> None:
    cost = gemm_cost(array("output_stationary", "serial", rows=8, columns=4), Gemm(16, 4, 100))
    assert cost == Cost(2 * (10 + 100) - 1, 0, useful_cycles=200, fill_drain_cycles=2 * 10 - 1)


def test_a_single_pe_takes_a_cycle_for_each_mac() -> None:
    """The last sum needs one more to leave it, which a next product overlaps."""
    for folds, tail in ("serial", 0), ("overlapped", 1):
        cost = gemm_cost(array("output_stationary", folds, rows=1, columns=1), Gemm(3, 2, 5))
        assert cost == Cost(3 * 2 * 5, tail, 3 * 2 * 5)


@pytest.mark.parametrize("dataflow", [pytest.param(name, id=name) for name in DATAFLOWS])
@pytest.mark.parametrize("folds", ["serial", "overlapped"])
def test_a_batch_multiplies(dataflow: Dataflow, folds: str) -> None:
    spec = array(dataflow, folds)
    one, seven = gemm_cost(spec, Gemm(40, 50, 60)), gemm_cost(spec, Gemm(40, 50, 60, batch=7))
    assert seven.cycles == 7 * one.cycles
    assert seven.fill_drain_cycles == 7 * one.fill_drain_cycles
    assert seven.tail_cycles == one.tail_cycles
    assert Gemm(40, 50, 60, batch=7).macs == 7 * 40 * 50 * 60


sizes = st.integers(1, 300)
gemms = st.builds(Gemm, sizes, sizes, sizes, st.integers(1, 4))
shapes = st.tuples(st.integers(1, 64), st.integers(1, 64))


@settings(deadline=None)
@given(gemm=gemms, shape=shapes, dataflow=st.sampled_from(DATAFLOWS), folds=st.sampled_from(["serial", "overlapped"]))
def test_no_array_does_more_than_its_peak(gemm: Gemm, shape: tuple[int, int], dataflow: Dataflow, folds: str) -> None:
    cost = gemm_cost(array(dataflow, folds, *shape), gemm)
    assert 1 <= cost.useful_cycles <= cost.cycles
    assert gemm.macs <= cost.useful_cycles * shape[0] * shape[1]
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
    assert gemm_cost(overlapped, gemm).cycles <= gemm_cost(serial, gemm).cycles + gemm.batch
    assert result_cycles(overlapped, gemm) <= result_cycles(serial, gemm)


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
    assert operand_bytes(array(dataflow, "overlapped"), gemm, Widths(2, 2, 2)) == 2 * elements


@pytest.mark.parametrize(
    ("dataflow", "size"),
    [  # (40 x 50) x (50 x 60) on 32 x 32 PEs: two folds of each dimension
        pytest.param("output_stationary", 2 * 40 * 50 * 4 + 2 * 50 * 60 * 1 + 40 * 60 * 2, id="output stays"),
        pytest.param("weight_stationary", 2 * 40 * 50 * 4 + 50 * 60 * 1 + 3 * 40 * 60 * 2, id="weights stay"),
        pytest.param("input_stationary", 40 * 50 * 4 + 2 * 50 * 60 * 1 + 3 * 40 * 60 * 2, id="inputs stay"),
    ],
)
def test_each_operand_has_its_own_width(dataflow: Dataflow, size: int) -> None:
    assert operand_bytes(array(dataflow, "overlapped"), Gemm(40, 60, 50), Widths(4, 1, 2)) == size


def test_a_plain_array_refuses_elementwise_work() -> None:
    with pytest.raises(ValueError) as caught:
        elementwise_cost(array("output_stationary", "serial"), [VectorPass("add", 10, 10)])
    assert str(caught.value) == "this MAC array does no elementwise operations"


def test_an_array_that_does_elementwise_work_is_as_many_lanes() -> None:
    unit = VectorUnitSpec(pipeline_depth=4, fma=True, cycles={"add": 1, "exp": 4})
    spec = array("output_stationary", "serial").model_copy(update={"elementwise": unit})
    # 8 x 1024 additions, then 6 x 1024 exponentials of 4 cycles
    passes = [VectorPass("add", 8 * 1024, 8 * 1024), VectorPass("exp", 6 * 1024, 6 * 1024)]
    assert elementwise_cost(spec, passes) == Cost(8 + 24, tail_cycles=4, useful_cycles=8 + 24)
