"""A fault that is planted into a recorded run, and what planting one takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.support.legality.trace import Slice


@dataclass
class Recorded:
    """A run: the slices of its trace, its result, and its program."""

    slices: list[Slice]
    result: dict[str, Any]
    program: dict[str, Any]

    def copy(self) -> Recorded:
        """One that may be changed."""
        return Recorded(list(map(copy, self.slices)), deepcopy(self.result), deepcopy(self.program))

    def work(self, name: str, **place: int) -> list[Slice]:
        """The work of requests whose name has *name* in it, at a place (``layer``, ``tile``, ``first``, ...)."""
        return [each for each in self.slices if each.kind == "work" and name in each.name and _is_at(each, place)]

    def of(self, kind: str, unit: str = "", reason: str = "") -> list[Slice]:
        """Slices of a *kind*, of a *unit* and a *reason* if given, that last."""
        found = (s for s in self.slices if s.kind == kind and unit in ("", s.unit) and reason in ("", s.reason))
        return [each for each in found if each.cycles]

    def parts(self, request: Slice) -> list[Slice]:
        """All slices of one transfer: its work, and its flight."""
        return [
            each
            for each in self.slices
            if each.kind in ("work", "flight") and each.unit == "dma" and _same(each, request)
        ]

    @property
    def section(self) -> dict[str, Any]:
        """The first section of the program."""
        found: dict[str, Any] = self.program["sections"][0]
        return found

    def buffer(self, name: str) -> dict[str, Any]:
        """A buffer of that section."""
        found: dict[str, Any] = next(each for each in self.section["buffers"] if each["name"] == name)
        return found


def _is_at(each: Slice, place: dict[str, int]) -> bool:
    return not each.unit.startswith("dram.") and all(getattr(each, key) == value for key, value in place.items())


def _same(one: Slice, other: Slice) -> bool:
    return (one.place, one.end) == (other.place, other.end)


Fault = Callable[[Recorded], object]


class Planted(NamedTuple):
    """A fault: into which of the recorded runs it is planted, which check has to notice it, and as what kind."""

    run: str
    check: str
    kind: str
    plant: Fault


FAULTS: dict[str, Planted] = {}
"""All of them, by name."""


def noticed(check: str, kind: str, run: str = "blocks and a pool") -> Callable[[Fault], Fault]:
    """The fault that follows, of a recorded *run*, has to be noticed by a *check* as one of a *kind*."""

    def named(fault: Fault) -> Fault:
        FAULTS[fault.__name__] = Planted(run, check, kind, fault)
        return fault

    return named


def moved(slices: Iterator[Slice] | list[Slice], cycles: int) -> None:
    """Let *slices* be so many cycles later."""
    for each in slices:
        each.start += cycles
        each.end += cycles


def labels_swapped(one: Slice, other: Slice) -> None:
    """Let two slices be about each other's part of the model, at the times at which they were."""
    for key in ("name", "layer", "tile", "first", "last", "block", "lane", "operations", "bytes"):
        first, second = getattr(one, key), getattr(other, key)
        setattr(one, key, second)
        setattr(other, key, first)
