"""The command ``graph``: the dependency graph of one timestep of one layer, drawn or listed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.changes import Changes
from sim.commands.options import ConfigOption, WorkloadArgument, check_targets, chosen, one_line_errors
from sim.commands.spread import spread

if TYPE_CHECKING:
    from workloads.graph import TimestepGraph


class GraphFormat(StrEnum):
    """How to draw a timestep graph."""

    text = "text"
    dot = "dot"
    svg = "svg"


@spread
def graph(
    *,
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    changes: Changes,
    format: Annotated[GraphFormat, typer.Option(help="Listing, Graphviz source, or picture.")] = GraphFormat.text,
    output: Annotated[Optional[Path], typer.Option("--output", "-o", help="File instead of standard output.")] = None,
) -> None:
    """Draw or print the dependency graph of one timestep of one layer."""
    with one_line_errors():
        from sim.files.outputs import write_text
        from sim.files.resolve import resolve_workload

        name = chosen(workload, config)
        check_targets(output, workload=name, mapping=changes.mapping)
        text = _draw(resolve_workload(name, changes.assignments()).graph, format)
        if output is not None:
            write_text(output, text)
        else:
            typer.echo(text, nl=not text.endswith("\n"))


def _draw(timestep: TimestepGraph, format: GraphFormat) -> str:
    if format is GraphFormat.svg:
        from sim.presentation.graph.svg import as_svg  # matplotlib takes half a second to import

        return as_svg(timestep)
    from sim.presentation.graph.dot import as_dot
    from sim.presentation.graph.text import as_text

    return as_dot(timestep) if format is GraphFormat.dot else as_text(timestep)
