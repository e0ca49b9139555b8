"""Schemas of the inputs: what is shipped is valid, and what is not as it should be is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sim.files.catalog import KINDS, published, shipped
from sim.files.schemas import input_schema
from sim.files.yaml_text import read_yaml

VALIDATORS = {kind: Draft202012Validator(input_schema(kind)) for kind in KINDS}


def _files(kind: str) -> list[Path]:
    return [*shipped(kind).values(), *published(kind).values()]


SHIPPED = [pytest.param(kind, path, id=path.stem) for kind in KINDS for path in _files(kind)]
WHOLE = {"name": "w", "model": "mamba1", "dimensions": {"d_model": 8}, "layers": 1, "sequence_length": 4}


def mistakes(kind: str, data: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATORS[kind].iter_errors(data)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(input_schema(kind))


@pytest.mark.parametrize(("kind", "path"), SHIPPED)
def test_what_is_shipped_is_valid_and_a_misspelt_key_in_it_is_not(kind: str, path: Any) -> None:
    data, _ = read_yaml(path, path.name)
    assert mistakes(kind, data) == []
    assert mistakes(kind, data | {"naem": "x"}) == ["Additional properties are not allowed ('naem' was unexpected)"]


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        pytest.param("machine", {"extends": "edge", "sram": {"bank": 3}}, "'bank' was unexpected", id="key of a part"),
        pytest.param("machine", {"extends": "edge", "clock": 250}, "250 is not of type 'string'", id="no unit"),
        pytest.param("machine", {"extends": "edge", "clock": "250 mHz"}, "'250 mHz' does not match", id="unknown unit"),
        pytest.param("machine", {"extends": "edge", "dma": {"outstanding": 0}}, "0 is less than", id="below the range"),
        pytest.param("machine", {"extends": ""}, "'' should be non-empty", id="extends nothing"),
        pytest.param("machine", {"name": "x"}, "'clock' is a required property", id="missing"),
        pytest.param("mapping", {"name": "x"}, "is not valid under any of the given schemas", id="nothing set"),
        pytest.param("workload", {"extends": "mamba2", "batch": 10**6}, "1000000 is greater", id="beyond the range"),
        pytest.param("workload", WHOLE | {"dimensions": {}}, "'d_model' is a required", id="missing dimension"),
        pytest.param(
            "workload", WHOLE | {"dimensions": {"d_model": 8, "head_dim": 4}}, "'head_dim' was", id="of another"
        ),
        pytest.param(
            "workload", {"extends": "x", "dimensions": {"d_modl": 8}}, "not valid under any", id="of no model"
        ),
        pytest.param("workload", {"extends": "x", "mapping": {"lane": 1}}, "'lane' was unexpected", id="mapping"),
    ],
)
def test_mistakes(kind: str, data: dict[str, Any], message: str) -> None:
    assert any(message in found for found in mistakes(kind, data))


def test_a_workload_by_itself() -> None:
    assert mistakes("workload", WHOLE) == []
