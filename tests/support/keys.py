"""The ranges of keys."""

from __future__ import annotations

from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from hw.quantities import Quantity


def bounds(field: FieldInfo) -> tuple[Any, Any] | None:
    """The least and the most of a number or quantity, as YAML writes them; None if one of the two is not there."""
    quantity = next((each for each in field.metadata if isinstance(each, Quantity)), None)
    if quantity is not None:
        return quantity.least, quantity.most
    least = [each.ge for each in field.metadata if isinstance(each, Ge)]
    most = [each.le for each in field.metadata if isinstance(each, Le)]
    return (least[0], most[0]) if least and most else None
