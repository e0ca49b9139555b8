"""A timestep graph in the DOT language, for Graphviz to draw."""

from __future__ import annotations

from collections.abc import Mapping

from sim.files.characters import visible
from sim.presentation.graph.colours import EDGE_COLOUR, RECURRENCE_COLOUR, carried_colour, kind_colours
from sim.presentation.graph.dependences import Dependence, dependences, recurrence_of, result_of
from workloads.graph import TimestepGraph


def as_dot(graph: TimestepGraph) -> str:
    """*graph* in the DOT language of Graphviz: dashed, labelled edges cross timesteps; recurrences are red."""
    colours, recurrence = kind_colours(graph), recurrence_of(graph)
    lines = [
        f"digraph {_quoted(graph.name)} {{",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10];',
        f'  edge [color="{EDGE_COLOUR}", fontname="Helvetica", fontsize=9];',
    ]
    for node in graph.sources.values():
        lines.append(f"  {_quoted(node)} [label={_quoted(result_of(graph, node))}, shape=ellipse, fillcolor=white];")
    for op in graph.operations:
        red = f', color="{RECURRENCE_COLOUR}", penwidth=2.5' if op.name in recurrence else ""
        label = _quoted(f"{op.name}\n{result_of(graph, op.name)}")
        lines.append(f'  {_quoted(op.name)} [label={label}, fillcolor="{colours[op.kind]}"{red}];')
    for each in dependences(graph):
        style = f" [{_dot_style(each, recurrence)}]" if each.carried else ""
        lines.append(f"  {_quoted(each.source)} -> {_quoted(each.reader)}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_style(dependence: Dependence, recurrence: Mapping[str, int]) -> str:
    colour = carried_colour(dependence, recurrence)
    label = _quoted(dependence.label)
    return f'style=dashed, label={label}, color="{colour}", fontcolor="{colour}", constraint=false'


def _quoted(text: str) -> str:
    return '"' + "\\n".join(visible(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n")) + '"'
