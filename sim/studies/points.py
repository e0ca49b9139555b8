"""The points of a sweep: every combination of the values of its axes, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Any, Final

from sim.files.catalog import find, find_base
from sim.files.described import assignment
from sim.files.documents import Assignment, Document, read_document
from sim.files.errors import InputError, Problem
from sim.files.limits import Search
from sim.files.sweep_spec import Range, SweepSpec, values_of

MOST_POINTS: Final = 1_000_000


@dataclass(frozen=True)
class Point:
    """One run: names as for ``python -m sim run``, and what is set besides, the later over the earlier."""

    workload: str
    machine: str
    assignments: tuple[str, ...] = ()
    mapping: str | None = None
    search: Search | None = None
    simulate_layers: int | None = None


@dataclass(frozen=True)
class Axis:
    """Keys that change together: a row of values for each step; ``workload`` and ``machine`` are keys as well."""

    keys: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Sweep:
    """A sweep as its file has it, and the file."""

    spec: SweepSpec
    document: Document

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What changes, the slowest first: workloads, machines, then the axes of the file in their order."""
        spec = self.spec
        own = [_axis(name, axis) for name, axis in spec.axes.items()]
        return (_axis("workload", spec.workload), _axis("machine", spec.machine), *own)

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of all axes, in their order."""
        return tuple(key for axis in self.axes for key in axis.keys)

    def coordinates(self) -> Iterator[dict[str, Any]]:
        """The values of all keys at every point, the last axis the fastest."""
        for rows in product(*(axis.rows for axis in self.axes)):
            yield {key: value for axis, row in zip(self.axes, rows, strict=True) for key, value in _pairs(axis, row)}

    def point(self, coordinates: dict[str, Any]) -> Point:
        """The run at *coordinates*; messages about what it sets name the sweep's file and line."""
        spec = self.spec
        fixed = [self._assignment(("set", key), key, value) for key, value in spec.set.items()]
        places = {key: place for name, axis in spec.axes.items() for key, place in _places(name, axis)}
        moved = [self._assignment(places[key], key, value) for key, value in coordinates.items() if key in places]
        return Point(
            coordinates["workload"], coordinates["machine"], (*fixed, *moved), spec.mapping, spec.search,
            spec.simulate_layers,
        )  # fmt: skip

    def _assignment(self, place: tuple[str, ...], key: str, value: Any) -> Assignment:
        problem = self.document.problem(place, "")
        return Assignment(assignment(key, value), f"{problem.file}:{problem.line}")


def read_sweep(name: str) -> Sweep:
    """The sweep in a file, or shipped by that *name*; raises InputError with every mistake in it."""
    return checked_sweep(read_document(find("sweep", name), partial(find_base, "sweep")))


def checked_sweep(document: Document) -> Sweep:
    """The sweep that *document* describes; raises InputError with every mistake in it."""
    sweep = Sweep(document.check(SweepSpec), document)
    problems = list(set_twice(document, {*sweep.spec.set, "workload", "machine"}, sweep.spec.axes))
    count = prod(len(axis.rows) for axis in sweep.axes)
    if count > MOST_POINTS:
        problems.append(document.problem(["axes"], f"makes {count:,} points, expected {MOST_POINTS:,} at most"))
    if problems:
        raise InputError(*problems)
    return sweep


def set_twice(document: Document, fixed: set[str], axes: Mapping[str, object]) -> Iterator[Problem]:
    """What to say of keys of *axes* that are *fixed*, or those of another axis."""
    seen = set(fixed)
    for name, axis in axes.items():
        for key, place in _places(name, axis):
            if key in seen:
                yield document.problem(place, f"{key} is set already")
            seen.add(key)


def _axis(name: str, axis: Sequence[Any] | Range | dict[str, Any]) -> Axis:
    if isinstance(axis, dict):
        return Axis(tuple(axis), tuple(zip(*map(values_of, axis.values()), strict=True)))
    values = axis.values if isinstance(axis, Range) else axis
    return Axis((name,), tuple((value,) for value in values))


def _places(name: str, axis: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keys of an axis, each with where it stands in the file."""
    if isinstance(axis, dict):
        yield from ((key, ("axes", name, key)) for key in axis)
    else:
        yield name, ("axes", name)


def _pairs(axis: Axis, row: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    return zip(axis.keys, row, strict=True)
