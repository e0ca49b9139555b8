"""The points of a sweep."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from sim.files.catalog import shipped
from sim.files.described import assignment
from sim.files.documents import Assignment
from sim.files.errors import InputError
from sim.files.yaml_text import parse_yaml
from sim.studies.points import read_sweep
from tests.support.sweeps import small


def test_the_last_axis_is_the_fastest(tmp_path: Path) -> None:
    shape = {"mac_array.rows": [16, 64], "mac_array.columns": [64, 16]}
    sweep = small(tmp_path, workload=["mamba1", "mamba2"], axes={"simd.lanes": [8, 16], "shape": shape})
    assert sweep.columns == ("workload", "machine", "simd.lanes", "mac_array.rows", "mac_array.columns")
    found = [tuple(each.values()) for each in sweep.coordinates()]
    assert found[:5] == [
        ("mamba1", "edge", 8, 16, 64), ("mamba1", "edge", 8, 64, 16), ("mamba1", "edge", 16, 16, 64),
        ("mamba1", "edge", 16, 64, 16), ("mamba2", "edge", 8, 16, 64),
    ]  # fmt: skip
    assert len(found) == 8


def test_a_point_has_what_is_set_and_then_its_place(tmp_path: Path) -> None:
    sweep = small(tmp_path, set={"phase": "decode"}, axes={"simd.lanes": [8, 16]}, simulate_layers=None)
    first, second = map(sweep.point, sweep.coordinates())
    assert first.assignments == ("phase=decode", "simd.lanes=8") and second.assignments[1] == "simd.lanes=16"
    assert (first.workload, first.machine, first.search, first.simulate_layers) == ("mamba2", "edge", "quick", None)
    assert isinstance(first.assignments[1], Assignment) and first.assignments[1].said.endswith("sweep.yaml:5")
    assert pickle.loads(pickle.dumps(first)) == first


@pytest.mark.parametrize(
    "value", [8, 0.5, True, None, "1MiB", "8", "no", "a: b", ["x", 1], {"exp": 4}, "[1", "output_stationary"]
)
def test_what_an_assignment_says_is_the_value(value: Any) -> None:
    key, _, text = assignment("a.b", value).partition("=")
    assert key == "a.b" and parse_yaml(text, "")[0] == value


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"axes": {"phase": ["decode"]}, "set": {"phase": "prefill"}}, "phase is set already"),
        ({"axes": {"workload": ["mamba1"]}}, "workload is set already"),
        (
            {"axes": {"a": list(range(2000)), "b": list(range(2000))}},
            "makes 4,000,000 points, expected 1,000,000 at most",
        ),
        ({"axis": {}}, "did you mean 'axes'?"),
    ],
)
def test_mistakes(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        small(tmp_path, **keys)


@pytest.mark.parametrize("name", shipped("sweep"))
def test_shipped_sweeps_can_be_read(name: str) -> None:
    sweep = read_sweep(name)
    assert sweep.spec.description and sum(1 for _ in sweep.coordinates()) > 1
