"""The colours of boxes and arrows in drawings of a timestep graph: red is what belongs to a recurrence."""

from __future__ import annotations

from collections.abc import Mapping

from sim.presentation.graph.dependences import Dependence
from workloads.graph import TimestepGraph

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


def kind_colours(graph: TimestepGraph) -> dict[str, str]:
    """Kind -> fill colour, in order of first use."""
    kinds = list(dict.fromkeys(op.kind for op in graph.operations))
    spare = [kind for kind in kinds if kind not in KIND_COLOURS]
    colours = {kind: _SPARE_COLOURS[i % len(_SPARE_COLOURS)] for i, kind in enumerate(spare)} | KIND_COLOURS
    return {kind: colours[kind] for kind in kinds}


def carried_colour(dependence: Dependence, recurrence: Mapping[str, int]) -> str:
    """The colour of an edge that crosses timesteps: that of recurrences, if it is part of one."""
    number = recurrence.get(dependence.source)
    inside = number is not None and number == recurrence.get(dependence.reader)
    return RECURRENCE_COLOUR if inside else CARRIED_COLOUR
