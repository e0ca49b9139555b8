"""Writes slices down: numbers them, says which request they belong to, and leaves out what the window does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.trace.causes import RecentRequests
from sim.trace.channels import ChannelUse
from sim.trace.requests import ItemTables, Requests
from sim.trace.slices import FLIGHT, NOTHING, STALL, WORK, Mask, Numbers, Sink, Slices, Spans, Words
from sim.trace.window import Window


class SliceWriter:
    """Hands slices to *sink*: those of requests, and those that belong to a request.

    The slices of requests are the *work*; what belongs to one says to which of its rows, NOTHING for none.
    """

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

    def work(self, requests: Requests, tables: ItemTables, recent: RecentRequests) -> Slices:
        """Write the slices of the next *requests*, which become *recent* ones.

        Returns the slices of all of them; those that the window does not hold have no id.
        """
        first_token, last_token = tables.tokens(requests)
        held = self._holds(requests, first_token, last_token)
        if self._first == NOTHING and held.any():
            self._first = int(requests.now[held.argmax()])
        ids = np.where(held, self._ids + np.cumsum(held), NOTHING)
        recent.add(requests, ids)
        causes = recent.causes(requests)
        row = requests.row
        found = Slices(
            WORK, ids, tables.units[requests.rank], Words.same("work", len(requests)), tables.names[row],
            requests.start, requests.end, requests.layer, first_token, last_token, requests.tile_in_layer,
            block=tables.block[row], lane=tables.lane[row], bytes=tables.bytes[requests.variant, row],
            operations=tables.operations[row], ready=requests.ready, cause=_picked(recent.id, causes),
            source=Spans(tables.units[recent.rank[causes]], recent.start[causes], recent.end[causes]),
        )  # fmt: skip
        self._write(found[held])
        return found

    def stalls(self, unit: Words, reason: Words, start: Numbers, end: Numbers, rows: Numbers, work: Slices) -> None:
        """Write that units waited; each wait belongs to one of the *rows* of *work*."""
        rows, shown = self._shown(start, end, rows, work)
        if shown.any():
            track = Words.same("stalls", len(rows))
            place, name = _place(work, rows), _name(work, rows)
            stalls = Slices(STALL, rows, unit, track, reason, start, end, *place, reason, request=name)
            self._write(stalls[shown])

    def channels(self, channels: Sequence[str], use: ChannelUse, rows: Numbers, work: Slices) -> None:
        """Write what the *channels* did, all of them the same, for the transfers in these *rows* of *work*."""
        rows, shown = self._shown(use.start, use.end, rows, work)
        waits, moves = shown & ~use.moves, shown & use.moves & (rows != NOTHING)
        self._write(_channel_stalls(channels, use[waits], rows[waits], work))
        self._write(_channel_data(channels, use[moves], rows[moves], work))

    def flights(self, work: Slices, transfers: Numbers, issued: Numbers, tracks: Numbers) -> None:
        """Write the *transfers*, rows of *work*, from their issue to their end, on tracks with these numbers."""
        shown = (work.id[transfers] != NOTHING) & (work.end[transfers] > issued)
        track = Words(tracks[shown], [f"in flight {number}" for number in range(1 + tracks.max(initial=0))])
        self._write(replace(_moved(work, transfers[shown]), kind=FLIGHT, track=track, start=issued[shown]))

    def _write(self, slices: Slices) -> None:
        """Number *slices* and write them."""
        if len(slices):
            numbers = np.arange(self._ids + 1, self._ids + 1 + len(slices))
            self._ids += len(slices)
            self._end = max(self._end, int(slices.end.max()))
            self._sink.slices(replace(slices, id=numbers))

    def _holds(self, requests: Requests, first_token: Numbers, last_token: Numbers) -> Mask:
        """Which of *requests* are in the window."""
        window = self._window
        if window is None:
            return np.ones(len(requests), np.bool_)
        if window.kind == "cycle":
            return window.holds(requests.start, requests.end - 1)
        if window.kind == "layer":
            return window.holds(requests.layer, requests.layer)
        return window.holds(first_token, last_token)

    def _shown(self, start: Numbers, end: Numbers, rows: Numbers, work: Slices) -> tuple[Numbers, Mask]:
        """The *rows* of *work* to which slices belong, without those that are not written; and which slices to write.

        A window of cycles shows what happens in it, whatever that belongs to. One of layers or tokens shows what
        belongs to the requests in it.
        """
        rows = np.where(_picked(work.id, rows) == NOTHING, NOTHING, rows)
        if self._window is None:
            return rows, np.ones(len(rows), np.bool_)
        if self._window.kind == "cycle":
            return rows, self._window.holds(start, end - 1)
        return rows, rows != NOTHING


def _channel_stalls(channels: Sequence[str], use: ChannelUse, rows: Numbers, work: Slices) -> Slices:
    """Waits of all *channels* alike, each for one of the *rows* of *work*."""
    use, rows, unit = _for_each(channels, use, rows)
    track, place, name = Words.same("stalls", len(rows)), _place(work, rows), _name(work, rows)
    return Slices(
        STALL, rows, unit, track, use.reason, use.start, use.end, *place, use.reason, use.clocks, request=name
    )  # fmt: skip


def _channel_data(channels: Sequence[str], use: ChannelUse, rows: Numbers, work: Slices) -> Slices:
    """Data that all *channels* move alike, each an equal part of the bytes of one of the *rows* of *work*."""
    use, rows, unit = _for_each(channels, use, rows)
    data = _moved(work, rows)
    assert data.bytes is not None, "a transfer has bytes"
    return replace(
        data, unit=unit, track=Words.same("data", len(rows)), start=use.start, end=use.end, clocks=use.clocks,
        bytes=-(-data.bytes // len(channels)),
    )  # fmt: skip


def _for_each(channels: Sequence[str], use: ChannelUse, rows: Numbers) -> tuple[ChannelUse, Numbers, Words]:
    """*use* and *rows* once for each of the *channels*, and which of them that is."""
    each = np.repeat(np.arange(len(rows)), len(channels))
    return use[each], rows[each], Words(np.arange(len(each)) % len(channels), channels)


def _picked(column: Numbers, rows: Numbers) -> Numbers:
    """What *column* has in these *rows*; NOTHING for no row."""
    return np.where(rows == NOTHING, NOTHING, column[rows]) if len(column) else rows


def _place(work: Slices, rows: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Layer, first and last token, and tile of the *rows* of *work*."""
    columns = work.layer, work.first_token, work.last_token, work.tile
    layer, first_token, last_token, tile = (_picked(column, rows) for column in columns)
    return layer, first_token, last_token, tile


def _name(work: Slices, rows: Numbers) -> Words:
    """What the *rows* of *work* are called."""
    return Words(_picked(work.name.codes, rows), work.name.texts)


def _moved(work: Slices, rows: Numbers) -> Slices:
    """The transfers in these *rows* of *work*, without what says when they could have begun."""
    return replace(work, ready=None, cause=None, source=None)[rows]
