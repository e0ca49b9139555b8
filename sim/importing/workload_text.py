"""The file that an import writes: a whole workload with its equations, one operation a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import dumps
from typing import Any

from pydantic import ValidationError

from sim.files.errors import InputError, Problem
from sim.files.yaml_text import parse_yaml
from sim.importing.imported import Imported
from workloads.models.equations import EquationError, sequential_graph
from workloads.models.equations_spec import EquationsSpec

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_WORDS = {"true", "false", "null"}


def workload_text(imported: Imported, name: str, command: str, source: str) -> str:
    """The YAML of a workload called *name* with the equations of *imported*, made by *command* from *source*.

    One layer, prefill of 1024 tokens: to be changed. Raises InputError if it would be too much for a file.
    """
    text = "\n".join(_lines(imported.equations, name, command, source)) + "\n"
    try:
        data, _ = parse_yaml(text, source)
        sequential_graph(EquationsSpec.model_validate(data["equations"]))
    except (EquationError, InputError, ValidationError) as error:
        raise InputError(
            Problem(f"has equations that cannot be written: {str(error).splitlines()[0]}", source)
        ) from error
    return text


def _lines(equations: dict[str, Any], name: str, command: str, source: str) -> Iterator[str]:
    yield f"# Equations of {source}, one layer, written by:"
    yield f"#     {command}"
    yield f"name: {dumps(name)}"
    yield f"description: {dumps(f'Imported from {source}')}"
    yield "model: equations"
    yield "equations:"
    yield f"  sizes: {{{', '.join(f'{index}: {length}' for index, length in equations['sizes'].items())}}}"
    yield f"  input: {equations['input']}"
    if "constants" in equations:
        yield "  constants:  # not learned"
        for tensor, (index, values) in equations["constants"].items():
            yield f"    {tensor}: [{index}, [{', '.join(map(repr, values))}]]"
    yield "  operations:"
    for operation, kind, equation in equations["operations"]:
        yield f"    - [{_plain(operation)}, {kind}, {dumps(equation)}]"
    yield f"  output: {_plain(equations['output'])}"
    yield "layers: 1"
    yield "phase: prefill"
    yield "sequence_length: 1024"


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else dumps(text)
