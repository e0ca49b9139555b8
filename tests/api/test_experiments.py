"""Explanations and comparisons asked in Python are those of the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.api.experiments import compare, explain
from sim.files.described import Machine, Workload
from sim.files.errors import InputError
from sim.simulation import simulate
from tests.support.command_line import call

FEW = {"sequence_length": 32, "layers": 1}
SETTINGS = ["--set", "sequence_length=32", "--set", "layers=1"]


def test_an_explanation_is_that_of_the_command(tmp_path: Path) -> None:
    found = explain("mamba2-d96", Machine("edge", simd__lanes=16), FEW, simulate_layers=1)
    path = tmp_path / "found.json"
    code, _, _ = call(
        "explain",
        "mamba2-d96",
        *SETTINGS,
        "--set",
        "simd.lanes=16",
        "--simulate-layers",
        "1",
        "-q",
        "--json",
        str(path),
    )
    ours, theirs = json.loads(found.to_json()), json.loads(path.read_text())
    assert code == 0 and found.words == theirs["words"]
    assert ours | {"command": ""} == theirs | {"command": ""}
    assert found.command.startswith(
        "python -m sim explain mamba2-d96 --hw edge --set simd.lanes=16 --set sequence_length=32"
    )
    assert str(found) == found._repr_markdown_() and found.words in str(found)


def test_sensitivities_come_on_wish() -> None:
    found = explain("mamba2-d96", overrides=FEW, simulate_layers=1, robust=0.0, sensitivity=True)
    assert found.sensitivities is not None and "--sensitivity" in found.command and "--robust 0%" in found.command


def test_results_side_by_side() -> None:
    small = Workload("mamba2", FEW)
    wide, usual = (simulate(small, Machine("edge", simd__lanes=n), critical_path=True) for n in (64, 32))
    found = compare(wide, usual)
    assert [run.label for run in found.runs] == ["mamba2 on edge (1)", "mamba2 on edge (2)"]
    assert [run.label for run in compare(wide, usual, labels=["wide", "usual"]).runs] == ["wide", "usual"]
    assert found._repr_markdown_() == str(found) and "``" not in str(found)


def test_mistakes() -> None:
    result = simulate("mamba2", overrides=FEW)
    with pytest.raises(InputError, match="compare: found 1, expected two results at least"):
        compare(result)
    with pytest.raises(InputError, match="mamba2: has no critical path"):
        compare(result, result)
    with pytest.raises(InputError, match=r"explain: robust: found 0\.2, expected a share from 0 to 0\.05"):
        explain("mamba2", robust=0.2)
    with pytest.raises(InputError, match="experiments look at layers alone"):
        explain("mamba2", head=True, vocabulary=1000)
