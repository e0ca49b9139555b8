"""Writes a timestep graph: as a listing for the terminal and as Graphviz DOT; svg.py draws it as SVG.

All three show the same: the operations, what each reads of its own timestep, what each reads of earlier ones (with the
distance in timesteps), and which operations form recurrences and so must run step by step. Parameters are left out of
the drawings. The same graph gives the same bytes, whatever the time or the hash seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workloads.graph import INPUT, Operation, TimestepGraph

KIND_COLOURS = {
    "projection": "#a6cee3",
    "norm": "#e0e0e0",
    "convolution": "#b5e3d0",
    "discretisation": "#fdf1a8",
    "input_scale": "#fdf1a8",
    "angle": "#dcc9ec",
    "bias": "#dcc9ec",
    "rotation": "#dcc9ec",
    "state": "#fdcb98",
    "scan": "#fdcb98",
    "chunk": "#fdcb98",
    "passing": "#f9a86f",
    "skip": "#cfe8a9",
    "gate": "#cfe8a9",
    "mlp": "#bfe6e6",
    "residual": "#f7cfe0",
}
_SPARE_COLOURS = ("#c7d3f2", "#f3d9b8", "#d9e2b0", "#e8d3d3")  # for kinds that are not listed above
RECURRENCE_COLOUR = "#c0182a"
EDGE_COLOUR, CARRIED_COLOUR = "#555555", "#1f5fa8"


@dataclass(frozen=True)
class Dependence:
    """*reader* reads *tensor* of *source*: now (``distances`` is (0,)) or ``distances`` timesteps back, ascending."""

    source: str
    reader: str
    tensor: str
    distances: tuple[int, ...]

    @property
    def carried(self) -> bool:
        """Whether the dependence crosses a timestep border."""
        return self.distances[0] > 0

    @property
    def label(self) -> str:
        """What is read of the past: ``h[t-1]``, ``x[t-1..3]`` for a window, ``x[t-1,3]`` for anything else."""
        first, last = self.distances[0], self.distances[-1]
        window = len(self.distances) == last - first + 1 > 1
        back = f"{first}..{last}" if window else ",".join(map(str, self.distances))
        return f"{self.tensor}[t-{back}]"


def dependences(graph: TimestepGraph) -> tuple[Dependence, ...]:
    """The edges of *graph* in order of their readers, one for all distances above 0 from one tensor."""
    found: dict[tuple[str, str, str, bool], set[int]] = {}
    for op in graph.operations:
        for edge in graph.reads[op.name]:
            key = (edge.source, op.name, edge.tensor, edge.distance > 0)
            found.setdefault(key, set()).add(edge.distance)
    return tuple(Dependence(*key[:3], tuple(sorted(distances))) for key, distances in found.items())


def recurrence_of(graph: TimestepGraph) -> dict[str, int]:
    """Operation -> the number (from 1) of the recurrence that it belongs to."""
    return {name: number for number, members in enumerate(graph.recurrences, start=1) for name in members}


def result_of(graph: TimestepGraph, name: str) -> str:
    """What the operation *name*, or the input, defines: ``h[t,i,n]``."""
    tensor = graph.input_tensor if name == INPUT else graph.operation(name).tensor
    return f"{tensor}[{','.join(('t', *graph.indices[tensor]))}]"


def kind_colours(graph: TimestepGraph) -> dict[str, str]:
    """Kind -> fill colour, in order of first use."""
    kinds = list(dict.fromkeys(op.kind for op in graph.operations))
    spare = [kind for kind in kinds if kind not in KIND_COLOURS]
    colours = {kind: _SPARE_COLOURS[i % len(_SPARE_COLOURS)] for i, kind in enumerate(spare)} | KIND_COLOURS
    return {kind: colours[kind] for kind in kinds}


# -------------------------------------------------------------------------------------------------------------- text


def as_text(graph: TimestepGraph) -> str:
    """A listing of *graph*: every operation in order, with kind, result shape, MACs, ops and equation.

    A line ``<- ...`` under an operation says what it reads of earlier timesteps; ``R1`` marks recurrence 1.
    """
    counts, recurrence = graph.counts, recurrence_of(graph)
    chunk = f" (a chunk of {graph.tokens} tokens)" if graph.token_index else ""
    head_row = ("", "operation", "kind", "shape", "MACs", "ops", "equation")
    rows = [head_row, *(_row(graph, op, recurrence) for op in graph.operations)]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    head, *lines = (_aligned(row, widths) for row in rows)
    listing = [head]
    for op, line in zip(graph.operations, lines, strict=True):
        past = [d for d in dependences(graph) if d.reader == op.name and d.carried]
        listing += [line, *(f"{'':{widths[0]}}  <- {_past(each)}" for each in past)]
    return "\n".join(
        [
            f"{graph.name}: one timestep{chunk} of one layer, {result_of(graph, INPUT)} -> {graph.output_tensor}",
            "sizes: " + ", ".join(f"{index} = {size}" for index, size in graph.sizes.items()),
            f"per timestep: {counts.macs:,} MACs, {counts.ops:,} ops (a MAC is 2), "
            f"{counts.transcendentals:,} transcendentals; {graph.parameter_count:,} parameters",
            "", *listing, "",
            *(_recurrence_line(graph, number) for number in range(len(graph.recurrences))),
            *([] if graph.recurrences else ["no recurrence: timesteps are independent"]),
        ]
    ) + "\n"  # fmt: skip


def _row(graph: TimestepGraph, op: Operation, recurrence: Mapping[str, int]) -> tuple[str, ...]:
    counts = graph.operation_counts(op)
    shape = "x".join(str(graph.sizes[index]) for index in op.equation.indices) or "1"
    mark = f"R{recurrence[op.name]}" if op.name in recurrence else ""
    return mark, op.name, op.kind, shape, f"{counts.macs:,}", f"{counts.ops:,}", op.equation.text


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    sides = "<<<<>>"  # numbers to the right; the equation, in the last column, ends where it ends
    cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row[:-1], sides, widths, strict=True)]
    return "  ".join([*cells, row[-1]])


def _past(dependence: Dependence) -> str:
    steps = ", ".join(map(str, dependence.distances))
    return f"{dependence.tensor} of {dependence.source}, {steps} timestep{'s' * (steps != '1')} back"


def _recurrence_line(graph: TimestepGraph, number: int) -> str:
    members = graph.recurrences[number]
    names = [op.name for op in graph.operations if op.name in members]
    inside = [d for d in dependences(graph) if d.carried and d.source in members and d.reader in members]
    return f"recurrence R{number + 1}: {', '.join(names)}; carries {', '.join(d.label for d in inside)}"


# --------------------------------------------------------------------------------------------------------------- DOT


def as_dot(graph: TimestepGraph) -> str:
    """*graph* in the DOT language of Graphviz: dashed, labelled edges cross timesteps; recurrences are red."""
    colours, recurrence = kind_colours(graph), recurrence_of(graph)
    lines = [
        f"digraph {_quoted(graph.name)} {{",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10];',
        f'  edge [color="{EDGE_COLOUR}", fontname="Helvetica", fontsize=9];',
        f"  {_quoted(INPUT)} [label={_quoted(result_of(graph, INPUT))}, shape=ellipse, fillcolor=white];",
    ]
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


def carried_colour(dependence: Dependence, recurrence: Mapping[str, int]) -> str:
    """The colour of an edge that crosses timesteps: that of recurrences, if it is part of one."""
    inside = recurrence.get(dependence.source, 0) == recurrence.get(dependence.reader, -1)
    return RECURRENCE_COLOUR if inside else CARRIED_COLOUR


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# --------------------------------------------------------------------------------------------------------------- SVG
