"""The command gemm: SCALE-Sim's cycles, their parts, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.commands.cli import app
from sim.components.gemm import run_gemm


def call(*arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command."""
    result = CliRunner().invoke(app, ["gemm", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


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
        # R = 8, C = 4: 2 x 3 folds of 8 + 4 + 100 - 2 cycles, less one
        pytest.param("16 12 100", "--array 8x4", 6 * 110 - 1, id="another array"),
        pytest.param("7 5 3", "--array 1x1", 7 * 5 * 3, id="one PE fills nothing"),
    ],
)
def test_cycles(product: str, options: str, cycles: int) -> None:
    code, output, _ = call(*product.split(), *options.split(), "--json", "-")
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
    found = json.loads(call(*map(str, product), *options)[1])
    assert found["result_cycles"] == fill + 100 + shift
    assert found["cycles"] == fill + 100 - (folds == "serial")


def test_json_has_what_was_asked_and_what_came_out() -> None:
    # one fold of four MACs on a quarter of 4 x 4 PEs: 1 cycle would do; fill 6, less the one that SCALE-Sim leaves out
    assert json.loads(call("2", "2", "1", "--array", "4x4", "--json", "-")[1]) == {
        **{"m": 2, "n": 2, "k": 1, "rows": 4, "columns": 4, "dataflow": "output_stationary", "folds": "serial"},
        **{"cycles": 6, "result_cycles": 7 + 4, "utilisation": 4 / (16 * 6), "macs": 4},
        **{"useful_cycles": 1, "fill_drain_cycles": 5, "edge_cycles": 0},
    }


def test_a_file_beside_the_table(tmp_path: Path) -> None:
    target = tmp_path / "gemm.json"
    code, output, _ = call("128", "128", "64", "--dataflow", "ws", "--json", str(target))
    assert code == 0
    assert target.read_text() == run_gemm(128, 128, 64, 32, 32, "weight_stationary", "serial").to_json()
    for part in ("(128, 64) x (64, 128) on 32 x 32 PEs, weight stationary, serial folds", "1,775", "57.7 %"):
        assert part in output


@pytest.mark.parametrize("array", ["32", "32x", "x32", "0x32", "32x0", "-1x4", "4x4x4", "4 x 4", "axb", ""])
def test_a_bad_array_is_one_line(array: str) -> None:
    message = f"stallscope: --array {array}: must be ROWSxCOLUMNS, both positive, such as 32x32\n"
    assert call("1", "1", "1", f"--array={array}") == (2, "", message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["0", "1", "1"], "'M'", id="no rows"),
        pytest.param(["1", "1"], "'K'", id="a missing dimension"),
        pytest.param(["1", "1", "x"], "'K'", id="no number"),
        pytest.param(["1", "1", "1", "--dataflow", "rs"], "'rs' is not one of 'ws', 'os', 'is'", id="dataflow"),
        pytest.param(["1", "1", "1", "--folds", "none"], "'none' is not one of 'serial', 'overlapped'", id="folds"),
        pytest.param(["1", "1", "1", "--json", "no/x.json"], "the folder 'no' does not exist", id="folder"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    code, output, error = call(*arguments)
    assert (code, output) == (2, "")
    assert message in error
