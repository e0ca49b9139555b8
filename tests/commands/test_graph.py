"""The command graph: what it prints and writes, and mistakes."""

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
        pytest.param(["graph", "mamba2"], ["update", "S[t,e,h,p,n]"], id="graph-text"),
        pytest.param(["graph", "mamba2", "--format", "dot"], ["digraph"], id="graph-dot"),
        pytest.param(
            ["graph", "mamba2", "--format", "json"], ['"token_index": null', "S[t-1,e,h,p,n]"], id="graph-json"
        ),
        pytest.param(["graph", "--config", CONFIG], ["update"], id="graph-config"),
    ],
)
def test_prints(arguments: list[str], parts: list[str]) -> None:
    check_prints(arguments, parts)


@pytest.mark.parametrize("format", ["text", "json", "dot", "svg"])
def test_graph_goes_to_a_file(tmp_path: Path, format: str) -> None:
    target = tmp_path / f"graph.{format}"
    assert call("graph", "mamba3_mimo", "--format", format, "--output", str(target))[0] == 0
    assert "angle" in target.read_text()


def test_as_json_all_parts_are_one_list() -> None:
    code, output, _ = call("graph", "llama-3.2-1b", "--format", "json")
    assert code == 0
    assert call("graph", "llama-3.2-1b", "--json", "-") == (0, output, "")
    parts = [each["name"] for each in json.loads(output)]
    assert parts == ["layer.before_attention", "attention", "layer.after_attention"]
    code, output, _ = call("graph", "llama-3.2-1b", "--format", "json", "--part", "attention")
    assert [each["held"] for each in json.loads(output)] == [["Q"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["graph", "mamba2", "-o", "no/such/g.svg"], "'no/such' does not exist", id="graph-no-folder"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)
