"""Runs that are recorded, and asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.api.recording import record, trace
from sim.files.errors import InputError
from sim.simulation import simulate
from sim.trace.window import NothingShown

FEW = {"sequence_length": 32, "layers": 1}


def test_what_is_recorded_is_the_run(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip("pandas")
    found = record(tmp_path / "run.csv.gz", "mamba2", "edge", FEW)
    assert found.result == simulate("mamba2", "edge", FEW)
    sql = "SELECT sum(end_cycle - start_cycle) AS busy FROM slices WHERE kind = 'work' AND unit = 'simd'"
    assert found.query(sql)["busy"][0] == found.result.units["simd"].busy_cycles
    again = trace(found.file)
    assert again.result is None and again.summary() == found.summary()
    assert again.query(sql).equals(found.query(sql))


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        trace(tmp_path / "none.csv.gz")
    with pytest.raises(InputError, match=r"run\.txt"):
        record(tmp_path / "run.txt", "mamba2", overrides=FEW)
    with pytest.raises(NothingShown):
        record(tmp_path / "run.csv.gz", "mamba2", overrides=FEW, window="cycle:900000000-900000001")
