"""A comparison of one number of ours with reference data, and what many of them come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from statistics import median


class SuiteSkipped(Exception):
    """What a suite needs is not there; says in a line what that is."""


@dataclass(frozen=True)
class Case:
    """*quantity* of *name*, as the reference has it and as our model predicts it.

    *tolerance* is the greatest relative error, either way, that the model claims; without end if it claims nothing.
    """

    suite: str
    group: str
    name: str
    quantity: str
    reference: float
    predicted: float
    tolerance: float

    @property
    def error(self) -> float:
        """Relative to the reference; positive if too much is predicted."""
        if self.predicted == self.reference:
            return 0.0
        return (self.predicted - self.reference) / self.reference if self.reference else inf

    @property
    def holds(self) -> bool:
        """Whether the error is within the tolerance."""
        return abs(self.error) <= self.tolerance

    @property
    def verdict(self) -> str:
        """``holds``, ``out of tolerance``, or ``no claim``."""
        return _verdict(self.holds, self.tolerance)


@dataclass(frozen=True)
class Summary:
    """The cases of one group of one suite: how many, their errors' sizes, and how many are out of tolerance."""

    suite: str
    group: str
    cases: int
    worst: float
    median: float
    tolerance: float
    broken: int

    @property
    def verdict(self) -> str:
        """That of its cases: ``out of tolerance`` if one of them is."""
        return _verdict(not self.broken, self.tolerance)


def _verdict(holds: bool, tolerance: float) -> str:
    if tolerance == inf:
        return "no claim"
    return "holds" if holds else "out of tolerance"


def grouped(cases: Iterable[Case]) -> dict[tuple[str, str], list[Case]]:
    """*cases* by (suite, group), in order of first appearance."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.suite, case.group), []).append(case)
    return groups


def worst(cases: Iterable[Case]) -> Case:
    """The first of those with the largest error."""
    return max(cases, key=lambda case: abs(case.error))


def summarise(cases: Iterable[Case]) -> list[Summary]:
    """One summary a group; its tolerance is the widest of its cases."""
    return [
        Summary(
            suite,
            group,
            len(members),
            abs(worst(members).error),
            median(abs(case.error) for case in members),
            max(case.tolerance for case in members),
            sum(not case.holds for case in members),
        )
        for (suite, group), members in grouped(cases).items()
    ]
