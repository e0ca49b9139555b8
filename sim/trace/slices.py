"""What a trace consists of, whatever its format: slices, arrows between them, and counters.

A slice is one interval of one track of one unit. Slices of a track never overlap. A unit whose every cycle is accounted
for has two tracks, work and stalls, whose slices together cover the run without a gap. Slices are written many at a
time, as columns: a number that says nothing about a slice is :data:`NOTHING`, as is that of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

WORK, STALL, FLIGHT, COUNTER = "work", "stall", "flight", "counter"
NANOSECONDS = 10**9
NOTHING = -1

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Words:
    """A column of texts, each as its number among a few; NOTHING for none."""

    codes: Numbers
    texts: Sequence[str]

    @classmethod
    def same(cls, text: str, rows: int) -> Words:
        """The same text in every one of *rows*."""
        return cls(np.zeros(rows, np.int64), (text,))

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Words:
        """These texts."""
        numbers: dict[str, int] = {}
        codes = [NOTHING if text is None else numbers.setdefault(text, len(numbers)) for text in texts]
        return cls(np.array(codes, np.int64), tuple(numbers))

    def __getitem__(self, rows: Numbers | Mask) -> Words:
        return Words(self.codes[rows], self.texts)


Column = Numbers | Words


@dataclass(frozen=True)
class Spans:
    """Where the slices are that others wait for: unit (on the track ``work``), first cycle, cycle after the last."""

    unit: Words
    start: Numbers
    end: Numbers

    def __getitem__(self, rows: Numbers | Mask) -> Spans:
        return Spans(self.unit[rows], self.start[rows], self.end[rows])


@dataclass(frozen=True)
class Slices:
    """Slices of one ``kind`` as columns, those of a track in order of time; a column that says nothing is None.

    ``kind`` is ``work`` (the unit is busy), ``stall`` (it waits for ``reason``) or ``flight`` (a transfer from its
    issue to its end, beside the account of the DMA engine). Each lasts from cycle ``start`` to just before ``end``.
    ``clocks`` are those of DRAM, exact where cycles had to be rounded. ``layer`` is NOTHING in the head. ``bytes`` move
    between DRAM and SRAM, or between SRAM and a compute unit. ``ready`` is the cycle from which on the request could
    have started. ``cause`` is the id of the request whose result or space this one got last, ``source`` where that is.
    A stall has the place of the ``request`` that ended it, a bank conflict that of the one it lengthened.
    """

    kind: str
    id: Numbers
    unit: Words
    track: Words
    name: Words
    start: Numbers
    end: Numbers
    layer: Numbers
    first_token: Numbers
    last_token: Numbers
    tile: Numbers
    reason: Words | None = None
    clocks: Numbers | None = None
    block: Numbers | None = None
    lane: Numbers | None = None
    bytes: Numbers | None = None
    operations: Words | None = None
    ready: Numbers | None = None
    cause: Numbers | None = None
    request: Words | None = None
    source: Spans | None = None

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, rows: Numbers | Mask) -> Slices:
        columns: list[Any] = [getattr(self, field.name) for field in fields(self)]
        picked: list[Any] = [None if column is None else column[rows] for column in columns[1:]]
        return Slices(self.kind, *picked)

    @cached_property
    def unit_tracks(self) -> tuple[Numbers, list[tuple[str, str]]]:
        """For each slice which of the pairs of unit and track it is on, and these pairs."""
        both = self.unit.codes * len(self.track.texts) + self.track.codes
        present = np.flatnonzero(np.bincount(both))
        numbers = [divmod(int(pair), len(self.track.texts)) for pair in present]
        pairs = [(self.unit.texts[unit], self.track.texts[track]) for unit, track in numbers]
        return np.searchsorted(present, both), pairs


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

    def times(self, cycles: Numbers) -> Numbers:
        """The times at which *cycles* begin, rounded down; whole seconds go apart, so that no product is too large."""
        seconds: Numbers = cycles // self.clock_hz
        rest: Numbers = (cycles - seconds * self.clock_hz) * NANOSECONDS // self.clock_hz
        return seconds * NANOSECONDS + rest


class Sink(Protocol):
    """Writes one format; memory does not grow with the number of slices."""

    def slices(self, slices: Slices) -> None:
        """Write *slices*, and arrows to them from their causes."""

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, after all slices."""

    def close(self) -> None:
        """Write what is left."""
