"""How long passes take on lanes, vector by vector (docs/arrays.md, "Lanes"; docs/simd.md, "Reductions")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tests.support.legality.equations import Pass

ON_THE_WAY = ("mul", "add", "fma")  # of a unit of special functions


class Duration(NamedTuple):
    """Cycles of the unit, and cycles after them until the result can be read."""

    cycles: int
    tail: int = 0

    def then(self, other: Duration) -> Duration:
        """This and then the *other*: the result is there when the last one's is."""
        return Duration(self.cycles + other.cycles, other.tail)


def up(length: int, part: int) -> int:
    """Parts of a length, rounded up."""
    return -(-length // part)


def cycles_of(table: dict[str, Any], function: str) -> int:
    """Cycles for which an element takes a lane, by the *table* of a unit that has lanes."""
    if function == "fma":
        return 1 if table["fma"] else int(table["cycles"]["mul"] + table["cycles"]["add"])
    return int(table["cycles"][function])


def on_lanes(table: dict[str, Any], lanes: int, passes: Iterable[Pass]) -> Duration:
    """A chain of *passes*, each of which reads what the one before has made.

    A vector starts when the lane is free and the same vector of the pass before can be read: a latency after its start.
    A sum into fewer results than lanes takes a cycle more for each level of a tree over the lanes of a result.
    """
    depth, free, result = table["pipeline_depth"], 0, 0
    ready = np.zeros(1, np.int64)
    for step in passes:
        cycles = cycles_of(table, step.function)
        behind = table.get("special_functions") == "behind_pipeline"
        latency = max(cycles, cycles - 1 + depth if behind else depth)
        vectors = up(up(step.points, step.chain), lanes)
        if not vectors:
            continue
        starts = np.zeros(0, np.int64)
        for _ in range(step.chain):
            starts = _starts(free, cycles, vectors, ready)
            free, ready = int(starts[-1]) + cycles, starts + latency
            result = max(result, int(ready[-1]))
        if step.results < step.points:
            levels = (up(lanes, step.results) - 1).bit_length() if step.results < min(step.points, lanes) else 0
            free, result = free + levels, result + levels
            ready = np.full(1, int(starts[0]) + latency)
    return Duration(free, max(0, result - free))


def _starts(free: int, cycles: int, vectors: int, ready: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """When each of *vectors* starts; those behind the last of the pass before wait for that one."""
    operand = ready[np.minimum(np.arange(vectors), len(ready) - 1)]
    own = np.arange(vectors) * cycles
    earliest: np.ndarray[Any, Any] = np.maximum.accumulate(np.maximum(operand, free) - own) + own
    return earliest


def in_special_functions(unit: dict[str, Any], operations: Iterable[list[Pass]]) -> Duration:
    """Operation after operation in pipelines of special functions (docs/units.md)."""
    busy = tail = 0
    for passes in operations:
        own = sum(up(p.points, unit["lanes"]) * unit["cycles"][p.function] for p in passes if _has(unit, p))
        longest = max((p.points for p in passes if not _has(unit, p)), default=0)
        busy += max(own, up(longest, unit["lanes"]))
        tail += unit["pipeline_depth"] * len(passes)
    return Duration(busy, tail)


def _has(unit: dict[str, Any], step: Pass) -> bool:
    return step.function in unit["cycles"] or step.function not in ON_THE_WAY
