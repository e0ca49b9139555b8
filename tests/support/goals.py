"""Small goals: a few tokens of one layer by a mapping that is given, whose whole grid can be run beside a search."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Any

from sim.studies.best_first import Found
from sim.studies.candidates import Candidate, Grid, grid
from sim.studies.evaluate import Outcome, evaluate
from sim.studies.goal import Goal, read_goal
from sim.studies.kept_bounds import bounds_in
from sim.studies.seek import seek
from sim.studies.store import opened
from sim.studies.workers import Workers
from tests.support.sweeps import SMALL

AXES = {"simd.lanes": [8, 16, 32], "mac_array.rows": [8, 16, 32], "dram.channels": [1, 2]}
MORE = list(AXES)


def written_goal(folder: Path, **keys: Any) -> Path:
    """The file of a small goal, with *keys* instead."""
    data = {
        "name": "small", "runs": {"mamba2": {"workload": "mamba2-d96"}}, "set": SMALL | {"energy": "components"},
        "axes": AXES, "minimise": "area_mm2", **keys,
    }  # fmt: skip
    path = folder / "goal.yaml"
    path.write_text("\n".join(f"{key}: {dumps(value)}" for key, value in data.items() if value is not None))
    return path


def small_goal(folder: Path, **keys: Any) -> Goal:
    """The goal of :func:`written_goal`."""
    return read_goal(str(written_goal(folder, **keys)))


@contextmanager
def in_a_thread() -> Iterator[Workers]:
    """A worker within this process."""
    with ThreadPoolExecutor(1) as executor:
        yield Workers(executor, 1)


def found_of(goal: Goal, store: Path, workers: Any = in_a_thread) -> tuple[Grid, Found]:
    """The grid of *goal* and what its search comes to, with outcomes in a *store*."""
    points = grid(goal)
    with opened(store) as kept, bounds_in(store) as bounds:
        return points, seek(goal, points, kept, bounds, workers, lambda done, left: None)


def all_outcomes(points: Grid, path: Path) -> dict[int, dict[str, Outcome]]:
    """What every point comes to, by its number; what the store at *path* does not know is kept there."""
    sides = [side for candidate in points.candidates for side in candidate.sides.values()]
    with opened(path) as store:
        known = store.known(side.key for side in sides)
        for side in sides:
            if side.key not in known:
                known[side.key] = evaluate(side.point)
                store.add([(side.key, side.point, known[side.key])])
    return {each.number: {run: known[side.key] for run, side in each.sides.items()} for each in points.candidates}


def value_of(goal: Goal, text: str, candidate: Candidate, outcomes: dict[str, Outcome]) -> float:
    """What a name comes to."""
    wanted = goal.all_wanted[text]
    found = candidate.values.get(text, outcomes[wanted.run].figures.get(wanted.key))
    assert isinstance(found, int | float)
    return float(found)


def front_by_force(goal: Goal, points: Grid, path: Path) -> set[tuple[float, ...]]:
    """The values of the best points, less is better, of all that meet the constraints: each was run."""
    outcomes, values = all_outcomes(points, path), list[tuple[float, ...]]()
    for candidate in points.candidates:
        own = outcomes[candidate.number]
        if any(each.error for each in own.values()):
            continue

        def known(text: str, candidate: Candidate = candidate, own: dict[str, Outcome] = own) -> float:
            return value_of(goal, text, candidate, own)

        if all(condition.holds(known) for condition, _ in goal.conditions):
            values.append(tuple(each.sign * known(each.wanted.text) for each in goal.objectives))
    better = {one: any(all(a <= b for a, b in zip(o, one, strict=True)) and o != one for o in values) for one in values}
    return {one for one, beaten in better.items() if not beaten}


def front_found(goal: Goal, points: Grid, found: Found) -> set[tuple[float, ...]]:
    """The values of the best points that a search has *found*."""
    outcomes = {(made.candidate.number, made.run): made.outcome for made in found.made}
    values = set()
    for at in found.best:
        candidate = points.candidates[at]
        own = {run: outcomes[candidate.number, run] for run in goal.runs}
        values.add(tuple(each.sign * value_of(goal, each.wanted.text, candidate, own) for each in goal.objectives))
    return values
