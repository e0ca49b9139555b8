"""The command dram: a trace from a file at both levels, as JSON and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hw.dram import TIMINGS
from tests.support.command_line import call, check_refused


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


def test_json_goes_over_nothing_that_is_read(trace: Path) -> None:
    machine = trace.with_suffix(".yaml")
    machine.write_text("extends: edge\nname: mine\n")
    for read in (trace, machine):
        check_refused(["dram", str(trace), "--preset", str(machine), "--json", str(read)], "is read as well")


def test_unknown_preset(trace: Path) -> None:
    code, _, error = call("dram", str(trace), "--preset", "ddr4")
    expected = f"expected a machine's YAML file or one of {', '.join(TIMINGS)}; did you mean 'ddr5-6400'?"
    assert (code, error) == (2, f"stallscope: --preset: found 'ddr4', {expected}\n")


@pytest.mark.parametrize("preset", TIMINGS)
@pytest.mark.parametrize("level", ["command", "transaction"])
def test_every_grade_at_both_levels(trace: Path, preset: str, level: str) -> None:
    code, output, _ = call("dram", str(trace), "--preset", preset, "--level", level, "--json", "-")
    result = json.loads(output)
    assert code == 0
    assert result["bursts"] == 64 * 512 // TIMINGS[preset].organisation.burst_bytes
    assert result["gbps"] == pytest.approx(result["share_of_peak"] * TIMINGS[preset].bytes_per_second / 1e9)


def test_a_refresh_that_a_standard_has_not(trace: Path) -> None:
    said = "found 'per-bank', expected 'all-bank' or 'none': ddr4-3200 has no refresh of one bank"
    found = call("dram", str(trace), "--preset", "ddr4-3200", "--refresh", "per-bank")
    assert found == (2, "", f"stallscope: --refresh: {said}\n")


class TestMachines:
    """A machine's own memory instead of a grade."""

    def test_its_figures_count(self, trace: Path, tmp_path: Path) -> None:
        path = tmp_path / "own.yaml"
        path.write_text("extends: edge\nname: own\ndram: {timing: ddr4-3200, figures: {rcd: 30, rl: 30}}\n")
        own, grade = (
            json.loads(call("dram", str(trace), "--preset", preset, "--json", "-")[1])
            for preset in (str(path), "ddr4-3200")
        )
        assert own["read_latency_mean"] > grade["read_latency_mean"] + 8

    def test_one_with_a_bandwidth_alone_has_no_commands(self, trace: Path, tmp_path: Path) -> None:
        path = tmp_path / "plain.yaml"
        path.write_text("extends: edge\nname: plain\ndram: {timing: null, bandwidth: 50GB/s}\n")
        message = f"{path}:3: dram.bandwidth: traces are replayed on a speed grade (timing)"
        assert call("dram", str(trace), "--preset", str(path)) == (2, "", f"stallscope: {message}\n")


def test_the_help_names_the_grades() -> None:
    found = " ".join(call("dram", "--help")[1].split())
    assert f"Speed grade: {', '.join(TIMINGS)}; or a machine's YAML file." in found
