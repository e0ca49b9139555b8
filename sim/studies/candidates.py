"""The points of a goal, with what is known of them before any run: values of keys, area, bounds of every mapping."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from hw.machine import MachineSpec
from sim.accounting.certificate import any_mapping_cycles
from sim.accounting.least_work import least_cycles, least_mj_per_token
from sim.files.documents import Document
from sim.files.equations import with_equations
from sim.files.errors import InputError, in_one_line
from sim.files.resolve import Inputs, build_workload
from sim.lowering.section import cost_model
from sim.studies.conditions import DERIVED, Condition, value_at
from sim.studies.evaluate import inputs_of
from sim.studies.goal import Goal, Wanted
from sim.studies.identity import key
from sim.studies.points import Point
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

OF_ENERGY: Final = frozenset({"energy_mj_per_token", "energy_delay_js"})
CYCLES: Final = 10**9  # for which energy is looked at: it is linear in time
KEPT: Final = 16  # workloads that are built once


@dataclass(frozen=True)
class Side:
    """One run at a point: its ``key`` in the store, and what it takes at least.

    Energy in mJ a token is at least ``mj`` and ``mj_per_cycle`` for each cycle; 0 where nobody asks.
    """

    point: Point
    key: str
    tokens: int
    clock: int
    cycles: int
    mj: float = 0.0
    mj_per_cycle: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """A point that may be the answer: its ``number`` in the grid, its runs, and the ``values`` of names known before.

    ``levels`` are the values of the keys of which more is not slower.
    """

    number: int
    coordinates: dict[str, Any]
    sides: dict[str, Side]
    values: dict[str, float]
    levels: tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """All points of a goal: ``size`` in all, of which some break a constraint by their inputs, and some are ``wrong``.

    ``wrong`` says of each, by its number, what is.
    """

    size: int
    candidates: list[Candidate]
    wrong: dict[int, str]

    @property
    def left_out(self) -> int:
        """Points that constraints on inputs leave out."""
        return self.size - len(self.candidates) - len(self.wrong)


class Builder:
    """Builds inputs of points; workloads that are alike once."""

    def __init__(self) -> None:
        self._workloads: dict[str, Workload] = {}

    def inputs(self, documents: tuple[Document, Document]) -> Inputs:
        """What *documents* describe; raises InputError."""
        workload, machine = documents
        data = json.dumps([with_equations(workload).data, workload.replaced.get("layers")], default=str)
        if data not in self._workloads:
            if len(self._workloads) >= KEPT:
                self._workloads.clear()
            self._workloads[data] = build_workload(workload)
        return Inputs(self._workloads[data], machine.check(MachineSpec), documents)


def grid(goal: Goal, progress: Callable[[int, int], None] = lambda done, total: None) -> Grid:
    """The points of *goal*; raises InputError for mistakes of all of them, and if no point is left."""
    build, candidates, wrong = Builder(), list[Candidate](), dict[int, str]()
    for number, coordinates in enumerate(goal.coordinates()):
        try:
            found = _candidate(goal, number, coordinates, build)
        except InputError as error:
            if error.names_nothing:
                raise
            wrong[number] = in_one_line(str(error.problems[0]))
            found = None
        if found is not None:
            candidates.append(found)
        progress(number + 1, goal.size)
    if not candidates:
        told = f": {next(iter(wrong.values()))}" if wrong else ""
        raise InputError(goal.document.problem(["constraints"], f"leave no point{told}"))
    return Grid(goal.size, candidates, wrong)


def _candidate(goal: Goal, number: int, coordinates: dict[str, Any], build: Builder) -> Candidate | None:
    """The point at *coordinates*; None if it breaks a constraint whatever its runs come to."""
    written = dict(_written(goal, coordinates))
    if any(not _holds(goal, condition, of, written) for condition, of in goal.conditions):
        return None
    points = goal.points(coordinates)
    documents = {name: inputs_of(point) for name, point in points.items()}
    inputs = {name: build.inputs(each) for name, each in documents.items()}
    values = dict(_values(goal, inputs))
    if any(not _holds(goal, condition, of, values) for condition, of in goal.conditions):
        return None
    energy = any(each.key in OF_ENERGY for each in goal.all_wanted.values())
    sides = {}
    for name, point in points.items():
        with inputs[name].placing():
            sides[name] = _side(point, inputs[name], energy)
    first = next(iter(inputs.values()))
    levels = tuple(_level(goal, at, first) for at in range(len(goal.spec.more_is_not_slower)))
    return Candidate(number, coordinates, sides, values, levels)


def _side(point: Point, inputs: Inputs, energy: bool) -> Side:
    workload, machine = inputs.workload, inputs.machine
    mj = least_mj_per_token(workload, machine, 0) if energy else 0.0
    slope = (least_mj_per_token(workload, machine, CYCLES) - mj) / CYCLES if energy else 0.0
    return Side(
        point, key(inputs.documents, point.search, point.simulate_layers), workload.tokens, machine.clock,
        least_cycles(workload, machine), mj, slope,
    )  # fmt: skip


def _written(goal: Goal, coordinates: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Names whose numbers stand in the goal, so that nothing has to be read or built to know them."""
    known = goal.spec.set | coordinates
    for text, wanted in goal.all_wanted.items():
        found = known.get(wanted.key)
        if isinstance(found, int | float) and not isinstance(found, bool):
            yield text, float(found)


