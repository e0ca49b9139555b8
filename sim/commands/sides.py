"""The sides of a comparison: a workload with changes of its own, ``mamba2:simd.lanes=64``, or a result in a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.accounting.result import Result

_NEXT = re.compile(r",(?=\s*[A-Za-z_][\w.]*=)")  # a comma before the next PATH=


@dataclass(frozen=True)
class Side:
    """What the user *said*: the ``name`` of a workload or of a result's file, and assignments for this side alone."""

    said: str
    name: str
    assignments: tuple[str, ...]

    @property
    def is_result(self) -> bool:
        """Whether it is the file of a result: JSON that is not the ``config.json`` of a model."""
        if not self.name.endswith(".json"):
            return False
        from sim.files.checkpoint import is_checkpoint

        return not is_checkpoint(Path(self.name))

    def label(self, result: Result) -> str:
        """What its run is called: workload, machine, and what is set for it alone."""
        return ", ".join([f"{result.workload} on {result.machine}", *self.assignments])


def parse_side(text: str) -> Side:
    """``NAME`` or ``NAME:PATH=VALUE,PATH=VALUE``; raises InputError for a path that is set twice.

    >>> parse_side("mamba2:simd.lanes=64,ideal=[edges, buffers]").assignments
    ('simd.lanes=64', 'ideal=[edges, buffers]')
    """
    from sim.files.documents import Assignment, check_distinct

    name, colon, rest = text.partition(":")
    if not colon or Path(text).is_file():
        return Side(text, text, ())
    found = tuple(Assignment(part.strip(), text) for part in _NEXT.split(rest))
    check_distinct(found)
    return Side(text, name, found)


def labels(sides: Sequence[tuple[Side, Result]]) -> Iterator[str]:
    """A label for each side and its result: those that would be alike have what the user said behind them."""
    plain = [side.label(result) for side, result in sides]
    count = Counter(plain)
    for number, ((side, _), label) in enumerate(zip(sides, plain, strict=True), start=1):
        yield label if count[label] == 1 else f"{label} ({number}: {side.said})"


def read_result(path: Path) -> Result:
    """The result in a file, which must have a critical path; raises InputError."""
    from sim.presentation.figures.written import read_evidence

    result = read_evidence(path).result
    if result is None:
        raise InputError(Problem("found another output, expected a result of run", str(path)))
    if result.critical_path is None:
        raise InputError(
            Problem("is missing: write it with run --critical-path --json", str(path), key="critical_path")
        )
    return result
