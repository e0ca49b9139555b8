"""Writes slices down: numbers them, says where they belong, and leaves out what the window does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.trace.channels import Parts
from sim.trace.history import History
from sim.trace.requests import Requests, Tables
from sim.trace.slices import FLIGHT, NOTHING, STALL, WORK, Choice, Numbers, Sink, Slices, Spans, Words
from sim.trace.window import Window


class Pen:
    """Hands slices of requests, and of what belongs to them, to *sink*."""

    def __init__(self, sink: Sink, window: Window | None) -> None:
        self._sink = sink
        self._window = window
        self._ids = 0
        self._first = 0 if window is None else NOTHING
        self._end = 0

    @property
    def shown(self) -> tuple[int, int] | None:
        """When the first request that the window holds was issued, and the end of all written; None without any."""
        return None if self._first == NOTHING else (self._first, self._end)

    def work(self, requests: Requests, tables: Tables, history: History) -> Slices:
        """Write the next *requests*, which *history* takes in.

        Returns the slices of all of them; those that the window does not hold have no id.
        """
        first_token, last_token = tables.tokens(requests)
        holds = self._holds(requests, first_token, last_token)
        if self._first == NOTHING and holds.any():
            self._first = int(requests.now[holds.argmax()])
        ids = np.where(holds, self._ids + np.cumsum(holds), NOTHING)
        history.add(requests, ids)
        causes = history.causes(requests)
        row = requests.row
        found = Slices(
            WORK, ids, tables.units[requests.rank], Words.same("work", len(requests)), tables.names[row],
            requests.start, requests.end, requests.layer, first_token, last_token, requests.place,
            block=tables.block[row], lane=tables.lane[row], bytes=tables.bytes[requests.variant, row],
            operations=tables.operations[row], ready=requests.ready, cause=_of(history.id, causes),
            source=Spans(tables.units[history.rank[causes]], history.start[causes], history.end[causes]),
        )  # fmt: skip
        self._write(found[holds])
        return found

    def stalls(self, unit: Words, reason: Words, start: Numbers, end: Numbers, of: Numbers, work: Slices) -> None:
        """Units wait; each wait belongs to the request that is *of* in *work*, or to none (NOTHING)."""
        of, shown = self._belonging(start, end, of, work)
        if shown.any():
            track = Words.same("stalls", len(of))
            place, name = _place(of, work), _name(of, work)
            stalls = Slices(STALL, of, unit, track, reason, start, end, *place, reason, request=name)
            self._write(stalls[shown])

    def parts(self, channels: Sequence[str], parts: Parts, of: Numbers, work: Slices) -> None:
        """What each of the *channels* did for the transfer that is *of* in *work*: the same."""
        of, shown = self._belonging(parts.start, parts.end, of, work)
        waits = parts.reason.codes != NOTHING
        rows = _repeated(shown & waits, channels)
        reason, clocks = parts.reason[rows], parts.clocks[rows]
        unit, track = _alternating(channels, rows), Words.same("stalls", len(rows))
        start, end = parts.start[rows], parts.end[rows]
        place, name = _place(of[rows], work), _name(of[rows], work)
        self._write(Slices(STALL, rows, unit, track, reason, start, end, *place, reason, clocks, request=name))
        rows = _repeated(shown & ~waits & (of != NOTHING), channels)
        data = replace(
            _moved(work, of[rows]), unit=_alternating(channels, rows), track=Words.same("data", len(rows)),
            start=parts.start[rows], end=parts.end[rows], clocks=parts.clocks[rows],
        )  # fmt: skip
        assert data.bytes is not None
        self._write(replace(data, bytes=-(-data.bytes // len(channels))))

    def flights(self, work: Slices, transfers: Numbers, issued: Numbers, lanes: Numbers) -> None:
        """The *transfers* among the *work* from their issue to their end, each in its own lane."""
        shown = (work.id[transfers] != NOTHING) & (work.end[transfers] > issued)
        track = Words(lanes[shown], [f"in flight {lane}" for lane in range(1 + lanes.max(initial=0))])
        self._write(replace(_moved(work, transfers[shown]), kind=FLIGHT, track=track, start=issued[shown]))

    def _write(self, slices: Slices) -> None:
        """Number *slices* and write them."""
        if len(slices):
            numbers = np.arange(self._ids + 1, self._ids + 1 + len(slices))
            self._ids += len(slices)
            self._end = max(self._end, int(slices.end.max()))
            self._sink.slices(replace(slices, id=numbers))

    def _holds(self, requests: Requests, first_token: Numbers, last_token: Numbers) -> Choice:
        window = self._window
        if window is None:
            return np.ones(len(requests), np.bool_)
        if window.kind == "cycle":
            return window.holds(requests.start, requests.end - 1)
        if window.kind == "layer":
            return window.holds(requests.layer, requests.layer)
        return window.holds(first_token, last_token)

    def _belonging(self, start: Numbers, end: Numbers, of: Numbers, work: Slices) -> tuple[Numbers, Choice]:
        """Requests that are not written are nothing to belong to; and what to write of it.

        Windows of layers and tokens show what belongs to their requests only.
        """
        of = np.where(_of(work.id, of) == NOTHING, NOTHING, of)
        if self._window is None:
            return of, np.ones(len(of), np.bool_)
        if self._window.kind == "cycle":
            return of, self._window.holds(start, end - 1)
        return of, of != NOTHING


def _of(column: Numbers, rows: Numbers) -> Numbers:
    """The *rows* of *column*, nothing of no row."""
    return np.where(rows == NOTHING, NOTHING, column[rows]) if len(column) else rows


def _place(of: Numbers, work: Slices) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Where the request is that a wait belongs to: layer, first and last token, tile."""
    return _of(work.layer, of), _of(work.first_token, of), _of(work.last_token, of), _of(work.tile, of)


def _name(of: Numbers, work: Slices) -> Words:
    """What the request is called that a wait belongs to."""
    return Words(_of(work.name.codes, of), work.name.texts)


def _moved(work: Slices, rows: Numbers) -> Slices:
    """The transfers in these *rows* without what says when they could have begun."""
    return replace(work, ready=None, cause=None, source=None)[rows]


def _repeated(shown: Choice, units: Sequence[str]) -> Numbers:
    """The rows *shown*, each as often as there are *units*."""
    return np.repeat(np.flatnonzero(shown), len(units))


def _alternating(units: Sequence[str], rows: Numbers) -> Words:
    """One of the *units* after the other."""
    return Words(np.arange(len(rows)) % len(units), units)
