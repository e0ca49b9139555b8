"""A sweep from its file to its table: which points there are, which are known, and the others computed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sim.files.documents import Document
from sim.files.errors import InputError, Problem, in_one_line
from sim.files.progress import ProgressCallback
from sim.files.resolve import Inputs, checked
from sim.studies.conditions import Condition, broken, parse_condition
from sim.studies.evaluate import Outcome, inputs_of
from sim.studies.identity import key
from sim.studies.neighbours import are_free, improved
from sim.studies.outcomes import Keyed, Outcomes, Ready
from sim.studies.points import Point, Sweep
from sim.studies.store import Store


@dataclass(frozen=True)
class Row:
    """A point of a sweep: where it is, what is run there, and what came of it."""

    coordinates: dict[str, Any]
    point: Point
    outcome: Outcome


def conditions(sweep: Sweep) -> tuple[Condition, ...]:
    """The constraints of *sweep*; raises InputError with every mistake in them."""
    found: list[Condition] = []
    problems: list[Problem] = []
    for number, text in enumerate(sweep.spec.constraints):
        try:
            found.append(parse_condition(text))
        except ValueError as error:
            problems.append(sweep.document.problem(["constraints", number], str(error)))
    if problems:
        raise InputError(*problems)
    return tuple(found)


@dataclass(frozen=True)
class Planned:
    """A point that meets the constraints; its ``key``, or the ``error`` of inputs that cannot be read."""

    coordinates: dict[str, Any]
    point: Point
    key: str = ""
    error: str = ""


def planned(sweep: Sweep) -> list[Planned]:
    """The points of *sweep* in their order, without those that its constraints leave out.

    Raises InputError for mistakes in the sweep itself: a constraint, a key that is none, no point that is left.
    """
    wanted, found = conditions(sweep), list[Planned]()
    for coordinates in sweep.coordinates():
        point = sweep.point(coordinates)
        try:
            documents = inputs_of(point)
            inputs = _checked(documents) if wanted or not found else None  # the first tells of keys that are none
            if inputs is None or broken(wanted, inputs) is None:
                found.append(Planned(coordinates, point, key(documents, point.search, point.simulate_layers)))
        except InputError as error:
            if error.names_nothing:
                raise
            found.append(Planned(coordinates, point, error=in_one_line(str(error.problems[0]))))
        except ValueError as error:
            raise InputError(sweep.document.problem(["constraints"], str(error))) from None
    if not found:
        raise InputError(sweep.document.problem(["constraints"], "leave no point"))
    return found


def _checked(documents: tuple[Document, Document]) -> Inputs | None:
    """The inputs in *documents*; None where a value is wrong, as its run will say. Raises InputError for the rest."""
    try:
        return checked(documents)
    except InputError as error:
        if error.names_nothing:
            raise
        return None


def compute(
    sweep: Sweep, planned: Sequence[Planned], store: Store, workers: Ready, progress: ProgressCallback
) -> list[Row]:
    """A row for each of *planned*; what the *store* does not know the *workers* compute, and it is kept as it comes.

    Where mappings are searched for, points try those of their neighbours as well. *progress* is called with (runs done,
    runs known to be needed). Workers are asked for only if there is something to compute.
    """
    with ExitStack() as stack:
        outcomes = Outcomes(store, workers, stack, progress)

        def run(points: Sequence[Point]) -> list[Outcome]:
            return _outcomes(points, list(map(_identity, points)), outcomes)

        points = [each.point for each in planned]
        found = _outcomes(points, [(each.key, each.error) for each in planned], outcomes)
        best = list(zip(points, found, strict=True))
        if sweep.spec.neighbours and sweep.spec.mapping is None and are_free((*sweep.spec.set, *sweep.columns)):
            best = improved(sweep.axes, [each.coordinates for each in planned], points, found, run)
    pairs = zip(planned, best, strict=True)
    return [Row(each.coordinates, point, outcome) for each, (point, outcome) in pairs]


def _outcomes(points: Sequence[Point], known_by: Sequence[tuple[str, str]], outcomes: Outcomes) -> list[Outcome]:
    """What *points* come to, each *known by* its key, or the error of inputs that cannot be read."""
    pairs = list(zip(points, known_by, strict=True))
    found = iter(outcomes.of([Keyed(key, point) for point, (key, error) in pairs if not error]))
    return [Outcome({}, error=error) if error else next(found) for _, (_, error) in pairs]


def _identity(point: Point) -> tuple[str, str]:
    """The key of *point*, or the error of inputs that cannot be read."""
    try:
        return key(inputs_of(point), point.search, point.simulate_layers), ""
    except InputError as error:
        return "", in_one_line(str(error.problems[0]))
