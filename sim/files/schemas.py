"""JSON schemas of the inputs, for editors: keys with their ranges and meanings, and what has to be there.

A file that extends another one may leave out what that one says, so keys are only needed without ``extends``.
"""

from __future__ import annotations

from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sim.files.catalog import shipped
from sim.files.documents import schema_in
from sim.files.keys import SPECS
from workloads.models.equations import INLINE
from workloads.models.registry import described
from workloads.workload_spec import WorkloadSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXTENDED = "extends"
EXTENDS = {
    "type": "string",
    "minLength": 1,
    "description": "The file that this one changes: one beside it, or the name of a shipped one.",
}


def input_schema(kind: str) -> dict[str, Any]:
    """The schema of a ``machine``, ``workload`` or ``mapping`` file."""
    spec = SPECS[kind]
    models = list(described().values()) if spec is WorkloadSpec else []
    references, both = models_json_schema([(each, "validation") for each in (spec, *models)], ref_template=REFERENCE)
    definitions = {name: _without_needs(definition) for name, definition in both["$defs"].items()}
    schema = definitions.pop(spec.__name__)
    schema["properties"] = {"extends": EXTENDS} | schema["properties"]
    schema["$defs"] = definitions
    schema["if"], schema["then"] = {"not": {"required": ["extends"]}}, _needs(spec)
    if models:
        names = {"enum": [*described(), INLINE, *shipped("equations")]}
        schema["properties"]["model"] = {"anyOf": [names, schema["properties"]["model"]]}
        schema["properties"]["dimensions"] |= {"anyOf": [references[each, "validation"] for each in models]}
        schema["allOf"] = [_of_model(name, references[each, "validation"]) for name, each in described().items()]
    return {"$schema": DIALECT, "title": kind, **{key: value for key, value in schema.items() if key != "title"}}


REFERENCE = "#/$defs/{model}"


def _without_needs(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key != "required"}


def _needs(spec: type[BaseModel]) -> dict[str, Any]:
    """What has to be in a file that extends nothing, part by part; a part that extends a file needs nothing."""
    if EXTENDED in spec.model_fields:
        return {}
    parts = {name: (field, schema_in(field.annotation)) for name, field in spec.model_fields.items()}
    needs = {name: (field, _needs(part)) for name, (field, part) in parts.items() if part is not None}
    return {
        "required": [name for name, field in spec.model_fields.items() if field.is_required()],
        "properties": {
            name: {"additionalProperties": need} if get_origin(field.annotation) is dict else need
            for name, (field, need) in needs.items()
        },
    }


def _of_model(name: str, reference: dict[str, Any]) -> dict[str, Any]:
    """That the dimensions of a workload are those of its model, if it says which."""
    dimensions: dict[str, Any] = {"properties": {"dimensions": reference}}
    complete = {"required": ["dimensions"], "properties": {"dimensions": _needs(described()[name])}}
    return {
        "if": {"properties": {"model": {"const": name}}, "required": ["model"]},
        "then": dimensions | {"if": {"not": {"required": ["extends"]}}, "then": complete},
    }
