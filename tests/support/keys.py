"""The ranges of keys."""

from __future__ import annotations

from functools import cache
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from hw.quantities import Quantity
from sim.files.keys import SPECS, keys
from workloads.models.registry import described


def bounds(field: FieldInfo) -> tuple[Any, Any] | None:
    """The least and the most of a number or quantity, as YAML writes them; None if one of the two is not there."""
    quantity = next((each for each in field.metadata if isinstance(each, Quantity)), None)
    if quantity is not None:
        return quantity.least, quantity.most
    least = [each.ge for each in field.metadata if isinstance(each, Ge)]
    most = [each.le for each in field.metadata if isinstance(each, Le)]
    return (least[0], most[0]) if least and most else None


@cache
def bounds_by_path() -> dict[str, tuple[Any, Any]]:
    """The least and the most of every number and quantity that ``--set`` can reach, by its path."""
    specs: list[Any] = [SPECS["machine"], SPECS["workload"]]
    found = {path: bounds(field) for spec in specs for path, field in keys(spec)}
    for dimensions in described().values():
        found |= {f"dimensions.{path}": bounds(field) for path, field in keys(dimensions)}
    return {path: each for path, each in found.items() if each is not None}
