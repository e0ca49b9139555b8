"""Every key of the descriptions that YAML gives, with its range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hw.machine import MachineSpec
from hw.quantities import Quantity
from sim.files.resolve import NamedMapping
from workloads.models.registry import GENERATORS
from workloads.workload import WorkloadSpec

SPECS: dict[str, type[BaseModel]] = {
    "machine": MachineSpec,
    "workload": WorkloadSpec,
    "mapping": NamedMapping,
    **{name: generator.dimensions for name, generator in GENERATORS.items()},
}


def spec_in(annotation: Any) -> type[BaseModel] | None:
    """The description that a key holds, be it an optional one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((spec for inner in get_args(annotation) if (spec := spec_in(inner))), None)


def keys(spec: type[BaseModel], at: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """(dotted path, field) of every key, those of parts included."""
    for name, field in spec.model_fields.items():
        yield at + name, field
        inner = spec_in(field.annotation)
        if inner is not None:
            yield from keys(inner, f"{at}{name}.")


def bounds(field: FieldInfo) -> tuple[Any, Any] | None:
    """The least and the most of a number or quantity, as YAML writes them; None if one of the two is not there."""
    quantity = next((each for each in field.metadata if isinstance(each, Quantity)), None)
    if quantity is not None:
        return quantity.least, quantity.most
    least = [each.ge for each in field.metadata if isinstance(each, Ge)]
    most = [each.le for each in field.metadata if isinstance(each, Le)]
    return (least[0], most[0]) if least and most else None
