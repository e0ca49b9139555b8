"""Descriptions of workloads take what is meant and nothing else, as those of machines do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

import hw.spec
import workloads.spec


class Tank(workloads.spec.Spec):
    """An example."""

    size: int
    full: bool = False


@pytest.mark.parametrize(
    ("fields", "place", "kind"),
    [
        pytest.param({"size": 1, "siez": 2}, "siez", "extra_forbidden", id="unknown key"),
        pytest.param({"size": "1"}, "size", "int_type", id="text for a number"),
        pytest.param({"size": 1.0}, "size", "int_type", id="float for an integer"),
        pytest.param({"size": True}, "size", "int_type", id="truth for a number"),
        pytest.param({"size": 1, "full": 1}, "full", "bool_type", id="number for truth"),
        pytest.param({}, "size", "missing", id="missing key"),
    ],
)
def test_anything_else_is_a_mistake(fields: dict[str, Any], place: str, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Tank.model_validate(fields)
    assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [((place,), kind)]


def test_a_description_does_not_change() -> None:
    tank = Tank(size=1)
    with pytest.raises(ValidationError):
        tank.size = 2
    assert tank.size == 1


def test_machines_are_described_by_the_same_rules() -> None:
    assert workloads.spec.Spec.model_config == hw.spec.Spec.model_config
