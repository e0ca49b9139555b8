"""Descriptions of machines: nothing but what is declared, of the declared type, for good; read when first used."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hw.spec import Spec


class Tank(Spec):
    """A part of the example."""

    size: int


class Plant(Spec):
    """The example."""

    name: str
    tank: Tank


@pytest.mark.parametrize(
    ("fields", "place", "kind"),
    [
        pytest.param({"name": "x", "tank": {"size": 1, "siez": 2}}, ("tank", "siez"), "extra_forbidden", id="key"),
        pytest.param({"name": "x", "tank": {"size": "1"}}, ("tank", "size"), "int_type", id="text for a number"),
        pytest.param({"name": 1, "tank": {"size": 1}}, ("name",), "string_type", id="number for text"),
    ],
)
def test_anything_else_is_a_mistake(fields: dict[str, Any], place: tuple[str, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Plant.model_validate(fields)
    assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [(place, kind)]


def test_a_description_does_not_change_but_a_changed_copy_can_be_made() -> None:
    tank = Tank(size=1)
    with pytest.raises(ValidationError):
        tank.size = 2
    assert (tank.size, tank.model_copy(update={"size": 2}).size) == (1, 2)


def test_what_is_never_used_is_never_built() -> None:
    """That would take longer than a short run."""

    class Unused(Spec):
        size: int

    assert Unused.__pydantic_complete__ is False
    Unused(size=1)
    assert Unused.__pydantic_complete__ is True
