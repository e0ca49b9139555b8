"""The command gemm: what it prints and writes, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hw.mac_array import MacArraySpec
from hw.requests import Gemm
from sim.components.gemm import run_gemm
from tests.support.command_line import call

WEIGHTS_STAY = MacArraySpec(rows=32, columns=32, dataflow=["weight_stationary"], folds="serial")


def test_json_has_what_was_asked_and_what_came_out() -> None:
    # one fold of four MACs on a quarter of 4 x 4 PEs: 1 cycle would do; fill 6, less the one that SCALE-Sim leaves out
    assert json.loads(call("gemm", "2", "2", "1", "--array", "4x4", "--json", "-")[1]) == {
        **{"m": 2, "n": 2, "k": 1, "rows": 4, "columns": 4, "folds": "serial"},
        **{"dataflow": "output_stationary", "turned": False, "sharing": "none"},
        **{"cycles": 6, "result_cycles": 7 + 4, "utilisation": 4 / (16 * 6), "macs": 4},
        **{"useful_cycles": 1, "fill_drain_cycles": 5, "edge_cycles": 0},
    }


def test_a_file_beside_the_table(tmp_path: Path) -> None:
    target = tmp_path / "gemm.json"
    code, output, _ = call("gemm", "128", "128", "64", "--dataflow", "ws", "--json", str(target))
    assert code == 0
    assert target.read_text() == run_gemm(Gemm(128, 128, 64), WEIGHTS_STAY).to_json()
    for part in ("(128, 64) x (64, 128) on 32 x 32 PEs, weight stationary, serial folds", "1,775", "57.7 %"):
        assert part in output


@pytest.mark.parametrize(
    "array", ["32", "32x", "x32", "0x32", "32x0", "-1x4", "4x4x4", "4 x 4", "axb", "", "65537x1", "1x99999999999"]
)
def test_a_bad_array_is_one_line(array: str) -> None:
    message = f"stallscope: --array {array}: must be ROWSxCOLUMNS, both from 1 to 65536, such as 32x32\n"
    assert call("gemm", "1", "1", "1", f"--array={array}") == (2, "", message)


@pytest.mark.parametrize("edges", ["32", "32x32", "0x1x1", "1x1x1x1", "axbxc", "", "1x1x4294967297"])
def test_bad_edges_are_one_line(edges: str) -> None:
    expected = "ROWSxCOLUMNSxRESULTS, each from 1 to 4294967296, such as 32x32x32"
    assert call("gemm", "1", "1", "1", f"--edges={edges}") == (
        2,
        "",
        f"stallscope: --edges {edges}: must be {expected}\n",
    )


@pytest.mark.parametrize(
    ("options", "title"),
    [
        pytest.param(
            "--packing", "output stationary, serial folds, split between two halves of each fold", id="shared"
        ),
        pytest.param("--dataflow os --dataflow dp", "dot product, serial folds", id="the quickest of two dataflows"),
        pytest.param("--dataflow ws --turn", "weight stationary, turned, serial folds", id="as its transpose"),
    ],
)
def test_the_way_that_it_takes_is_said(options: str, title: str) -> None:
    """Of a row by 62 columns, which two halves of a fold hold together."""
    assert f" on 32 x 32 PEs, {title}\n" in call("gemm", "1", "62", "96", *options.split())[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["0", "1", "1"], "'M'", id="no rows"),
        pytest.param(["1", "1"], "'K'", id="a missing dimension"),
        pytest.param(["1", "1", "x"], "'K'", id="no number"),
        pytest.param(["1", "1", "1", "--dataflow", "rs"], "'rs' is not one of 'ws', 'os', 'is', 'dp'", id="dataflow"),
        pytest.param(["1", "1", "1", "--folds", "none"], "'none' is not one of 'serial', 'overlapped'", id="folds"),
        pytest.param(["1", "1", "1", "--json", "no/x.json"], "the folder 'no' does not exist", id="folder"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    code, output, error = call("gemm", *arguments)
    assert (code, output) == (2, "")
    assert message in error
