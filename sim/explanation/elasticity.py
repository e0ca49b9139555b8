"""What a sensitivity consists of, as JSON and as Python objects; docs/result.md says what the fields mean."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from hw.unit_names import DMA
from sim.accounting.result import ResultModel

SHOWN = 0.005  # of the makespan
Part = Literal["work", "rest", "tail"]
"""Of durations: a request's own cycles; what it takes longer than these; what passes then until its result is there."""


class Duration(NamedTuple):
    """What is scaled: a *part* of the requests of a *unit*, all compute units if it has no name, or of one *stream*."""

    unit: str
    stream: str
    part: Part

    @property
    def label(self) -> str:
        """What people call it."""
        whose = self.unit or "all compute units"
        if self.part == "tail":
            return f"pipeline latency of {whose}"
        if self.part == "rest":
            return "DRAM latency, turnaround and refresh" if self.unit == DMA else f"bank conflicts of {whose}"
        name = "DRAM transfers" if self.unit == DMA else whose
        return f"{self.stream} on {self.unit}" if self.stream else name


class Side(ResultModel):
    """What happens if the durations get shorter, or longer.

    ``elasticity``: percent of the makespan for a percent of them. That is exact until they have changed by the share
    ``exact_until``, where ``bends_to`` gains critical time, and right to a percent of the makespan until
    ``right_until``, by when ``leaves_to`` has gained most; None where that does not happen before they take no time, or
    twice as much.
    """

    elasticity: float
    exact_until: float | None = None
    bends_to: str = ""
    right_until: float | None = None
    leaves_to: str = ""


class Point(ResultModel):
    """With durations changed by the share ``change`` the makespan changes by ``held`` in the order that is kept.

    ``free`` is by how much it changes if it is run again, with units free to choose; None if that was not done.
    """

    change: float
    held: float
    free: float | None = None


class Sensitivity(ResultModel):
    """How the makespan depends on one class of durations, ``cycles`` in all; ``keys`` of the machine scale all of them.

    ``unit`` is empty for all compute units together, ``stream`` for all of a unit.
    """

    unit: str
    stream: str
    part: Part
    keys: list[str] = Field(default_factory=list)
    cycles: int
    faster: Side
    slower: Side
    points: list[Point] = Field(default_factory=list)

    @property
    def duration(self) -> Duration:
        """What is scaled."""
        return Duration(self.unit, self.stream, self.part)

    @property
    def matters(self) -> bool:
        """Whether it moves the makespan enough to stand in a table, by itself or with one of its changes."""
        return max([self.largest, *(abs(point.held) for point in self.points)]) >= SHOWN

    @property
    def largest(self) -> float:
        """The greater of its elasticities."""
        return max(self.faster.elasticity, self.slower.elasticity)


class Sensitivities(ResultModel):
    """All of them, of the makespan ``makespan_cycles`` of a job of which ``simulated_layers`` layers were recorded.

    Of the ``requests`` recorded, ``lagging`` started later than anything that they are known to wait for.
    """

    makespan_cycles: int
    simulated_layers: int | None
    requests: int
    lagging: int
    classes: list[Sensitivity]
    words: str = ""

    def of(self, unit: str, stream: str = "", part: Part = "work") -> Sensitivity:
        """That of one class; raises KeyError."""
        for each in self.classes:
            if each.duration == (unit, stream, part):
                return each
        raise KeyError((unit, stream, part))

    @property
    def by_key(self) -> dict[str, Sensitivity]:
        """Those of which a key of the machine scales all durations: twice the lanes make them half as long."""
        return {key: each for each in self.classes for key in each.keys}
