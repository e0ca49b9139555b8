"""The command ``schema``: the JSON schema of a result."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON schema of a result."""
    import json

    from sim.accounting.result import Result

    typer.echo(json.dumps(Result.model_json_schema(), indent=2))
