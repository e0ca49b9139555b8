"""What each axis of a sweep buys: gains from each value to the next with all else equal, and where more is slower.

A gain is the throughput there over the throughput here. Gains of many pairs are told by their geometric mean, so that
those of several steps multiply. Pairs of which a point has failed, or is left out by a constraint, are none.

More of a resource never makes the best mapping slower, but mappings are searched for: a :class:`Break` is a pair in
which more was slower, and says as much of the search as of the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import Any, Final

from hw.machine import MachineSpec
from hw.quantities import parse_quantity
from sim.studies.conditions import UNITS
from sim.studies.points import Axis
from sim.studies.sweep import Row

THROUGHPUT: Final = "tokens_per_second"
RESOURCES: Final = frozenset(
    {
        "clock", "rows", "columns", "lanes", "capacity", "banks", "bank_width", "ports", "channels", "bandwidth",
        "outstanding",
    }
)  # fmt: skip
"""Last words of a machine's keys of which more is never a worse machine."""
LEAST_LOSS: Final = 0.0005
"""Share of the throughput below which more that is slower is not worth a line."""
Place = tuple[int, ...]
"""Where a point is: the number of its value on each axis."""


@dataclass(frozen=True)
class Numbered:
    """A point of a sweep that was run: its ``number`` in the table, from 1, its ``place`` and its ``row``."""

    number: int
    place: Place
    row: Row

    @property
    def throughput(self) -> float:
        """Tokens a second."""
        return float(self.row.outcome.figures[THROUGHPUT] or 0)

    @property
    def binding(self) -> tuple[str, str]:
        """The unit that works most, and the reason for which it waits longest; "" if there is none."""
        found = self.row.outcome.figures
        return str(found.get("busiest_unit") or ""), str(found.get("largest_stall") or "")

    @property
    def above_any_mapping(self) -> float | None:
        """How much longer than by the best mapping it may take."""
        found = self.row.outcome.figures.get("above_any_mapping")
        return None if found is None else float(found)


@dataclass(frozen=True)
class Pair:
    """Two points that differ in one axis."""

    before: Numbered
    after: Numbered

    @property
    def gain(self) -> float:
        """Throughput after over that before."""
        return self.after.throughput / self.before.throughput

    @property
    def binding_changes(self) -> bool:
        """Whether another unit is the busiest, or waits longest for another reason."""
        return self.before.binding != self.after.binding


@dataclass(frozen=True)
class Step:
    """From one value of an axis to another: the numbers of the values, and all ``pairs`` with all else equal."""

    before: int
    after: int
    pairs: tuple[Pair, ...]

    @property
    def mean(self) -> float:
        """The geometric mean of the gains; there is a pair."""
        return geometric_mean([pair.gain for pair in self.pairs])

    @property
    def least(self) -> Pair:
        """The pair that gains least."""
        return min(self.pairs, key=lambda pair: pair.gain)

    @property
    def most(self) -> Pair:
        """The pair that gains most."""
        return max(self.pairs, key=lambda pair: pair.gain)

    @property
    def changes(self) -> int:
        """In how many pairs another stall binds."""
        return sum(pair.binding_changes for pair in self.pairs)


@dataclass(frozen=True)
class Gains:
    """What an axis of several values buys.

    ``steps`` lead from value to value as listed, ``whole`` from the first to the last. ``spread`` is the fastest over
    the slowest of points that differ in nothing else, their geometric mean; 1 where nothing could be compared.
    """

    axis: Axis
    steps: tuple[Step, ...]
    whole: Step
    spread: float


@dataclass(frozen=True)
class Break:
    """A pair in which *more* of the resources of *axis* was slower than *less*, by a share ``loss``."""

    axis: Axis
    less: Numbered
    more: Numbered

    @property
    def loss(self) -> float:
        """The share of the throughput that is lost."""
        return 1 - self.more.throughput / self.less.throughput


def numbered(axes: Sequence[Axis], rows: Sequence[Row]) -> list[Numbered]:
    """All of *rows* with their numbers and places; failed ones as well."""
    places = [{_key(values): number for number, values in reversed(list(enumerate(axis.rows)))} for axis in axes]
    return [
        Numbered(
            number,
            tuple(at[_key([row.coordinates[key] for key in axis.keys])] for axis, at in zip(axes, places, strict=True)),
            row,
        )
        for number, row in enumerate(rows, 1)
    ]


