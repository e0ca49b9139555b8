"""What an explanation consists of, as JSON and as Python objects; docs/result.md says what the fields mean."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pydantic import Field

from sim.accounting.result import Result, ResultModel
from sim.accounting.shown import ShownAsText
from sim.explanation.elasticity import Sensitivities
from workloads.workload_spec import MappingSpec

WORTH_NAMING = 0.01  # of the time
SPREAD = 0.25  # of the largest, or
POINTS = 0.02  # of the time: what differs no more between schedules is said plainly


class Range(ResultModel):
    """The least and the greatest of a figure, over the schedule explained and all others that were looked at."""

    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Range:
        """That of *values*, of which there is one at least."""
        return cls(least=min(values), most=max(values))

    @property
    def robust(self) -> bool:
        """Whether the figure, a share or a gain above one, is much the same with each schedule."""
        largest = max(abs(self.least), abs(self.most))
        return self.most - self.least <= max(POINTS, SPREAD * largest)


class Rung(ResultModel):
    """One effect switched on: the makespan with it and all before it, and what it added.

    ``near_shares`` are what it adds with each of the schedules near the best, as shares of the time.
    """

    effect: str
    description: str
    assignment: str
    cycles: int
    added_cycles: int
    near_shares: list[float] = Field(default_factory=list)


class WhatIf(ResultModel):
    """What a change of the machine buys: makespan now over makespan then; None where the schedule does not fit.

    ``near_gains`` are what each of the schedules near the best gains if it is kept, and ``mappings`` those of the new
    schedule, or of the same where there is no new one: one for each kind of layer, as wishes that leave nothing open.
    Where it makes one array of several, ``joins`` are these, and ``idle_at_edges`` the shares of the time in which a PE
    has no work at edges, now and then.
    """

    name: str
    assignments: list[str]
    same_schedule: float | None
    new_schedule: float | None
    near_gains: list[float | None] = Field(default_factory=list)
    mappings: list[MappingSpec] = Field(default_factory=list)
    joins: list[str] = Field(default_factory=list)
    idle_at_edges: tuple[float, float] | None = None

    @property
    def best(self) -> float:
        """The greater of the two."""
        return max(self.same_schedule or 0.0, self.new_schedule or 0.0)

    @property
    def kept(self) -> Range | None:
        """What a schedule that is kept gains, over all that fit; None if none does."""
        fitting = [gain for gain in (self.same_schedule, *self.near_gains) if gain is not None]
        return Range.of(fitting) if fitting else None

    @property
    def options(self) -> str:
        """What repeats it, behind ``run`` and the like, quoted for a shell."""
        return repeating(self.assignments, self.mappings)


class Pair(ResultModel):
    """Two changes together, with a new schedule, and the product of what each buys alone."""

    names: list[str]
    assignments: list[str]
    new_schedule: float
    product: float
    mappings: list[MappingSpec]

    @property
    def options(self) -> str:
        """What repeats it, behind ``run`` and the like, quoted for a shell."""
        return repeating(self.assignments, self.mappings)


class NearSchedule(ResultModel):
    """A schedule near the best: its time as a multiple of the explained one's, and how busy units are, 0 to 1."""

    of_explained: float
    busy: dict[str, float]
    mappings: list[MappingSpec]


class Explanation(ShownAsText, ResultModel):
    """All of it; ``result`` is the run that is explained, by ``mappings``, one for each kind of layer.

    ``near`` are the schedules that were looked at beside it: the most unlike of ``near_tried`` mappings that were tried
    and took up to ``near_share`` longer than the best. ``sensitivities`` are there on wish.
    """

    command: str
    cycles_per_token_layer: float
    result: Result
    rungs: list[Rung]
    what_ifs: list[WhatIf]
    words: str
    near_share: float = 0.0
    near_tried: int = 0
    mappings: list[MappingSpec] = Field(default_factory=list)
    near: list[NearSchedule] = Field(default_factory=list)
    pairs: list[Pair] = Field(default_factory=list)
    sensitivities: Sensitivities | None = None

    def shares(self, rung: Rung) -> Range:
        """What *rung* adds, as a share of the time, over all schedules."""
        return Range.of([rung.added_cycles / self.result.makespan_cycles, *rung.near_shares])

    def options(self, change: WhatIf | Pair) -> str:
        """What repeats a *change*, without the mapping where that is the one explained."""
        return repeating(change.assignments, [] if change.mappings == self.mappings else change.mappings)

    @property
    def busiest(self) -> list[str]:
        """The busiest unit of each schedule, that of the explained one first."""
        every = [self.result.busy, *(each.busy for each in self.near)]
        return [max(units, key=units.__getitem__) for units in every]

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"

    def __str__(self) -> str:
        return self._repr_markdown_()

    def _repr_markdown_(self) -> str:
        from sim.presentation.markdown import explanation

        return explanation(self)


def repeating(assignments: Sequence[str], mappings: Sequence[MappingSpec]) -> str:
    """The options that make *assignments*, and wish for the mapping, if it is one."""
    wishes = [f"mapping={each.model_dump_json(exclude_defaults=True)}" for each in mappings]
    said = [*assignments, *(wishes if len(wishes) == 1 else [])]
    return shlex.join([word for each in said for word in ("--set", each)])
