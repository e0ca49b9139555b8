"""The command list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.files.catalog import published, shipped
from sim.presentation.figure_names import SHOWS
from sim.presentation.figures.catalogue import FIGURES
from tests.support.command_line import call, check_prints


def test_all_that_is_shipped_is_listed() -> None:
    check_prints(["list"], ["mamba1", "mamba2", "mamba3_mimo", "edge", "edge_flexpe", "stream-like", "waterfall"])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("workload", "mamba2"),
        ("machine", "edge"),
        ("mapping", "stream-like"),
        ("sweep", "lanes_sram_bandwidth"),
        ("figure", "waterfall"),
    ],
)
def test_one_kind_as_json(kind: str, name: str) -> None:
    code, output, _ = call("list", kind, "--json", "-")
    rows = json.loads(output)
    assert code == 0
    assert {row["kind"] for row in rows} == {kind}
    row = next(row for row in rows if row["name"] == name)
    assert row["description"]
    assert kind == "figure" or Path(row["path"]).is_file()


def test_json_in_a_file(tmp_path: Path) -> None:
    target = tmp_path / "list.json"
    assert call("list", "machine", "--json", str(target))[0] == 0
    names = [row["name"] for row in json.loads(target.read_text())]
    assert names == [*shipped("machine"), *published("machine")]
    assert {"edge", "h100", "published/vck190"} <= set(names)


def test_an_unknown_kind() -> None:
    code, _, error = call("list", "machines")
    assert code == 2
    assert "'machines' is not one of" in error


def test_figures_are_those_that_can_be_drawn() -> None:
    assert list(SHOWS) == list(FIGURES)
