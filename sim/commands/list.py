"""The command ``list``: what is shipped."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Optional

import typer

from sim.commands.kinds import Listed
from sim.commands.options import JsonOption, check_targets, one_line_errors, show, write_json


def list_(
    kind: Annotated[
        Optional[Listed],
        typer.Argument(
            metavar="KIND", help="workload, machine, mapping, equations, sweep, goal or figure.", show_default="all"
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """List what is shipped: workloads, machines, mappings, models of equations, sweeps, goals; the figures of plot."""
    with one_line_errors():
        check_targets(json)
        rows = [row for each in ([kind] if kind else Listed) for row in _rows(each.value)]
        if write_json(json_text.dumps(rows, indent=2, ensure_ascii=False) + "\n", json):
            return
    from rich.table import Table

    table = Table("kind", "name", "description", "path", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in (0, 1, 3):
        table.columns[column].no_wrap = True
    for row in rows:
        table.add_row(row["kind"], row["name"], row["description"], row["path"])
    show(table)


def _rows(kind: str) -> list[dict[str, str]]:
    """Kind, name, description and path of each; a figure has no path."""
    if kind == "figure":
        from sim.presentation.figure_names import SHOWS

        return [{"kind": kind, "name": name, "description": shows, "path": ""} for name, shows in SHOWS.items()]
    from sim.files.catalog import published, shipped
    from sim.files.documents import read_document, shown

    return [
        {
            "kind": kind,
            "name": name,
            "description": str(read_document(path).data.get("description", "")),
            "path": shown(path),
        }
        for name, path in (shipped(kind) | published(kind)).items()
    ]
