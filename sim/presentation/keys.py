"""What is known of every key of an input, in words, and the reference page of them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, create_model
from pydantic.fields import FieldInfo

from hw.mac_array import MacArraySpec
from hw.simd import SimdSpec
from hw.units import AnyUnit
from sim.files.documents import schema_in
from sim.files.keys import SPECS, keys
from workloads.models import registry

COMMAND = "python -m sim schema --markdown -o docs/keys.md"
HEAD = f"""# Keys

Every key of a machine, a workload and a named mapping. Written by `{COMMAND}`.

A quantity has a unit, without which it is a mistake. What has no default is needed, unless the file has `extends`, with
another file beside it or the name of a shipped one, whose keys it then changes. The dotted path of a key is what
`--set` takes: `--set simd.lanes=64`. `python -m sim init machine NAME` writes a file with all keys to start from, and
`python -m sim schema machine` a schema for editors."""
UNITS = """### Units by names of your own

`units.NAME` has the keys of its `kind`. Those of `kind: mac_array` and `kind: simd` are the keys of `mac_array` and
`simd` above; those of other kinds are these."""
TITLES = {
    "machine": "Machine", "workload": "Workload", "mapping": "Named mapping", "equations": "File of equations",
    "sweep": "Sweep", "goal": "Goal",
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """A key in words: ``kind`` is its type or unit, ``range`` what it may be, ``default`` is empty where it is needed.

    ``inner`` is the description of what it holds, if that has keys of its own.
    """

    path: str
    kind: str
    range: str
    default: str
    meaning: str
    inner: type[BaseModel] | None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def described(spec: type[BaseModel], at: str = "") -> list[Key]:
    """Every key of *spec*, which stands at the path *at*, in words."""
    return [_key(path, field, _schema_of(field)) for path, field in keys(spec, at)]


def reference() -> str:
    """The page, as Markdown."""
    parts = [HEAD]
    for kind, spec in SPECS.items():
        parts += [f"## {TITLES[kind]}", (spec.__doc__ or "").replace("``", "`"), _table(described(spec))]
        if kind == "machine":
            parts.append(UNITS)
            for unit in _without_a_key():
                parts += [f"`kind: {unit.model_fields['kind'].default}`:", _table(described(unit, "units.NAME."))]
        if kind == "workload":
            for model, dimensions in registry.described().items():
                parts += [f"### Dimensions of {model}", _table(described(dimensions, "dimensions."))]
    return "\n\n".join(parts) + "\n"


def _without_a_key() -> list[type[BaseModel]]:
    """The kinds of units that a machine's file has no key of its own for."""
    kinds = get_args(get_args(AnyUnit)[0])
    return [kind for kind in kinds if kind not in (MacArraySpec, SimdSpec)]


def _schema_of(field: FieldInfo) -> dict[str, Any]:
    """The JSON schema of a key by itself, of what it is if it is not null."""
    if schema_in(field.annotation) is not None:
        return {}
    alone: dict[str, Any] = {"key": (field.annotation, field)}
    schema = create_model("Alone", **alone).model_json_schema()["properties"]["key"]
    inner = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return {**schema, **inner[0]} if inner else schema


def _key(path: str, field: FieldInfo, schema: dict[str, Any]) -> Key:
    inner = schema_in(field.annotation)
    kind, allowed = ("mapping", "") if inner else _kind_and_range(schema)
    default = "" if field.is_required() else as_yaml(field.get_default(call_default_factory=True))
    return Key(path, kind, allowed, default, field.description or "", inner)


def _kind_and_range(schema: dict[str, Any]) -> tuple[str, str]:
    if "enum" in schema:
        return "choice", _choices(schema["enum"])
    if "anyOf" in schema and "type" not in schema:
        several = [_kind_and_range(each) for each in schema["anyOf"]]
        return " or ".join(kind for kind, _ in several), " or ".join(allowed for _, allowed in several)
    match schema["type"]:
        case "integer" | "number":
            least, most = schema.get("minimum"), schema.get("maximum")
            return schema.get("unit", "number"), "any" if least is None or most is None else f"{least:,} to {most:,}"
        case "boolean":
            return "choice", _choices([True, False])
        case "string" if "range" in schema:
            return f"quantity, such as {schema['examples'][0]}", schema["range"]
        case "string":
            return "text", f"{schema.get('minLength', 0)} to {schema['maxLength']:,} characters"
        case "array":
            kind, allowed = _kind_and_range(schema["items"])
            return f"list, {kind}", f"{schema['maxItems']:,} at most: {allowed}"
    if isinstance(more := schema.get("additionalProperties"), dict) and "discriminator" in more:
        kinds = _choices(more["discriminator"]["mapping"])
        return "mapping, unit", f"{schema['maxProperties']} at most, each of a kind: {kinds}"
    names = schema.get("propertyNames", {}).get("enum")
    if schema.get("additionalProperties") is True or "additionalProperties" not in schema:
        return "mapping", "below"
    if "oneOf" in schema["additionalProperties"]:  # told apart by what they look like, as the description says
        return "mapping", f"{schema['maxProperties']} at most"
    kind, allowed = _kind_and_range(schema["additionalProperties"])
    return f"mapping, {kind}", f"{_choices(names)}: {allowed}" if names else allowed


def _choices(values: Iterable[Any]) -> str:
    return ", ".join(as_yaml(value) for value in values)


def as_yaml(value: Any) -> str:
    """*value* as YAML writes it on a line; nothing for a part with defaults of its own."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return value or '""'
        case BaseModel():
            return "{}"
    return str(value)


def _table(found: Iterable[Key]) -> str:
    rows = ["| key | kind or unit | range | default | meaning |", "|---|---|---|---|---|"]
    for key in found:
        cells = (f"`{key.path}`", key.kind, key.range, f"`{key.default}`" if key.default else "needed", key.meaning)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
