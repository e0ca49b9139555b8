"""The command count: what it prints and writes, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import call, check_prints, check_refused
from tests.support.folders import CONFIGS

CONFIG = str(CONFIGS / "hf-mamba-130m.json")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        pytest.param(
            ["count", "mamba2"], ["693.449 M parameters", "projection", "convention of arXiv 2604.07935"], id="count"
        ),
        pytest.param(["count", "--config", CONFIG], ["129.135 M parameters", "mamba1, sequential"], id="count-config"),
    ],
)
def test_prints(arguments: list[str], parts: list[str]) -> None:
    check_prints(arguments, parts)


def test_counts_as_json(tmp_path: Path) -> None:
    code, output, _ = call("count", "mamba3_mimo", "--json", "-")
    assert code == 0
    counts = json.loads(output)
    for key in ("parameters", "macs_per_token", "ops_per_token", "transcendentals_per_token", "state_bytes"):
        assert counts[key] > 0
    assert set(counts["paper"]) == {
        *("ops_gop_per_token", "state_gop_per_token", "oi_op_per_byte", "roofline_tok_per_s")
    }
    target = tmp_path / "counts.json"
    code, table, _ = call("count", "mamba3_mimo", "--json", str(target))
    assert (code, json.loads(target.read_text())) == (0, counts)
    assert "M parameters" in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["count", "--config", "hw/edge.yaml"], "--config hw/edge.yaml: expected a .json", id="yaml-config"
        ),
        pytest.param(["count", "--config", "none.json"], "none.json: no such file", id="missing-config"),
        pytest.param(["count", "mamba2", "--json", "no/such/c.json"], "'no/such' does not exist", id="count-no-folder"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)
