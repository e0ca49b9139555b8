"""A trace in ``.csv.gz`` as docs/traces.md explains it, read row by row with nothing but Python's own csv."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NUMBERS = (
    "id", "start_cycle", "end_cycle", "clocks", "layer", "first_token", "last_token", "tile", "block", "lane", "bytes",
    "ready_cycle", "cause",
)  # fmt: skip


class Unreadable(Exception):
    """A file that is not what the checker is told it is: what and where."""


@dataclass
class Slice:
    """A row of the trace; a number that says nothing is None."""

    kind: str
    id: int | None
    unit: str
    track: str
    name: str
    start: int
    end: int
    reason: str
    clocks: int | None
    layer: int | None
    first: int | None
    last: int | None
    tile: int | None
    block: int | None
    lane: int | None
    bytes: int
    operations: tuple[str, ...]
    ready: int | None
    cause: int | None
    request: str
    value: float | None

    @property
    def cycles(self) -> int:
        """How long it lasts."""
        return self.end - self.start

    @property
    def place(self) -> tuple[object, ...]:
        """Which part of the model it is about."""
        return self.name, self.layer, self.tile, self.first, self.last, self.block, self.lane

    @property
    def words(self) -> str:
        """What a finding calls it."""
        inside = [f"{what} {n}" for what, n in (("block", self.block), ("lane", self.lane)) if n is not None]
        place = ", ".join([f"layer {self.layer}", f"tile {self.tile}", f"tokens {self.first}-{self.last}", *inside])
        return f"slice {self.id} ({self.name} on {self.unit}, {place}, cycles {self.start}-{self.end})"


def read_trace(path: Path) -> list[Slice]:
    """All rows of the trace at *path*; raises Unreadable."""
    try:
        with gzip.open(path, "rt", newline="", encoding="utf-8") as stream:
            return slices(csv.DictReader(stream))
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise Unreadable(f"{path}: is no trace in .csv.gz: {error}") from None


def slices(rows: Iterable[dict[str, str]]) -> list[Slice]:
    """Slices of *rows* of text."""
    return [_slice(row) for row in rows]


def _slice(row: dict[str, str]) -> Slice:
    n = {name: int(row[name]) if row[name] else None for name in NUMBERS}
    start, end = n["start_cycle"], n["end_cycle"]
    if start is None or end is None:
        raise ValueError("a row has no cycles")
    operations = tuple(row["operations"].split(", ")) if row["operations"] else ()
    return Slice(
        row["kind"], n["id"], row["unit"], row["track"], row["name"], start, end, row["reason"], n["clocks"],
        n["layer"], n["first_token"], n["last_token"], n["tile"], n["block"], n["lane"], n["bytes"] or 0, operations,
        n["ready_cycle"], n["cause"], row["request"], float(row["value"]) if row["value"] else None,
    )  # fmt: skip
