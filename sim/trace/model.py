"""What a trace consists of, whatever its format: slices, arrows between them, and counters.

A slice is one interval of one track of one unit. Slices of a track never overlap. A unit whose every cycle is accounted
for has two tracks, work and stalls, whose slices together cover the run without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

WORK, STALL, FLIGHT, COUNTER = "work", "stall", "flight", "counter"
NANOSECONDS = 10**9


class Slice(NamedTuple):
    """Cycles ``start`` to ``end`` of a ``unit``; a field that says nothing about it is None.

    ``kind`` is ``work`` (the unit is busy), ``stall`` (it waits for ``reason``) or ``flight`` (a transfer from its
    issue to its end, beside the account of the DMA engine). ``clocks`` are those of DRAM, exact where cycles had to be
    rounded. ``layer`` is None in the head. ``bytes`` move between DRAM and SRAM, or between SRAM and a compute unit.
    ``ready`` is the cycle from which on the request could have started.
    ``cause`` is the id of the request whose result or space this one got last. A stall has the place of the ``request``
    that ended it, a bank conflict that of the one it lengthened.
    """

    kind: str
    id: int
    unit: str
    track: str
    name: str
    start: int
    end: int
    reason: str | None = None
    clocks: int | None = None
    layer: int | None = None
    first_token: int | None = None
    last_token: int | None = None
    tile: int | None = None
    block: int | None = None
    lane: int | None = None
    bytes: int | None = None
    operations: str | None = None
    ready: int | None = None
    cause: int | None = None
    request: str | None = None


def copies(pieces: list[Slice], units: Sequence[str]) -> Iterator[Slice]:
    """Each of *pieces* for every one of *units*, with ids from that of the piece on."""
    for piece in pieces:
        for number, unit in enumerate(units, piece.id):
            yield piece._replace(id=number, unit=unit)


@dataclass(frozen=True)
class Counter:
    """A quantity over time: ``values[i]`` is its mean over ``width`` cycles from ``start + i * width`` on."""

    component: str
    name: str
    unit: str
    start: int
    width: int
    values: list[float]

    def steps(self) -> Iterator[tuple[int, int, float]]:
        """First cycle, cycle after the last, and value of every stretch of equal values."""
        first, before = self.start, self.values[0]
        for number, value in enumerate(self.values):
            if value != before:
                cycle = self.start + number * self.width
                yield first, cycle, before
                first, before = cycle, value
        yield first, self.start + len(self.values) * self.width, before


@dataclass(frozen=True)
class Header:
    """What a trace says about its run: the machine, its clock, and the tracks of every unit, from top to bottom."""

    machine: str
    clock_hz: int
    tracks: Mapping[str, tuple[str, ...]]

    def nanoseconds(self, cycle: int) -> int:
        """The time at which *cycle* begins, rounded down."""
        return cycle * NANOSECONDS // self.clock_hz


class Sink(Protocol):
    """Writes one format; memory does not grow with the number of slices."""

    def slice(self, piece: Slice, cause: Slice | None) -> None:
        """Write *piece*, and an arrow from *cause* to it. Those of a track come in order of time."""

    def alike(self, pieces: list[Slice], units: Sequence[str]) -> None:
        """Write :func:`copies` of *pieces*."""

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, after all slices."""

    def close(self) -> None:
        """Write what is left."""
