"""Which part of a run a trace shows, so that a whole model gives a file that opens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sim.files.errors import InputError, Problem
from sim.trace.slices import Mask, Numbers


@dataclass(frozen=True)
class Window:
    """The part of a run to record: layers, tokens or cycles, ``first`` to ``last``, both inclusive, from 0."""

    kind: Literal["layer", "token", "cycle"]
    first: int
    last: int

    def holds(self, first: Numbers, last: Numbers) -> Mask:
        """Whether any of *first* to *last*, both inclusive, is in the window, for many of them."""
        return (first <= self.last) & (last >= self.first)


def parse_window(text: str | None) -> Window | None:
    """``layer:0-1``, ``token:64-95``, ``cycle:0-1000000`` or one number for both ends; None records everything.

    Raises InputError for anything else.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(layer|token|cycle):(\d+)(?:-(\d+))?", text)
    if found is None:
        raise InputError(Problem("must be layer:0-1, token:64-95 or cycle:0-1000000", f"--window {text}"))
    first = int(found[2])
    last = int(found[3]) if found[3] else first
    if last < first:
        raise InputError(Problem("ends before it begins", f"--window {text}"))
    kind: Literal["layer", "token", "cycle"] = found[1]  # type: ignore[assignment]
    return Window(kind, first, last)
