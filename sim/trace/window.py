"""Which part of a run a trace shows, so that a whole model gives a file that opens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sim.accounting.scaling import lengths
from sim.files.errors import InputError, Problem
from sim.lowering.section import Section
from sim.trace.slices import Mask, Numbers


class NothingShown(InputError):
    """Nothing of a run that has been done was in the window of its trace, which is not written."""


@dataclass(frozen=True)
class Window:
    """The part of a run to record: layers, tokens or cycles, ``first`` to ``last``, both inclusive, from 0."""

    kind: Literal["layer", "token", "cycle"]
    first: int
    last: int

    def __str__(self) -> str:
        return f"--window {self.kind}:{self.first}" + (f"-{self.last}" if self.last != self.first else "")

    def check(self, sections: Iterable[Section], simulate_layers: int | None = None) -> None:
        """Raise InputError if no layer or no token of a run of *sections* is in it; cycles are known after the run."""
        bodies = [section for section in sections if not section.stack.head]
        if self.kind == "cycle" or not bodies:
            return
        if self.kind == "layer":
            last = ((each, lengths(each.program.layers, simulate_layers)[0] - 1) for each in bodies)
            ranges = list(dict.fromkeys((each.first_layer, each.layer_of(number)) for each, number in last))
        else:
            ranges = [(0, max(each.stack.steps * each.stack.graph.tokens for each in bodies) - 1)]
        if not any(first <= self.last and last >= self.first for first, last in ranges):
            raise InputError(Problem(self._outside(ranges), str(self)))

    def nothing_in(self, cycles: int) -> NothingShown:
        """The error that nothing of a run of so many *cycles* was in it."""
        return NothingShown(Problem(self._outside([(0, cycles - 1)]), str(self)))

    def _outside(self, ranges: Sequence[tuple[int, int]]) -> str:
        listed = ", ".join(f"{first} to {last}" if last > first else str(first) for first, last in ranges)
        return f"holds nothing of the run, which shows {self.kind}s {listed}"

    def holds(self, first: Numbers, last: Numbers) -> Mask:
        """Whether any of *first* to *last*, both inclusive, is in the window, for many of them."""
        return (first <= self.last) & (last >= self.first)


def parse_window(text: str | None) -> Window | None:
    """``layer:0-1``, ``token:64-95``, ``cycle:0-1000000`` or one number for both ends; None records everything.

    Raises InputError for anything else.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(layer|token|cycle):([0-9]{1,18})(?:-([0-9]{1,18}))?", text)
    if found is None:
        raise InputError(Problem("must be layer:0-1, token:64-95 or cycle:0-1000000", f"--window {text}"))
    first = int(found[2])
    last = int(found[3]) if found[3] else first
    if last < first:
        raise InputError(Problem("ends before it begins", f"--window {text}"))
    kind: Literal["layer", "token", "cycle"] = found[1]  # type: ignore[assignment]
    return Window(kind, first, last)
