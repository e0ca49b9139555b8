"""A timestep graph as a listing for the terminal: its operations, what each reads of earlier timesteps, recurrences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.files.characters import visible
from sim.presentation.graph.dependences import Dependence, dependences, recurrence_of, result_of
from workloads.graph import Operation, TimestepGraph


def as_text(graph: TimestepGraph) -> str:
    """A listing of *graph*: every operation in order, with kind, result shape, MACs, ops and equation.

    A line ``<- ...`` under an operation says what it reads of earlier timesteps; ``R1`` marks recurrence 1.
    """
    counts, recurrence = graph.counts, recurrence_of(graph)
    chunk = f" (a chunk of {graph.tokens} tokens)" if graph.token_index else ""
    head_row = ("", "operation", "kind", "shape", "MACs", "ops", "equation")
    rows = [head_row, *(tuple(map(visible, _row(graph, op, recurrence))) for op in graph.operations)]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    head, *lines = (_aligned(row, widths) for row in rows)
    listing = [head]
    for op, line in zip(graph.operations, lines, strict=True):
        past = [d for d in dependences(graph) if d.reader == op.name and d.carried]
        listing += [line, *(f"{'':{widths[0]}}  <- {visible(_past(each))}" for each in past)]
    given = ", ".join(result_of(graph, node) for node in graph.sources.values())
    form = f"one timestep{chunk} of one layer, {given} -> {', '.join(graph.outputs)}"
    return "\n".join(
        [
            f"{visible(graph.name)}: {form}",
            "sizes: " + ", ".join(f"{index} = {size}" for index, size in graph.sizes.items()),
            f"per timestep: {counts.macs:,} MACs, {counts.ops:,} ops (a MAC is 2), "
            f"{counts.transcendentals:,} transcendentals; {graph.parameter_count:,} parameters",
            "", *listing, "",
            *(visible(_recurrence_line(graph, number)) for number in range(len(graph.recurrences))),
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
    carried = dict.fromkeys(dependence.label for dependence in inside)
    return f"recurrence R{number + 1}: {', '.join(names)}; carries {', '.join(carried)}"
