"""A timestep graph as data: what a program needs to know what a layer computes, in plain JSON values."""

from __future__ import annotations

from typing import Any

from workloads.graph import TimestepGraph


def as_data(graph: TimestepGraph) -> dict[str, Any]:
    """*graph* as a JSON object; docs/program.md explains its keys, and equations are written as in the notation."""
    operations = [
        {"name": op.name, "kind": op.kind, "equation": op.equation.text, "final": op.final} for op in graph.operations
    ]
    return {
        "name": graph.name,
        "sizes": dict(graph.sizes),
        "chosen": dict(graph.chosen),
        "token_index": graph.token_index,
        "tokens": graph.tokens,
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "held": list(graph.held),
        "tensors": {tensor: list(axes) for tensor, axes in graph.indices.items()},
        "parameters": {tensor: list(axes) for tensor, axes in graph.parameters.items()},
        "constants": list(graph.constants),
        "operations": operations,
    }
