"""Blocks whose weights several layers have in common."""

from __future__ import annotations

from workloads.graph import TimestepGraph

SHARED = "shared"


def shared_parameters(graph: TimestepGraph) -> int:
    """Parameters of *graph* that other layers have in common with it."""
    return sum(graph.elements(tensor) for tensor in graph.parameters if tensor.endswith(f"_{SHARED}"))
