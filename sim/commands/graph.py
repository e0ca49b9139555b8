"""The command ``graph``: the dependency graph of one timestep of one layer, drawn or listed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.changes import Changes
from sim.commands.options import (
    ConfigOption,
    JsonOption,
    WorkloadArgument,
    check_targets,
    chosen,
    one_line_errors,
    write_json,
)
from sim.commands.spread import spread
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from workloads.graph import TimestepGraph
    from workloads.workload import Workload


class GraphFormat(StrEnum):
    """How to draw a timestep graph."""

    text = "text"
    json = "json"
    dot = "dot"
    svg = "svg"


@spread
def graph(
    *,
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    changes: Changes,
    format: Annotated[
        GraphFormat, typer.Option(help="Listing, data for programs, Graphviz source, or picture.")
    ] = GraphFormat.text,
    part: Annotated[Optional[str], typer.Option(help="Of a layer of several parts; all of them are listed.")] = None,
    output: Annotated[Optional[Path], typer.Option("--output", "-o", help="File instead of standard output.")] = None,
    json: JsonOption = None,
) -> None:
    """Draw or print the dependency graph of one timestep of one layer, or of each part of it."""
    with one_line_errors():
        from sim.files.outputs import write_text
        from sim.files.resolve import resolve_workload

        name = chosen(workload, config)
        check_targets(output, json, workload=name, mapping=changes.mapping)
        graphs = _parts(resolve_workload(name, changes.assignments()), part)
        if format in (GraphFormat.dot, GraphFormat.svg) and len(graphs) > 1:
            raise InputError(Problem(f"is missing, expected one of {', '.join(graphs)} for a picture", "--part"))
        text = _text(list(graphs.values()), format)
        told = write_json(_text(list(graphs.values()), GraphFormat.json), json)
        if output is not None:
            write_text(output, text)
        elif not told:
            typer.echo(text, nl=not text.endswith("\n"))


def _parts(workload: Workload, part: str | None) -> dict[str, TimestepGraph]:
    """The graphs of all layers that differ by name, or that of *part*; raises InputError if there is none."""
    graphs = {stack.graph.name: stack.graph for stack in reversed(workload.body)}
    graphs = dict(reversed(graphs.items()))
    if part is None or part in graphs:
        return graphs if part is None else {part: graphs[part]}
    raise InputError(Problem(f"found {part!r}, expected one of {', '.join(graphs)}", "--part"))


def _text(graphs: list[TimestepGraph], format: GraphFormat) -> str:
    """All *graphs* in a *format*; as JSON they are one list."""
    if format is not GraphFormat.json:
        return "\n".join(_draw(graph, format) for graph in graphs)
    from json import dumps

    from sim.presentation.graph.data import as_data

    return dumps([as_data(graph) for graph in graphs], indent=1) + "\n"


def _draw(timestep: TimestepGraph, format: GraphFormat) -> str:
    if format is GraphFormat.svg:
        from sim.presentation.graph.svg import as_svg  # matplotlib takes half a second to import

        return as_svg(timestep)
    from sim.presentation.graph.dot import as_dot
    from sim.presentation.graph.text import as_text

    return as_dot(timestep) if format is GraphFormat.dot else as_text(timestep)
