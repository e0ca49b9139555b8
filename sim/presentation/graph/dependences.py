"""What every drawing of a timestep graph shows: which operation reads what, now or of earlier timesteps.

Dependences are in the order of the graph, whatever the time or the hash seed. Parameters are left out of drawings.
"""

from __future__ import annotations

from dataclasses import dataclass

from workloads.graph import TimestepGraph


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
    """What the operation *name* defines, or what the node *name* stands for: ``h[t,i,n]``."""
    given = {node: tensor for tensor, node in graph.sources.items()}
    tensor = given[name] if name in given else graph.operation(name).tensor
    return f"{tensor}[{','.join(('t', *graph.indices[tensor]))}]"
