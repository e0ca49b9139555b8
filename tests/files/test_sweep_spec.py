"""Axes of a sweep as YAML writes them."""

from __future__ import annotations

from typing import Any

import pytest

from sim.files.documents import Document
from sim.files.errors import InputError
from sim.files.sweep_spec import Range, SweepSpec, values_of


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ({"first": 16, "last": 128, "factor": 2}, [16, 32, 64, 128]),
        ({"first": 16, "last": 100, "factor": 2}, [16, 32, 64]),
        ({"first": 8, "last": 20, "step": 4}, [8, 12, 16, 20]),
        ({"first": 0.5, "last": 1.0, "step": 0.1}, [0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ({"first": "512KiB", "last": "2048KiB", "factor": 2}, ["512KiB", "1024KiB", "2048KiB"]),
        ({"first": "1 MHz", "last": "3 MHz", "step": 1}, ["1MHz", "2MHz", "3MHz"]),
        ({"first": 3, "last": 3, "step": 1}, [3]),
    ],
)
def test_a_range_has_the_values_between_its_ends(axis: dict[str, Any], values: list[Any]) -> None:
    assert values_of(Range(**axis)) == values


def refused(**axes: Any) -> str:
    """The first mistake of a sweep with these *axes*."""
    document = Document({"name": "s", "workload": "mamba2", "axes": axes}, [("s.yaml", {("axes",): 3})])
    with pytest.raises(InputError) as caught:
        document.check(SweepSpec)
    return str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ({"first": 1, "last": 8}, "expected one of step and factor"),
        ({"first": 1, "last": 8, "step": 1, "factor": 2}, "expected one of step and factor"),
        ({"first": 8, "last": 1, "step": 1}, "expected first to be no more than last"),
        ({"first": 0, "last": 8, "factor": 2}, "above 0 with a factor"),
        ({"first": "1MiB", "last": "8KiB", "factor": 2}, "expected numbers of one unit"),
        ({"first": "x", "last": "8KiB", "factor": 2}, "found 'x', expected a number, or one with a unit"),
        ({"first": 1, "last": 1e9, "step": 1}, "expected 10,000 values at most"),
        ({"first": 1, "last": 8, "factor": 1.0}, "factor"),
        ({"first": 1, "last": 8, "stop": 2}, "unknown key"),
        ([], "expected 1 entry at least"),
        (8, "found 8"),
        ({"a": [1, 2], "b": [1]}, "expected as many values of each key, found 2 of a, 1 of b"),
        ({"a": 1}, "found 1"),
    ],
)
def test_a_mistake_is_said_with_its_place(axis: Any, message: str) -> None:
    told = refused(lanes=axis)
    assert told.startswith("s.yaml:3: axes.lanes") and message in told


def test_one_workload_is_a_list_of_one() -> None:
    spec = SweepSpec.model_validate({"name": "s", "workload": "mamba2", "machine": ["edge", "h100"]})
    assert spec.workload == ["mamba2"] and spec.machine == ["edge", "h100"]
