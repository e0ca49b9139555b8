"""Every key of every input: machines, workloads with the dimensions of each model, named mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from hw.machine import MachineSpec
from sim.files.documents import schema_in
from sim.files.goal_spec import GoalSpec
from sim.files.sweep_spec import SweepSpec
from workloads.models.equations_spec import EquationsSpec
from workloads.models.registry import described
from workloads.spec import Description, Name, Spec
from workloads.workload_spec import MappingSpec, WorkloadSpec

NAME = "NAME"
_SAYS = ("mapping", "machine", "set")  # of which a mapping has one at least


class NamedMapping(Spec):
    """A way to map workloads that has a name: wishes as a workload has them, and changes of the machine."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [key]} for key in _SAYS]})

    name: Name = Field(description="What it is called.")
    description: Description = Field(default="", description="A line about it.")
    mapping: MappingSpec | None = Field(default=None, description="How workloads are to be laid onto a machine.")
    machine: dict[Annotated[str, Field(max_length=200)], Any] = Field(
        default_factory=dict, max_length=100, description="Keys of the machine that have other values with it."
    )
    set: list[Annotated[str, Field(max_length=2000)]] = Field(
        default_factory=list,
        max_length=1000,
        description="More of both, as --set takes them: path=value.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> NamedMapping:
        if self.mapping is None and not self.machine and not self.set:
            raise ValueError("says nothing, expected mapping, machine or set")
        return self


SPECS: dict[str, type[BaseModel]] = {
    "machine": MachineSpec, "workload": WorkloadSpec, "mapping": NamedMapping, "equations": EquationsSpec,
    "sweep": SweepSpec, "goal": GoalSpec,
}  # fmt: skip
"""Kind of input -> what describes it."""


def keys(spec: type[BaseModel], at: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """(dotted path, field) of every key of *spec*, which stands at a path that ends in a dot; parts come first.

    In a mapping of names of the user's own, a name is called :data:`NAME`.
    The ``kind`` of a unit is none: where it may be said, it says which keys there are.
    """
    for name, field in spec.model_fields.items():
        if name == "kind":
            continue
        yield at + name, field
        inner = schema_in(field.annotation)
        if inner is not None:
            yield from keys(inner, f"{at}{name}.{f'{NAME}.' if get_origin(field.annotation) is dict else ''}")


def settable() -> list[str]:
    """The dotted path of every key that ``--set`` may name, those of all models, but below names of the user's own."""
    of_models = (path for each in described().values() for path, _ in keys(each, "dimensions."))
    paths = (path for spec in (WorkloadSpec, MachineSpec) for path, _ in keys(spec))
    return [path for path in dict.fromkeys((*paths, *of_models)) if f".{NAME}." not in path]
