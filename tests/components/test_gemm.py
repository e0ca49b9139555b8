"""One matrix product: SCALE-Sim's cycles and their parts, and when the results have come out."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import call


# Serial: SCALE-Sim 3.0.0's total cycles on 32 x 32.
@pytest.mark.parametrize(
    ("product", "options", "cycles"),
    [
        pytest.param("1 4096 1536", "--dataflow ws", 583_679, id="matrix times vector, weights stay"),
        pytest.param("1 4096 1536", "--dataflow os", 204_543, id="matrix times vector, outputs stay"),
        pytest.param("1 4096 1536", "--dataflow is", 201_119, id="matrix times vector, inputs stay"),
        pytest.param("128 128 64", "--dataflow ws", 1775, id="square, weights stay"),
        pytest.param("128 128 64", "", 2015, id="square, outputs stay, which is the default"),
        pytest.param("128 128 64", "--dataflow is", 1775, id="square, inputs stay"),
        pytest.param("1024 16 4096", "--dataflow ws", 143_103, id="narrow, weights stay"),
        pytest.param("1024 16 4096", "--array 32x32 --folds serial", 133_055, id="narrow, outputs stay"),
        pytest.param("1024 16 4096", "--dataflow is", 450_559, id="narrow, inputs stay"),
        # 16 folds of 64 cycles, then R + C - 2 until the last result has come out
        pytest.param("128 128 64", "--folds overlapped", 16 * 64 + 62, id="overlapped folds, with the tail"),
        pytest.param("1 4096 1536", "--folds overlapped --packing", 67 * 1536 + 62, id="4096 / 62 shared folds"),
        pytest.param("1 4096 1536", "--folds overlapped --dataflow dp", 128 * 48 + 5, id="dot products"),
        pytest.param("1 4096 1536", "--folds overlapped --dataflow dp --dataflow os", 128 * 48 + 5, id="quicker"),
        pytest.param("1 4096 1536", "--folds overlapped --edges 1x8x32", 128 * 1536 * 4 + 62, id="8 columns"),
        pytest.param("8 16 100", "--array 4x16 --folds overlapped", 2 * 100 + 18, id="two folds of four rows"),
        pytest.param("16 8 100", "--array 4x16 --folds overlapped --turn", 2 * 100 + 18, id="as its transpose, too"),
        # R = 8, C = 4: 2 x 3 folds of 8 + 4 + 100 - 2 cycles, less one
        pytest.param("16 12 100", "--array 8x4", 6 * 110 - 1, id="another array"),
        pytest.param("7 5 3", "--array 1x1", 7 * 5 * 3, id="one PE fills nothing"),
    ],
)
def test_cycles(product: str, options: str, cycles: int) -> None:
    code, output, _ = call("gemm", *product.split(), *options.split(), "--json", "-")
    assert code == 0
    found = json.loads(output)
    m, n, k = map(int, product.split())
    assert found["cycles"] == cycles
    assert found["macs"] == m * n * k
    assert found["utilisation"] == pytest.approx(m * n * k / (found["rows"] * found["columns"] * cycles))
    assert found["useful_cycles"] + found["fill_drain_cycles"] + found["edge_cycles"] == cycles


@pytest.mark.parametrize("folds", ["serial", "overlapped"])
@pytest.mark.parametrize(
    ("dataflow", "product", "fill", "shift"),
    [
        pytest.param("os", (8, 4, 100), 8 + 4 - 2, 8, id="stationary sums shift out through the rows"),
        pytest.param("ws", (100, 4, 8), 2 * 8 + 4 - 2, 0, id="weights stay, sums come out as they are made"),
        pytest.param("is", (4, 100, 8), 2 * 8 + 4 - 2, 0, id="inputs stay, sums come out as they are made"),
    ],
)
def test_results_of_one_fold_are_there_when_they_have_come_out(
    folds: str, dataflow: str, product: tuple[int, int, int], fill: int, shift: int
) -> None:
    """However folds follow each other; SCALE-Sim's total is one cycle less than the count of cycles."""
    options = ("--array", "8x4", "--dataflow", dataflow, "--folds", folds, "--json", "-")
    found = json.loads(call("gemm", *map(str, product), *options)[1])
    assert found["result_cycles"] == fill + 100 + shift
    assert found["cycles"] == fill + 100 - (folds == "serial")