def ran(points: Sequence[Numbered]) -> list[Numbered]:
    """Those of *points* that came to a throughput."""
    return [each for each in points if not each.row.outcome.error and each.row.outcome.figures.get(THROUGHPUT)]


def geometric_mean(values: Sequence[float]) -> float:
    """Of positive *values*; 1 of none.

    >>> round(geometric_mean([1.0, 4.0]), 9)
    2.0
    """
    return exp(sum(map(log, values)) / len(values)) if values else 1.0


def amount(value: Any) -> float | None:
    """A number, or a quantity in its base unit; None for anything else.

    >>> amount(8), amount("1KiB"), amount("mamba2"), amount(True)
    (8.0, 1024.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(parse_quantity(value, UNITS, "2MiB") if isinstance(value, str) else value)
    except ValueError:
        return None


def gains(axes: Sequence[Axis], points: Sequence[Numbered]) -> list[Gains]:
    """What each of *axes* with several values buys, in their order."""
    found = []
    for number, axis in enumerate(axes):
        if len(axis.rows) > 1:
            lines = _lines(number, ran(points))
            steps = tuple(_step(lines, at, at + 1) for at in range(len(axis.rows) - 1))
            found.append(Gains(axis, steps, _step(lines, 0, len(axis.rows) - 1), _spread(lines)))
    return found


def breaks(axes: Sequence[Axis], points: Sequence[Numbered]) -> list[Break]:
    """Where more of a resource was slower by a share of :data:`LEAST_LOSS` or more, the largest loss first."""
    found = [each for each in all_breaks(axes, points) if each.loss >= LEAST_LOSS]
    return sorted(found, key=lambda each: -each.loss)


def all_breaks(axes: Sequence[Axis], points: Sequence[Numbered]) -> Iterator[Break]:
    """Where more of a resource was slower at all: along each axis, from each point that ran to the next with more."""
    for number, axis in enumerate(axes):
        amounts = [_amounts(axis, values) for values in axis.rows]
        known = [at for at, amount in enumerate(amounts) if amount is not None]
        order = sorted(known, key=lambda at: amounts[at] or ())
        for line in _lines(number, ran(points)):
            for less, more in pairwise(line[at] for at in order if at in line):
                few, many = amounts[less.place[number]] or (), amounts[more.place[number]] or ()
                is_more = few != many and all(one <= other for one, other in zip(few, many, strict=True))
                if is_more and more.throughput < less.throughput:
                    yield Break(axis, less, more)


def _lines(number: int, points: Sequence[Numbered]) -> list[Mapping[int, Numbered]]:
    """Points that differ only in axis *number*, by their value there."""
    found: dict[Place, dict[int, Numbered]] = {}
    for each in points:
        rest = (*each.place[:number], *each.place[number + 1 :])
        found.setdefault(rest, {})[each.place[number]] = each
    return list(found.values())


def _step(lines: Sequence[Mapping[int, Numbered]], before: int, after: int) -> Step:
    return Step(before, after, tuple(Pair(line[before], line[after]) for line in lines if {before, after} <= {*line}))


def _spread(lines: Sequence[Mapping[int, Numbered]]) -> float:
    speeds = [[each.throughput for each in line.values()] for line in lines if len(line) > 1]
    return geometric_mean([max(each) / min(each) for each in speeds])


def _amounts(axis: Axis, values: Sequence[Any]) -> tuple[float, ...] | None:
    """So much of each resource of *axis*; None if a key is no resource, or a value no amount."""
    found = [_amount(key, value) for key, value in zip(axis.keys, values, strict=True)]
    return tuple(each for each in found if each is not None) if None not in found else None


def _amount(key: str, value: Any) -> float | None:
    parts = key.split(".")
    return amount(value) if parts[0] in MachineSpec.model_fields and parts[-1] in RESOURCES else None


def _key(values: Sequence[Any]) -> str:
    return json.dumps(list(values), sort_keys=True, default=str)
