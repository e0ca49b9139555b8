"""Figures of many runs as people read them: what each is called, in which unit, and whether more of it is better."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sim.files.characters import visible
from sim.files.numbers import joules, number, percent
from sim.presentation.titles import shown, title, unit_title
from sim.studies.gains import THROUGHPUT, Numbered
from sim.studies.points import Axis

ENERGY, AREA, ABOVE = "energy_mj_per_token", "area_mm2", "above_any_mapping"
FAILED, NOTHING = "failed", "–"
WORKLOAD, MACHINE = ("workload",), ("machine",)
"""The keys of the axes that say what is run, and on what."""


@dataclass(frozen=True)
class Measure:
    """A figure of a result by its ``name``; ``stronger`` says what a strong colour means on a map of it."""

    name: str
    title: str
    short: str
    text: Callable[[float], str]
    more_is_better: bool
    stronger: str

    def of(self, point: Numbered) -> float | None:
        """Its value at *point*; None if there is none."""
        found = point.row.outcome.figures.get(self.name)
        return None if found is None or isinstance(found, str) else float(found)

    def best(self, points: Sequence[Numbered]) -> Numbered | None:
        """The first of *points* of which none is better; None if no point has a value."""
        known = [(value, each) for each in points if (value := self.of(each)) is not None]
        sign = -1 if self.more_is_better else 1
        return min(known, key=lambda pair: sign * pair[0])[1] if known else None


MEASURES: Final = (
    Measure(THROUGHPUT, "tokens a second", "tokens a second", number, True, "faster"),
    Measure(ENERGY, "energy a token", "energy a token", lambda value: joules(value / 1000), False, "less energy"),
    Measure(AREA, "area", "area", lambda value: f"{number(value)} mm²", False, "smaller"),
    Measure(ABOVE, "above the bound over every mapping", "above the bound", percent, False, "nearer to the bound"),
)
"""Figures that maps and other pictures show; those that no point has are left out."""


def known_measures(points: Sequence[Numbered]) -> list[Measure]:
    """Those that some of *points* have."""
    return [each for each in MEASURES if any(each.of(point) is not None for point in points)]


def by_name(name: str) -> Measure:
    """The measure called *name*."""
    return next(each for each in MEASURES if each.name == name)


def binding_title(binding: tuple[str, str]) -> str:
    """The unit that works most, and what it waits for longest, in words."""
    unit, reason = binding
    return f"{unit_title(unit)}; {title(shown(unit, reason))}" if reason else unit_title(unit)


def axis_title(axis: Axis) -> str:
    """The keys of *axis*; of those with the same beginning it stands once.

    >>> axis_title(Axis(("mac_array.rows", "mac_array.columns"), ()))
    'mac_array.rows × columns'
    """
    first, *others = axis.keys
    before, _, _ = first.rpartition(".")
    return visible(" × ".join([first, *(key.removeprefix(f"{before}.") for key in others)]))


def value_title(axis: Axis, number: int) -> str:
    """The value of *axis* that has this *number*."""
    return visible(" × ".join(map(plain, axis.rows[number])))


def plain(value: Any) -> str:
    """A value of an axis as YAML writes it."""
    return value if isinstance(value, str) else json.dumps(value)


def varying(axes: Sequence[Axis]) -> list[int]:
    """The numbers of those of *axes* that have several values."""
    return [number for number, axis in enumerate(axes) if len(axis.rows) > 1]


def place_words(axes: Sequence[Axis], point: Numbered, left_out: Sequence[int] = ()) -> str:
    """Where *point* is, in words: its values on the *axes* that have several, but those *left_out*."""
    told = []
    for at in varying(axes):
        if at not in left_out:
            value = value_title(axes[at], point.place[at])
            told.append(value if axes[at].keys in (WORKLOAD, MACHINE) else f"{axis_title(axes[at])} {value}")
    return ", ".join(told) or value_title(axes[0], point.place[0])


def point_key(point: Numbered) -> str:
    """What marks, cells and rows about *point* have in common; its place on a page."""
    return f"point-{point.number}"
