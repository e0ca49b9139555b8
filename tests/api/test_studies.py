"""Sweeps and searches asked in Python: from a file, or from their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.api.studies import search, sweep
from sim.files.errors import InputError
from tests.support.command_line import call
from tests.support.sweeps import SMALL, written

AXES: dict[str, Any] = {"simd.lanes": [8, 0, 16]}
KEYS: dict[str, Any] = {"workload": "mamba2", "set": SMALL, "search": "quick", "axes": AXES}


def test_a_sweep_of_keys_is_that_of_its_file(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    found = sweep({**KEYS, "columns": ["makespan_cycles"]}, store=tmp_path / "store.sqlite")
    file = written(tmp_path, axes=AXES, columns=["makespan_cycles"])
    assert sweep(file, store=tmp_path / "store.sqlite").table.rows[0] == found.table.rows[0]
    assert call("sweep", str(file), "-o", str(tmp_path / "out"), "-q")[0] == 0
    lines = (tmp_path / "out" / "results.csv").read_text().splitlines()
    frame = found.frame()
    assert list(frame.columns) == lines[0].split(",") and len(frame) == 3
    assert [str(value) for value in frame["makespan_cycles"].dropna().astype(int)] == [
        lines[number].split(",")[3] for number in (1, 3)
    ]
    first, failed, third = found.results
    assert first is not None and failed is None and third is not None
    assert first.makespan_cycles == frame["makespan_cycles"][0]
    assert frame["error"][1] == "--set simd.lanes=0: simd.lanes: found 0, expected 1 at least"


def test_a_goal_of_keys(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    asked = {
        "runs": {"only": {"workload": "mamba2"}},
        "set": {**SMALL, "energy": "components"},
        "axes": {"simd.lanes": [8, 16, 32]},
        "minimise": ["seconds"],
        "search": "quick",
    }
    told: list[tuple[int, int]] = []
    found = search(asked, progress=lambda *each: told.append(each))
    assert found.best[0]["keys"] == {"simd.lanes": 32} and told[-1][1] == 3
    assert len(found.frame()) == len(found.table.rows) == found.answer["runs"]


def test_mistakes_say_where_they_stand() -> None:
    with pytest.raises(InputError, match=r"sweep in Python:1: workload: is missing"):
        sweep({"axes": AXES})
    with pytest.raises(InputError, match=r"sweep in Python:1: columns: no result has the figure 'tok'"):
        sweep({**KEYS, "axes": {"simd.lanes": [8]}, "columns": ["tok"]})
    with pytest.raises(InputError, match=r"goal in Python:1: minimize: unknown key"):
        search({"runs": {"a": {"workload": "mamba2"}}, "axes": {"simd.lanes": [8]}, "minimize": ["seconds"]})
