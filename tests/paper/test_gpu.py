"""Measurements on a GPU beside the paper's, and mistakes in their file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.paper.gpu import read_measurements
from sim.paper.runs import Runs
from sim.paper.table1 import write_table1
from tests.support.command_line import call
from tests.support.reproduction import GPU, fake


def test_gpu_measurements_stand_beside_the_papers(tmp_path: Path) -> None:
    assert read_measurements(tmp_path) is None
    (tmp_path / "gpu.json").write_text(json.dumps(GPU, indent=2))
    write_table1(tmp_path, Runs(simulate=fake))
    page = (tmp_path / "table1.md").read_text()
    assert "| mamba2 | 735 | 1,234.5 | 55.5 | 60.0 |" in page
    assert "a device, its software, commit abc, `measure`" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"device": 3}, "gpu.json:2: device: found 3, expected a valid string", id="type"),
        pytest.param({"rows": {"mamba9": {"tokens_per_second": 1}}}, "rows.mamba9: unknown row, expected", id="row"),
        pytest.param({"rows": {"mamba2": {"tokens_per_second": 0}}}, "found 0, expected greater than 0", id="zero"),
        pytest.param({"rows": {"mamba2": {}}}, "rows.mamba2.tokens_per_second: is missing", id="missing"),
        pytest.param({"cost": 1}, "cost: unknown key, expected one of device, software", id="key"),
    ],
)
def test_a_broken_gpu_file_is_one_line(change: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / "gpu.json").write_text(json.dumps(GPU | change, indent=2))
    code, _, error = call("reproduce", "table1", "-o", str(tmp_path))
    assert code == 2
    assert message in error and error.count("\n") == 1


def test_a_gpu_file_that_is_cut_off_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gpu.json").write_text(json.dumps(GPU)[:40])
    code, _, error = call("reproduce", "table1", "-o", str(tmp_path))
    assert (code, error.count("\n")) == (2, 1)
