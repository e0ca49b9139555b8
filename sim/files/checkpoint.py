"""Checkpoints: a ``config.json`` as published with model weights -> a workload document, as if it were a YAML file.

Two families write one. Hugging Face's transformers names a ``model_type`` (its classes write every key of theirs);
state-spaces/mamba has ``ssm_cfg``, the keyword arguments of the mixer, whose ``layer`` names it, and leaves out what
has its default. Each key has a place in the workload; or it changes the graph in a way that cannot be simulated, and
one value is accepted; or it cannot matter to cost (initialisation, token ids, choice of a kernel) and is ignored. A key
in none of these groups is an error, since it may change the model. What the keys mean is in sim/files/dialects.

Not mapped: norms' epsilons. Quantised weights are refused. Sequential prefill of 1024 tokens, batch 1 and a state of 32
bit are this reader's choice, and overrides change them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.files.dialects.dialect import Dialect
from sim.files.dialects.families import HUGGING_FACE, STATE_SPACES
from sim.files.documents import Document, read_document
from sim.files.errors import InputError, Problem

CHOSEN = {"phase": "prefill", "sequence_length": 1024, "batch": 1, "precision": "16bit", "state_precision": "32bit"}


def is_checkpoint(path: Path) -> bool:
    """Whether the JSON file at *path* looks like a config.json, not like what a command wrote."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and not {"model_type", "ssm_cfg"}.isdisjoint(data)


def read_checkpoint(path: Path) -> Document:
    """The workload that the config.json at *path* describes, named after its folder (or after a file of another name).

    Mistakes found later in the document stand at the line of the config key that set the value. Raises InputError with
    every key that is missing, is unknown, or has a value that cannot be simulated.
    """
    config = read_document(path, find_base=None)
    key, dialects = _family(config)
    values = {k: v for k, v in config.data.items() if dialects is HUGGING_FACE or k != "ssm_cfg"}
    if dialects is STATE_SPACES:
        values |= {f"ssm_cfg.{k}": v for k, v in config.data["ssm_cfg"].items()}
    kind = values.get(key, "Mamba1")
    if not isinstance(kind, str) or kind not in dialects:
        raise InputError(config.problem(key.split("."), f"found {kind!r}, expected one of {', '.join(dialects)}"))
    dialect = dialects[kind]
    missing = [config.problem(key.split("."), "is missing") for key in sorted(dialect.needed - values.keys())]
    if missing:
        raise InputError(*missing)
    name = path.resolve().parent.name if path.name == "config.json" else path.stem
    return _translated(config, dialect, values, name)


def _translated(config: Document, dialect: Dialect, values: Mapping[str, Any], name: str) -> Document:
    """The workload called *name* that the *values* of *config* mean in a *dialect*."""
    data: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    problems: list[Problem] = []
    try:
        implied = dialect.values_implied(values)
    except ValueError as error:
        raise InputError(config.problem([], str(error))) from None
    for place, value in {"name": name, "model": dialect.model, **CHOSEN, **implied}.items():
        _put(data, lines, place, value, 1)
    for key in values:
        try:
            for place, value in dialect.understood(values, key):
                _put(data, lines, place, value, config.problem(key.split("."), "").line or 1)
        except ValueError as error:
            problems.append(config.problem(key.split("."), str(error)))
    if problems:
        raise InputError(*problems)
    _leave_out_unused_kinds(data)
    return Document(data, [(config.file, lines)])


def _leave_out_unused_kinds(data: dict[str, Any]) -> None:
    """Forget kinds of layers that no layer is of."""
    dimensions = data.get("dimensions", {})
    if "pattern" in dimensions:
        used = {entry.partition("*")[0] for entry in dimensions["pattern"]}
        dimensions["kinds"] = {name: kind for name, kind in dimensions["kinds"].items() if name in used}


def _family(config: Document) -> tuple[str, dict[str, Dialect]]:
    """The key that names the dialect of a config.json, and what it may name."""
    if "model_type" in config.data:
        return "model_type", HUGGING_FACE
    if isinstance(config.data.get("ssm_cfg"), dict):
        return "ssm_cfg.layer", STATE_SPACES
    message = "is missing, and so is the mapping ssm_cfg: neither Hugging Face nor state-spaces/mamba wrote this"
    raise InputError(config.problem(["model_type"], message))


def _put(data: dict[str, Any], lines: dict[tuple[str | int, ...], int], place: str, value: Any, line: int) -> None:
    """Set *value* at the dotted *place*, marked as standing at *line* of the config file."""
    path = tuple(place.split("."))
    for depth, part in enumerate(path[:-1], start=1):
        lines.setdefault(path[:depth], line)
        data = data.setdefault(part, {})
    data[path[-1]] = value
    lines[path] = line
