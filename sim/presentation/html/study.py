"""All that a page about a sweep is made from, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sim.files.numbers import plural
from sim.presentation.figures.bindings import Bindings, bindings
from sim.presentation.figures.tradeoff import costs, front
from sim.presentation.measures import WORKLOAD, axis_title, varying
from sim.studies.gains import Break, Gains, Numbered, breaks, gains, ran
from sim.studies.points import Axis

MOST_SHOWN = 1200  # points in pictures and in the table
_GOLDEN = 0.6180339887498949  # multiples of it, without their whole part, are spread evenly, however many they are


@dataclass(frozen=True)
class Study:
    """The ``axes`` of a sweep, all of its ``points``, and the ``columns`` of its table."""

    axes: Sequence[Axis]
    points: Sequence[Numbered]
    columns: Sequence[str]

    @cached_property
    def ran(self) -> list[Numbered]:
        """The points that came to something."""
        return ran(self.points)

    @cached_property
    def failed(self) -> list[Numbered]:
        """The others."""
        able = {each.number for each in self.ran}
        return [each for each in self.points if each.number not in able]

    @cached_property
    def gains(self) -> list[Gains]:
        """What axes buy, the largest spread first; workloads are not bought."""
        found = [each for each in gains(self.axes, self.points) if each.axis.keys != WORKLOAD]
        return sorted(found, key=lambda each: -each.spread)

    @cached_property
    def breaks(self) -> list[Break]:
        """Where more is slower."""
        return breaks(self.axes, self.points)

    @cached_property
    def fills(self) -> Bindings:
        """How points are filled."""
        return bindings(self.ran)

    @cached_property
    def by_workload(self) -> dict[int, list[Numbered]]:
        """The points that ran, by the number of their workload."""
        found: dict[int, list[Numbered]] = {}
        for each in self.ran:
            found.setdefault(each.place[0], []).append(each)
        return found

    @cached_property
    def first(self) -> list[Numbered]:
        """All points, in the order in which they are worth showing: fronts, breaks, then evenly spread."""
        fronts = [each for group in self.by_workload.values() for cost in costs(group) for each in front(group, cost)]
        broken = [each for pair in self.breaks for each in (pair.less, pair.more)]
        count = len(self.points)
        spread = sorted(range(count), key=lambda at: (at * _GOLDEN) % 1.0)
        ordered = [*fronts, *broken, *(self.points[at] for at in spread)]
        return list({each.number: each for each in ordered}.values())

    @cached_property
    def shown(self) -> list[Numbered]:
        """The points that pictures and tables show, in the order of the table."""
        return sorted(self.first[:MOST_SHOWN], key=lambda each: each.number)

    @property
    def left_out(self) -> str:
        """What a section says where not all points are shown."""
        count = len(self.points)
        if count <= MOST_SHOWN:
            return ""
        return f" To keep the page small, {MOST_SHOWN:,} of the {count:,} points are shown here; results.csv has all."

    @property
    def words(self) -> str:
        """How many points there are, and along which axes."""
        along = ", ".join(f"{axis_title(self.axes[at])} ({len(self.axes[at].rows)})" for at in varying(self.axes))
        return plural(len(self.points), "point") + (f" along {along}" if along else "")
