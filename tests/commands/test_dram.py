"""The command dram: a trace from a file at both levels, as JSON and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hw.dram import TIMINGS
from tests.support.command_line import call


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "t.tr"
    path.write_text("".join(f"{'RW'[i % 2]} {i * 512:x} 512\n" for i in range(64)))
    return path


@pytest.mark.parametrize("level", ["command", "transaction"])
def test_dram_as_json(trace: Path, level: str) -> None:
    code, output, _ = call("dram", str(trace), "--preset", "lpddr5-6400", "--level", level, "--json", "-")
    assert code == 0
    result = json.loads(output)
    assert result["bursts"] == 64 * 16
    assert result["row_hits"] + result["row_misses"] + result["row_conflicts"] == result["bursts"]
    assert 0 < result["share_of_peak"] < 1
    assert result["gbps"] == pytest.approx(result["share_of_peak"] * 12.8)
    assert {"cycles", "read_latency_mean", "read_latency_p50", "read_latency_p99", "wall_seconds"} <= result.keys()


def test_dram_as_a_table(trace: Path) -> None:
    code, output, _ = call("dram", str(trace), "--preset", "lpddr5x-8533", "--channels", "2", "--refresh", "per-bank")
    assert code == 0
    assert "share_of_peak" in output


def test_unknown_preset(trace: Path) -> None:
    code, _, error = call("dram", str(trace), "--preset", "ddr4")
    assert (code, error) == (
        2, "stallscope: --preset: found 'ddr4', expected one of lpddr5-6400, lpddr5-6400-16gb, lpddr5x-8533\n"
    )  # fmt: skip


def test_the_help_names_the_grades() -> None:
    found = " ".join(call("dram", "--help")[1].split())
    assert f"Speed grade: {', '.join(TIMINGS)}." in found
