"""The table of a sweep."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from pyarrow import parquet

from sim.studies.evaluate import Outcome
from sim.studies.points import Point
from sim.studies.sweep import Row
from sim.studies.table import as_csv, as_json, table, write_parquet

POINT = Point("mamba2", "edge")
ROWS = [
    Row(
        {"simd.lanes": 8, "shape": [1, 2]}, POINT, Outcome({"seconds": 0.1 + 0.2, "busiest_unit": "a, b"}, seconds=3.0)
    ),
    Row({"simd.lanes": 16, "shape": "x"}, POINT, Outcome({"seconds": 1, "above_any_mapping": None}, seconds=4.0)),
    Row({"simd.lanes": 0, "shape": None}, POINT, Outcome({}, error='found 0, expected "1"')),
]
FOUND = table(ROWS, ["simd.lanes", "shape"], ["seconds", "busiest_unit"])


def test_a_row_for_each_point_in_order() -> None:
    header, *rows = list(csv.reader(io.StringIO(as_csv(FOUND))))
    assert header == ["simd.lanes", "shape", "seconds", "busiest_unit", "error"] and FOUND.axes == 2
    assert rows == [
        ["8", "[1, 2]", "0.30000000000000004", "a, b", ""],
        ["16", "x", "1", "", ""],
        ["0", "", "", "", 'found 0, expected "1"'],
    ]


def test_json_has_the_same() -> None:
    first, _, last = json.loads(as_json(FOUND))
    assert first == {
        "simd.lanes": 8, "shape": [1, 2], "seconds": 0.1 + 0.2, "busiest_unit": "a, b", "error": None,
    }  # fmt: skip
    assert last["error"] == 'found 0, expected "1"'


def test_so_does_parquet(tmp_path: Path) -> None:
    write_parquet(FOUND, tmp_path / "t.parquet")
    found = parquet.read_table(tmp_path / "t.parquet").to_pydict()
    assert found["simd.lanes"] == [8, 16, 0] and found["seconds"] == [0.1 + 0.2, 1.0, None]
    assert found["shape"] == ["[1, 2]", "x", None]
