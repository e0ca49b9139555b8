"""Runs that a search of a goal takes, beside those of black boxes: writes results/goals.md.

python -m bench.goals [GOAL ...] [--seeds N] [--most N] [--store FILE]

The shipped goals that have one objective, by `search` and by two samplers of optuna (extra `dse`): TPE and NSGA-II,
with the constraints as optuna takes them, by how far each is missed, and the places of values on their axes as whole
numbers. A point is run once for all; what optuna asks for again, or what a constraint on inputs leaves out, costs it
nothing. It is done when it has a point within a hundredth of the best. An hour on one core.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import numpy as np

from sim import __version__
from sim.files.errors import InputError
from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.studies.answer import status
from sim.studies.best_first import Found
from sim.studies.candidates import Builder, Candidate, Grid, grid
from sim.studies.conditions import value_at
from sim.studies.evaluate import Outcome, evaluate, inputs_of
from sim.studies.goal import Goal, read_goal
from sim.studies.intervals import Span, span_of
from sim.studies.kept_bounds import bounds_in
from sim.studies.seek import seek
from sim.studies.store import Store, opened
from sim.studies.workers import this_process

TARGET = Path(__file__).parent.parent / "results" / "goals.md"
GOALS: Final = ("mimo_shape", "least_area", "mimo_not_slower")
NEAR: Final = 0.01
FREE_TRIALS: Final = 500  # of a sampler at most: what it asks for again costs no run, but time
WRONG: Final = 10.0  # violation of what cannot be run


class Side(NamedTuple):
    """The best value of a goal, less is better, and what the search took."""

    goal: Goal
    grid: Grid
    found: Found
    best: float


class Black(NamedTuple):
    """Runs of a sampler by seed until it was near the best; infinite if it was not."""

    name: str
    runs: list[float]


class Points:
    """The points of a *goal* and what they come to, each run once."""

    def __init__(self, goal: Goal, points: Grid, store: Store) -> None:
        self._goal, self._store = goal, store
        self._by_place = {self._place(each): each for each in points.candidates}
        self._known: dict[tuple[int, ...], tuple[float, float]] = {}
        self._build = Builder()

    def _place(self, candidate: Candidate) -> tuple[int, ...]:
        found = []
        number = candidate.number
        for axis in reversed(self._goal.axes):
            number, place = divmod(number, len(axis.rows))
            found.append(place)
        return tuple(reversed(found))

    def has(self, place: tuple[int, ...]) -> bool:
        """Whether the point at *place* takes a run."""
        return place in self._by_place

    def value(self, place: tuple[int, ...]) -> tuple[float, float]:
        """(objective, violation) of the point at *place*; less is better, and none is violated at 0.

        Of one that takes no run the violation is that of constraints on its inputs.
        """
        if place not in self._known:
            self._known[place] = self.at(self._by_place[place]) if self.has(place) else (0.0, self._of_inputs(place))
        return self._known[place]

    def _of_inputs(self, place: tuple[int, ...]) -> float:
        keys = zip(self._goal.axes, place, strict=True)
        coordinates = {key: value for axis, at in keys for key, value in zip(axis.keys, axis.rows[at], strict=True)}
        try:
            points = self._goal.points(coordinates)
            inputs = {run: self._build.inputs(inputs_of(point)) for run, point in points.items()}
        except InputError:
            return WRONG
        names: dict[str, float] = {}
        for text, wanted in self._goal.all_wanted.items():
            with suppress(ValueError):  # a figure, which takes a run
                found = value_at(inputs[wanted.run], wanted.key)
                if isinstance(found, int | float):
                    names[text] = float(found)
        return violation(self._goal, names) or WRONG

    def at(self, candidate: Candidate) -> tuple[float, float]:
        """The same of a *candidate*."""
        outcomes = {run: self._outcome(candidate, run) for run in candidate.sides}
        if any(each.error for each in outcomes.values()):
            return 0.0, WRONG
        names = {
            text: float(candidate.values.get(text) or _number(outcomes[wanted.run], wanted.key))
            for text, wanted in self._goal.all_wanted.items()
        }
        (objective,) = self._goal.objectives
        return objective.sign * names[objective.wanted.text], violation(self._goal, names)

    def _outcome(self, candidate: Candidate, run: str) -> Outcome:
        side = candidate.sides[run]
        known = self._store.known([side.key])
        if side.key in known:
            return known[side.key]
        found = evaluate(side.point)
        self._store.add([(side.key, side.point, found)])
        return found


def _number(outcome: Outcome, key: str) -> float:
    found = outcome.figures[key]
    assert isinstance(found, int | float)
    return float(found)


def violation(goal: Goal, names: dict[str, float]) -> float:
    """By what share of their sides constraints are broken, all of which the *names* are known; 0 where they are met."""
    total = 0.0
    known = [each for each in goal.conditions if all(wanted.text in names for wanted in each[1].values())]
    for condition, of in known:
        values = {name: _span(names[wanted.text]) for name, wanted in of.items()}
        values |= {name: _span(value) for name, value in condition.quantities.items()}
        left, right = (float(span_of(text, values).least[0]) for text in (condition.left, condition.right))
        over = left - right if condition.comparison in ("<", "<=") else right - left
        total += max(0.0, over) / max(abs(left), abs(right), 1e-9)
    return total


def _span(value: float) -> Span:
    return Span(np.array([float(value)]), np.array([float(value)]))


def ours(name: str, path: Path) -> Side:
    """The search of a shipped goal, within this process."""
    goal = read_goal(name)
    points = grid(goal)
    with opened(path) as store, bounds_in(path) as bounds:
        found = seek(goal, points, store, bounds, this_process, lambda done, left: None)
        values = [Points(goal, points, store).at(points.candidates[at])[0] for at in found.best]
    return Side(goal, points, found, min(values))


def runs_until_near(side: Side, points: Points, sampler: Any, most: int) -> float:
    """Runs that a *sampler* of optuna makes until it is near the best; infinite if that takes more than *most*."""
    import optuna

    study = optuna.create_study(sampler=sampler)
    sizes = [len(axis.rows) for axis in side.goal.axes]
    each, made = len(side.goal.spec.runs), set[tuple[int, ...]]()
    for _ in range(FREE_TRIALS):
        trial = study.ask()
        place = tuple(trial.suggest_int(f"axis{number}", 0, size - 1) for number, size in enumerate(sizes))
        value, broken = points.value(place)
        if points.has(place):
            made.add(place)
        trial.set_user_attr("broken", broken)
        study.tell(trial, value)
        if points.has(place) and broken <= 0 and value <= side.best + NEAR * abs(side.best):
            return float(len(made) * each)
        if len(made) * each >= most:
            break
    return inf


def samplers() -> dict[str, Callable[[int], Any]]:
    """Samplers of optuna by name, made of a seed."""
    from optuna.samplers import NSGAIISampler, TPESampler

    def broken(trial: Any) -> list[float]:
        return [trial.user_attrs["broken"]]

    return {
        "TPE": lambda seed: TPESampler(seed=seed, constraints_func=broken),
        "NSGA-II": lambda seed: NSGAIISampler(seed=seed, constraints_func=broken),
    }


def page(names: list[str], sides: list[Side], black: list[list[Black]], seeds: int, most: int, command: str) -> str:
    """A row for each goal."""
    header = ["goal", "grid", "may be run", "search: runs", "to the best", "answer"]
    header += [f"optuna {each.name}: by seed" for each in black[0]] + [f"{each.name}: median" for each in black[0]]
    rows = [
        [
            f"`{name}`", f"{side.grid.size:,}", f"{len(side.grid.candidates):,}", str(len(side.found.made)),
            str(side.found.runs_to_best), status(side.found),
            *(", ".join(map(_told, each.runs)) for each in others), *(_told(median(each.runs)) for each in others),
        ]
        for name, side, others in zip(names, sides, black, strict=True)
    ]  # fmt: skip
    parts = [
        "# Runs that a goal takes",
        f"Written by `{command}`, stallscope {__version__}. The shipped goals of one objective, by `search` until "
        f"nothing is open, and by optuna until it has a point within {NEAR:.0%} of the best: {seeds} seeds, "
        f"{most:,} runs and {FREE_TRIALS:,} trials at most. What optuna asks for again, or what a constraint "
        "on inputs leaves out, costs it no run.",
        table(header, rows, left=1),
        "`proven`: all other points are excluded for certain by bounds over every mapping, or were run; `assumed`: for "
        "some it takes that more of a resource is not slower. A run is one of one workload; a point of "
        "`mimo_not_slower` has two. Optuna does not know when it is done.",
    ]
    return "\n\n".join(parts) + "\n"


def _told(runs: float) -> str:
    return "none" if runs == inf else f"{runs:g}"


def main() -> None:
    """Search all goals, let optuna do the same, and write the page."""
    parser = ArgumentParser()
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=", ".join(GOALS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=60)
    parser.add_argument("--store", type=Path)
    given = parser.parse_args()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with TemporaryDirectory() as folder:
        path = given.store or Path(folder) / "store.sqlite"
        names = given.goals or list(GOALS)
        sides = [ours(name, path) for name in names]
        black: list[list[Black]] = []
        with opened(path) as store:
            for side in sides:
                points = Points(side.goal, side.grid, store)
                black.append([
                    Black(name, [runs_until_near(side, points, make(seed), given.most) for seed in range(given.seeds)])
                    for name, make in samplers().items()
                ])  # fmt: skip
                print(side.goal.spec.name, len(side.found.made), black[-1], flush=True)
    command = " ".join(["python -m bench.goals", *given.goals, f"--seeds {given.seeds} --most {given.most}"])
    write_text(TARGET, page(names, sides, black, given.seeds, given.most, command))


if __name__ == "__main__":
    main()
