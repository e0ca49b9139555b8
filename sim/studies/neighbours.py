"""Points that try the mappings of their neighbours.

Every point searches for itself, so that it depends on nothing else, and some are luckier than others: a machine with
more of something can come out slower. So each point that its bound leaves something to gain also runs with the mappings
of the points that are one step along one axis away, and keeps the quickest; again, as long as that makes any quicker.
What is tried in a round depends on the round before alone, so it does not matter who computes it, or when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sim.studies.evaluate import Outcome
from sim.studies.points import Axis, Point

WORTH = 1e-3  # of the time: what is no further above the bound over every mapping has nothing to gain
MAPPING = "mapping"
Run = Callable[[Sequence[Point]], Sequence[Outcome]]
"""Points -> what each came to."""


def are_free(keys: Iterable[str]) -> bool:
    """Whether none of *keys* says anything of the mapping."""
    return not any(key.split(".")[0] == MAPPING for key in keys)


def improved(
    axes: Sequence[Axis], places: Sequence[dict[str, Any]], points: Sequence[Point], found: Sequence[Outcome], run: Run
) -> list[tuple[Point, Outcome]]:
    """*points* at *places* along *axes*, and what they were *found* to come to, or the same with a better mapping."""
    best = list(zip(points, found, strict=True))
    beside = _neighbours(axes, places)
    tried = {(number, outcome.mapping) for number, outcome in enumerate(found)}
    while True:
        offered = [
            (number, mapping)
            for number, (_, outcome) in enumerate(best)
            if _may_gain(outcome)
            for mapping in dict.fromkeys(best[other][1].mapping for other in beside[number])
            if mapping and (number, mapping) not in tried
        ]
        tried.update(offered)
        asked = [_by(points[number], mapping) for number, mapping in offered]
        better = False
        for (number, _), point, outcome in zip(offered, asked, run(asked), strict=True):
            if not outcome.error and _cycles(outcome) < _cycles(best[number][1]):
                best[number], better = (point, outcome), True
        if not better:
            return best


def _by(point: Point, mapping: str) -> Point:
    return replace(point, assignments=(*point.assignments, f"{MAPPING}={mapping}"))


def _cycles(outcome: Outcome) -> int:
    cycles = outcome.figures["makespan_cycles"]
    assert isinstance(cycles, int)
    return cycles


def _may_gain(outcome: Outcome) -> bool:
    above = outcome.figures.get("above_any_mapping")
    return isinstance(above, float) and above > WORTH


def _neighbours(axes: Sequence[Axis], places: Sequence[dict[str, Any]]) -> list[list[int]]:
    """For each of *places* the numbers of those one step along one axis away; a workload's are of the same workload."""
    rows = [{str(row): number for number, row in enumerate(axis.rows)} for axis in axes]
    steps = [
        tuple(of[str(tuple(place[key] for key in axis.keys))] for axis, of in zip(axes, rows, strict=True))
        for place in places
    ]
    at = {step: number for number, step in enumerate(steps)}
    moved = [number for number, axis in enumerate(axes) if axis.keys != ("workload",)]
    return [[at[step] for step in _beside(own, moved) if step in at] for own in steps]


def _beside(step: tuple[int, ...], moved: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for axis in moved:
        for change in (-1, 1):
            yield (*step[:axis], step[axis] + change, *step[axis + 1 :])