def _values(goal: Goal, inputs: dict[str, Inputs]) -> Iterator[tuple[str, float]]:
    for text, wanted in goal.all_wanted.items():
        found = _known(goal, wanted, inputs[wanted.run])
        if found is not None:
            yield text, found


def _known(goal: Goal, wanted: Wanted, inputs: Inputs) -> float | None:
    """The number that *inputs* have by that name; None for a figure, which takes a run."""
    first = wanted.key.split(".")[0]
    if wanted.key not in DERIVED and first not in {*MachineSpec.model_fields, *WorkloadSpec.model_fields}:
        return None
    try:
        found = value_at(inputs, wanted.key)
    except ValueError as error:
        if wanted.key in DERIVED:
            raise InputError(goal.document.problem(place_of(goal, wanted), str(error))) from None
        return None  # mapping.blocks, say, of which there is a figure too
    return None if isinstance(found, bool) or not isinstance(found, int | float) else float(found)


def place_of(goal: Goal, wanted: Wanted) -> list[str | int]:
    """Where *goal* names what is *wanted* first."""
    for kind in ("minimise", "maximise"):
        listed = getattr(goal.spec, kind)
        if wanted.text in listed:
            return [kind, listed.index(wanted.text)]
    numbers = (number for number, (_, of) in enumerate(goal.conditions) if wanted in of.values())
    return ["constraints", next(numbers, 0)]


def _holds(goal: Goal, condition: Condition, of: dict[str, Wanted], values: dict[str, float]) -> bool:
    """Whether *condition* holds, or may hold for all that is known."""
    if any(each.text not in values for each in of.values()):
        return True
    try:
        return condition.holds(values.__getitem__)
    except ValueError as error:
        number = goal.spec.constraints.index(condition.text)
        raise InputError(goal.document.problem(["constraints", number], str(error))) from None


def _level(goal: Goal, number: int, inputs: Inputs) -> float:
    name = goal.spec.more_is_not_slower[number]
    try:
        found = value_at(inputs, name)
    except ValueError:
        found = None
    if isinstance(found, bool) or not isinstance(found, int | float):
        told = f"{name} is {found!r}, expected a key whose value is a number"
        raise InputError(goal.document.problem(["more_is_not_slower", number], told))
    return float(found)


def certified_cycles(point: Point) -> int:
    """What a run of *point* takes at least by the certificate over every mapping; raises InputError."""
    inputs = Builder().inputs(inputs_of(point))
    with inputs.placing():
        return any_mapping_cycles((stack, cost_model(stack, inputs.machine)) for stack in inputs.workload.stacks)
