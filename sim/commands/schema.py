"""The command ``schema``: what keys there are, for editors and for readers."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sim.commands.kinds import Described
from sim.commands.options import check_targets, one_line_errors
from sim.files.errors import InputError, Problem


def schema(
    what: Annotated[
        Optional[Described],
        typer.Argument(
            metavar="WHAT", help="result, machine, workload, mapping, equations, sweep or goal.", show_default="result"
        ),
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE|-", help="Where to write.")] = "-",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="A page about every key of the inputs, instead of a schema.")
    ] = False,
) -> None:
    """Write the JSON schema of a result, or of an input file, for editors."""
    with one_line_errors():
        from pathlib import Path

        from sim.files.outputs import write_text

        if markdown and what is not None:
            raise InputError(Problem("is about all inputs: expected no WHAT", "--markdown"))
        check_targets(output)
        write_text(Path(output), _page() if markdown else _schema((what or Described.result).value))


def _page() -> str:
    from sim.presentation.keys import reference

    return reference()


def _schema(what: str) -> str:
    import json

    from sim.accounting.result import Result
    from sim.files.schemas import input_schema

    return json.dumps(Result.model_json_schema() if what == "result" else input_schema(what), indent=2) + "\n"
