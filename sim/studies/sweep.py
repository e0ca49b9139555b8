"""A sweep from its file to its table: which points there are, which are known, and the others computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sim.files.errors import InputError, Problem, in_one_line
from sim.files.progress import ProgressCallback
from sim.files.resolve import checked
from sim.studies.conditions import Condition, broken, parse_condition
from sim.studies.evaluate import Outcome, inputs_of
from sim.studies.identity import key
from sim.studies.points import Point, Sweep
from sim.studies.store import Store
from sim.studies.workers import Workers


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
            inputs = checked(documents) if wanted or not found else None  # the first tells of keys that are none
            if inputs is None or broken(wanted, inputs) is None:
                found.append(Planned(coordinates, point, key(documents, point.search, point.simulate_layers)))
        except InputError as error:
            if is_of_all(error):
                raise
            found.append(Planned(coordinates, point, error=in_one_line(str(error.problems[0]))))
        except ValueError as error:
            raise InputError(sweep.document.problem(["constraints"], str(error))) from None
    if not found:
        raise InputError(sweep.document.problem(["constraints"], "leave no point"))
    return found


def is_of_all(error: InputError) -> bool:
    """Whether *error* is one of the sweep, not of some values: a file or a key that there is not."""
    told = error.problems[0].message
    return told.startswith(("unknown key", "no such file", "is no key"))


def compute(
    planned: list[Planned], store: Store, workers: AbstractContextManager[Workers], progress: ProgressCallback
) -> list[Row]:
    """A row for each of *planned*; what the *store* does not know the *workers* compute, and it is kept as it comes.

    *progress* is called with (points done, in all). Workers are asked for only if there is something to compute.
    """
    known = store.known(each.key for each in planned if each.key)
    missing = list({each.key: each for each in planned if each.key and each.key not in known}.values())
    total = len(missing)
    if missing:
        with workers as ready:
            for number, (at, outcome) in enumerate(ready.outcomes([each.point for each in missing]), 1):
                each = missing[at]
                known[each.key] = outcome
                if not outcome.died:
                    store.add([(each.key, each.point, outcome)])
                progress(number, total)
    return [Row(each.coordinates, each.point, _outcome(each, known)) for each in planned]


def _outcome(each: Planned, known: dict[str, Outcome]) -> Outcome:
    return known[each.key] if each.key else Outcome({}, error=each.error)


def failed(rows: list[Row]) -> Iterator[Row]:
    """Those of *rows* that have an error."""
    return (row for row in rows if row.outcome.error)
