"""The commands of traces, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import call, check_refused
from tests.support.traces import traced


def test_commands(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    result = traced(tmp_path / "t.csv.gz", layers=1, sequence_length=20)
    path = str(tmp_path / "t.csv.gz")
    code, text, _ = call("trace", "summary", path)
    assert code == 0 and "mac_array" in text and "update" in text
    code, text, _ = call("trace", "summary", path, "--json", "-")
    assert json.loads(text)["busy_cycles"]["simd"] == result.units["simd"].busy_cycles
    sql = "SELECT count(*) AS requests FROM slices WHERE kind = 'work'"
    code, text, _ = call("trace", "query", path, sql, "--json", "-")
    assert code == 0 and json.loads(text)[0]["requests"] > 100
    code, text, _ = call("trace", "query", path, "SELECT DISTINCT component FROM counters ORDER BY 1")
    assert code == 0 and text.splitlines() == ["component", "dma", "dram", "mac_array", "simd", "sram", "5 rows"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["summary", "absent.csv.gz"], "absent.csv.gz: is not a file", id="absent"),
        pytest.param(["summary", "t.txt"], "has none of the known suffixes", id="suffix"),
        pytest.param(["view", "t.vcd"], "the Perfetto UI shows .json.gz and .pftrace", id="not-shown"),
        pytest.param(["view", "absent.json.gz"], "absent.json.gz: is not a file", id="absent-view"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    check_refused(["trace", *arguments], message)
