"""The command ``init``: a file to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.kinds import Kind
from sim.commands.options import JsonOption, check_targets, one_line_errors, write_json
from sim.commands.written import Written, as_json, rows
from sim.files.errors import InputError, Problem

TRIED = {
    "machine": "run mamba2 --hw {}", "mapping": "run mamba2 --mapping {}", "sweep": "sweep {} -o FOLDER",
    "goal": "search {} -o FOLDER",
}  # fmt: skip
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def init(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="machine, workload, mapping, equations, sweep or goal.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name; the file is NAME.yaml.")],
    json: JsonOption = None,
) -> None:
    """Write a file to start from, with every key and what it means, and its schema beside it for editors."""
    with one_line_errors():
        from sim.files.outputs import write_text

        stem = name.removesuffix(".yaml")
        if not NAME.fullmatch(stem):
            raise InputError(Problem("expected letters, digits, dots, dashes and underscores", f"NAME {name}"))
        of = "workload" if kind is Kind.equations else kind.value  # one with equations of its own
        path, schema_path = Path(f"{stem}.yaml"), Path(f"{of}.schema.json")
        if path.exists() or path.is_symlink():
            raise InputError(Problem("is there already", str(path)))
        check_targets(path, schema_path, json)
        from json import dumps

        from sim.files.schemas import input_schema
        from sim.presentation.starters import starter

        files = [Written(kind.value, stem, path)]
        if not schema_path.exists():
            write_text(schema_path, dumps(input_schema(of), indent=2) + "\n")
            files.append(Written("schema", of, schema_path))
        write_text(path, starter(kind.value, stem, schema_path.name))
        if write_json(as_json({"written": rows(files)}), json):
            return
    tried = TRIED.get(kind.value, "run {}").format(path)
    has = "a recurrence to be changed" if kind is Kind.equations else "every key with what it means"
    typer.echo(f"{path}: {has}; try it: python -m sim {tried}")
