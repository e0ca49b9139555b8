"""A goal: the grid of its free keys, the runs at each of its points, and what its names mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import prod
from typing import Any, Final, NamedTuple

from hw.machine import MachineSpec
from sim.files.catalog import find, find_base
from sim.files.described import assignment
from sim.files.documents import Assignment, Document, read_document
from sim.files.errors import InputError, Problem, did_you_mean
from sim.files.goal_spec import GoalSpec
from sim.files.sweep_spec import SweepSpec
from sim.studies.conditions import Condition, parse_condition
from sim.studies.points import Axis, Point, Sweep, set_twice

MOST_POINTS: Final = 200_000
OF_MACHINES: Final = frozenset({"area_mm2"})


class Wanted(NamedTuple):
    """A ``key`` or figure of a ``run``; ``text`` is how the goal's file calls it."""

    text: str
    run: str
    key: str


class Objective(NamedTuple):
    """What is to be least, or most."""

    wanted: Wanted
    most: bool

    @property
    def sign(self) -> float:
        """What its values are multiplied with, so that less is better."""
        return -1.0 if self.most else 1.0


@dataclass(frozen=True)
class Goal:
    """A goal as its file has it, and the file."""

    spec: GoalSpec
    document: Document

    @cached_property
    def runs(self) -> dict[str, Sweep]:
        """Name -> the run's points along the axes."""
        return {name: Sweep(self._sweep(name), self.document) for name in self.spec.runs}

    def _sweep(self, name: str) -> SweepSpec:
        spec, run = self.spec, self.spec.runs[name]
        return SweepSpec(
            name=spec.name, workload=[run.workload], machine=[run.machine], mapping=run.mapping, set=spec.set,
            axes=spec.axes, search=spec.search, simulate_layers=spec.simulate_layers,
        )  # fmt: skip

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The free keys, the slowest first."""
        return self._any.axes[2:]  # without the workload and the machine

    @property
    def columns(self) -> tuple[str, ...]:
        """The free keys."""
        return self._any.columns[2:]

    @property
    def _any(self) -> Sweep:
        return next(iter(self.runs.values()))

    @property
    def size(self) -> int:
        """Points of the grid."""
        return prod(len(axis.rows) for axis in self.axes)

    def coordinates(self) -> Iterator[dict[str, Any]]:
        """The values of the free keys at every point, the last axis the fastest."""
        for each in self._any.coordinates():
            yield {key: each[key] for key in self.columns}

    def points(self, coordinates: dict[str, Any]) -> dict[str, Point]:
        """The runs at *coordinates* by their names."""
        return {name: self._point(name, coordinates) for name in self.runs}

    def _point(self, name: str, coordinates: dict[str, Any]) -> Point:
        run = self.spec.runs[name]
        point = self.runs[name].point({"workload": run.workload, "machine": run.machine} | coordinates)
        own = tuple(self._own(name, key, value) for key, value in run.set.items())
        return replace(point, assignments=(*own, *point.assignments))

    def _own(self, name: str, key: str, value: Any) -> Assignment:
        place = self.document.problem(["runs", name, "set", key], "")
        return Assignment(assignment(key, value), f"{place.file}:{place.line}")

    @cached_property
    def conditions(self) -> tuple[tuple[Condition, dict[str, Wanted]], ...]:
        """The constraints, each with what its names mean."""
        found = [parse_condition(text) for text in self.spec.constraints]
        return tuple((each, {name: self.wanted(key) for name, key in each.names.items()}) for each in found)

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """What is to be least and most."""
        least = (Objective(self.wanted(text), False) for text in self.spec.minimise)
        return (*least, *(Objective(self.wanted(text), True) for text in self.spec.maximise))

    @property
    def all_wanted(self) -> dict[str, Wanted]:
        """Every name of objectives and constraints by its text, in their order."""
        names = [each.wanted for each in self.objectives]
        names += [each for _, of in self.conditions for each in of.values()]
        return {each.text: each for each in names}

    def wanted(self, text: str) -> Wanted:
        """What *text* means; raises ValueError for one that does not say of which run."""
        first, _, rest = text.partition(".")
        if first in self.runs and rest:
            return Wanted(text, first, rest)
        names = list(self.runs)
        of_machine = first in OF_MACHINES or first in MachineSpec.model_fields
        if len(names) > 1 and not (of_machine and self._one_machine):
            raise ValueError(f"of which run is {text}? expected {' or '.join(f'{name}.{text}' for name in names)}")
        return Wanted(text, names[0], text)

    @property
    def _one_machine(self) -> bool:
        """Whether all runs have the same machine."""
        machines = {run.machine for run in self.spec.runs.values()}
        keys = {key.split(".")[0] for run in self.spec.runs.values() for key in run.set}
        mappings = {run.mapping for run in self.spec.runs.values()}
        return len(machines) == len(mappings) == 1 and not keys & MachineSpec.model_fields.keys()


def read_goal(name: str) -> Goal:
    """The goal in a file, or shipped by that *name*; raises InputError with every mistake in it."""
    return checked_goal(read_document(find("goal", name), partial(find_base, "goal")))


def checked_goal(document: Document) -> Goal:
    """The goal that *document* describes; raises InputError with every mistake in it."""
    goal = Goal(document.check(GoalSpec), document)
    problems = [*_set_twice(goal), *_unclear(goal), *_not_free(goal)]
    if goal.size > MOST_POINTS:
        problems.append(document.problem(["axes"], f"makes {goal.size:,} points, expected {MOST_POINTS:,} at most"))
    if problems:
        raise InputError(*problems)
    return goal


def _set_twice(goal: Goal) -> Iterator[Problem]:
    """Keys that are set at two places."""
    fixed = {*goal.spec.set, "workload", "machine"}
    yield from set_twice(goal.document, fixed, goal.spec.axes)
    for name, run in goal.spec.runs.items():
        for key in run.set.keys() & (fixed | set(goal.columns)):
            yield goal.document.problem(["runs", name, "set", key], f"{key} is set already")


def _unclear(goal: Goal) -> Iterator[Problem]:
    """Constraints and objectives that cannot be read."""
    for number, text in enumerate(goal.spec.constraints):
        try:
            for key in parse_condition(text).names.values():
                goal.wanted(key)
        except ValueError as error:
            yield goal.document.problem(["constraints", number], str(error))
    for kind in ("minimise", "maximise"):
        for number, text in enumerate(getattr(goal.spec, kind)):
            try:
                goal.wanted(text)
            except ValueError as error:
                yield goal.document.problem([kind, number], str(error))


def _not_free(goal: Goal) -> Iterator[Problem]:
    """Keys that are said not to make a run slower, and are none of the axes."""
    for number, key in enumerate(goal.spec.more_is_not_slower):
        if key not in goal.columns:
            told = f"{key} is no free key{did_you_mean(key, goal.columns)}"
            yield goal.document.problem(["more_is_not_slower", number], told)
