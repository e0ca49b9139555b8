"""Sides of a comparison: what they say, and that no two have one label."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.commands.sides import labels, parse_side, read_result
from sim.files.errors import InputError
from sim.simulation import simulate
from tests.support.command_line import call, check_refused
from tests.support.folders import CONFIGS

TINY = ["--layers", "1", "--seq-len", "8", "-q"]


@pytest.mark.parametrize(
    ("text", "name", "assignments"),
    [
        pytest.param("mamba2", "mamba2", (), id="a name"),
        pytest.param("mamba2:simd.lanes=64", "mamba2", ("simd.lanes=64",), id="a setting"),
        pytest.param("m.yaml:a=1,b.c=2", "m.yaml", ("a=1", "b.c=2"), id="two"),
        pytest.param("m:ideal=[edges, buffers],a={x: 1, y: 2}", "m", ("ideal=[edges, buffers]", "a={x: 1, y: 2}"),
                     id="commas within a value"),
    ],
)  # fmt: skip
def test_a_side_is_a_name_and_settings(text: str, name: str, assignments: tuple[str, ...]) -> None:
    side = parse_side(text)
    assert (side.said, side.name, side.assignments, side.is_result) == (text, name, assignments, False)


def test_a_file_whose_name_has_a_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a:b=1").touch()
    assert parse_side("a:b=1").name == "a:b=1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("mamba2:simd.lanes", "mamba2:simd.lanes: must be path=value", id="no value"),
        pytest.param("mamba2:a=1,a=2", "is set already", id="twice"),
    ],
)
def test_mistakes_in_settings(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_side(text)


def test_labels_differ_where_settings_do_and_else_by_what_was_said() -> None:
    result = simulate("mamba2-d96", layers=1, sequence_length=8)
    sides = [parse_side(text) for text in ("mamba2-d96", "mamba2-d96:simd.lanes=64", "again.json", "mamba2-d96")]
    assert list(labels([(side, result) for side in sides])) == [
        "mamba2-d96 on edge (1: mamba2-d96)",
        "mamba2-d96 on edge, simd.lanes=64",
        "mamba2-d96 on edge (3: again.json)",
        "mamba2-d96 on edge (4: mamba2-d96)",
    ]


def test_a_result_is_compared_with_a_run(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    assert call("run", "mamba2-d96", *TINY, "--critical-path", "--json", str(path))[0] == 0
    assert parse_side(str(path)).is_result and read_result(path).layers == 1
    code, output, _ = call("compare", str(path), "mamba2-d96:simd.lanes=64", *TINY, "--json", "-")
    first, second = json.loads(output)["runs"]
    assert (code, first["label"], second["label"]) == (0, "mamba2-d96 on edge", "mamba2-d96 on edge, simd.lanes=64")
    assert first["cycles_per_token_layer"] == json.loads(path.read_text())["makespan_cycles"] / 8
    assert second["cycles_per_token_layer"] < first["cycles_per_token_layer"]


def test_a_config_of_a_model_is_no_result() -> None:
    assert not parse_side(str(min(CONFIGS.glob("*.json")))).is_result


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["compare", "mamba2"], "SIDE: found one side on one machine", id="one side"),
        pytest.param(["compare", "plain.json", "mamba2"], "plain.json: critical_path: is missing", id="no path"),
        pytest.param(["compare", "plain.json:batch=2", "mamba2"], "is a result, which has the settings", id="settings"),
        pytest.param(["compare", "mamba2:batch=2", "mamba2", "--batch", "3"], "batch: is set already", id="set twice"),
    ],
)
def test_sides_that_cannot_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    call("run", "mamba2-d96", *TINY, "--json", "plain.json")
    check_refused(arguments, message)
