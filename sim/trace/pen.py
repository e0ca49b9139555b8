"""Writes slices down: numbers them, moves them to the run's time, and leaves out what the window does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.trace.channels import Part
from sim.trace.model import FLIGHT, STALL, WORK, Sink, Slice
from sim.trace.places import Place
from sim.trace.window import Window

LAYER, TILE, LANE, OPERATIONS = map(Slice._fields.index, ("layer", "tile", "lane", "operations"))
NOWHERE = (None,) * (TILE + 1 - LAYER)
new = tuple.__new__  # a slice from all its fields, in a fraction of the time that keywords and defaults take


class Pen:
    """Hands slices to *sink*. Cycles given to it count from ``origin`` of the run."""

    def __init__(self, sink: Sink, window: Window | None) -> None:
        self._sink = sink
        self._window = window
        self._ids = 0
        self.origin = 0
        self._first, self._last = 1 << 62, -1

    def request(
        self, unit: str, place: Place, start: int, end: int, ready: int, size_bytes: int, cause: Slice | None
    ) -> Slice | None:
        """A request at work, *cause* being the one that it waited for; None if the window does not hold it."""
        if not self._holds(place, start, end):
            return None
        self._ids += 1
        origin = self.origin
        name, layer, first_token, last_token, tile, block, lane, operations = place
        return new(
            Slice,
            (
                WORK, self._ids, unit, "work", name, start + origin, end + origin, None, None, layer, first_token,
                last_token, tile, block, lane, size_bytes, operations, ready + origin,
                None if cause is None else cause.id, None,
            ),
        )  # fmt: skip

    def write(self, piece: Slice, cause: Slice | None = None) -> None:
        """A slice that is complete."""
        self._sink.slice(piece, cause)
        self._show(piece.start, piece.end)

    def _show(self, start: int, end: int) -> None:
        if start < self._first:
            self._first = start
        if end > self._last:
            self._last = end

    @property
    def shown(self) -> tuple[int, int] | None:
        """The first cycle of what has been written and the one after the last; None if nothing has."""
        return (self._first, self._last) if self._last >= 0 else None

    def stall(self, unit: str, reason: str, start: int, end: int, of: Slice | None) -> None:
        """*unit* waits; the wait belongs to the request *of*, or to none that is written."""
        if self._window is None or self._shows(of, start, end):
            self._ids += 1
            self.write(self._stall(unit, reason, start, end, None, *_belonging(of)))

    def parts(self, units: Sequence[str], parts: list[Part], of: Slice | None, size_bytes: int) -> None:
        """What the channels *units* did for the transfer *of*, all the same: waits, and data of *size_bytes* each."""
        place, name = _belonging(of)
        pieces: list[Slice] = []
        for reason, start, end, clocks in parts:
            if self._window is not None and not self._shows(of, start, end):
                continue
            self._ids += 1
            if reason is not None:
                pieces.append(self._stall(units[0], reason, start, end, clocks, place, name))
            elif of is not None:
                pieces.append(self._data(units[0], start, end, clocks, of, size_bytes))
            self._ids += len(units) - 1
        if pieces:
            self._sink.alike(pieces, units)
            self._show(pieces[0].start, pieces[-1].end)

    def _stall(
        self, unit: str, reason: str, start: int, end: int, clocks: int | None, place: Sequence[Any], name: str | None
    ) -> Slice:
        origin = self.origin
        return new(
            Slice,
            (
                STALL, self._ids, unit, "stalls", reason, start + origin, end + origin, reason, clocks, *place,
                None, None, None, None, None, None, name,
            ),
        )  # fmt: skip

    def _data(self, unit: str, start: int, end: int, clocks: int, of: Slice, size_bytes: int) -> Slice:
        origin = self.origin
        return new(
            Slice,
            (
                WORK, self._ids, unit, "data", of.name, start + origin, end + origin, None, clocks,
                *of[LAYER : LANE + 1], size_bytes, of.operations, None, None, None,
            ),
        )  # fmt: skip

    def flight(self, of: Slice | None, lane: int, issued: int) -> None:
        """The transfer *of* from its issue to its end, in its own lane."""
        if of is not None and of.end > issued + self.origin:
            self._ids += 1
            start = issued + self.origin
            self.write(
                new(
                    Slice,
                    (
                        FLIGHT, self._ids, of.unit, f"in flight {lane}", of.name, start, of.end, None, None,
                        *of[LAYER : OPERATIONS + 1], None, None, None,
                    ),
                )
            )  # fmt: skip

    def _shows(self, of: Slice | None, start: int, end: int) -> bool:
        """Whether to write what belongs to the request *of*: windows of layers and tokens have their requests' only."""
        if self._window is not None and self._window.kind != "cycle":
            return of is not None
        return self._holds(None, start, end)

    def _holds(self, place: Place | None, start: int, end: int) -> bool:
        window = self._window
        if window is None:
            return True
        if window.kind == "cycle":
            return window.holds(start + self.origin, end + self.origin - 1)
        if place is None:
            return False
        if window.kind == "layer":
            return place.layer is not None and window.holds(place.layer, place.layer)
        return window.holds(place.first_token, place.last_token)


def _belonging(of: Slice | None) -> tuple[Sequence[Any], str | None]:
    """Layer, first and last token, tile and name of the request that a stall belongs to."""
    return (NOWHERE, None) if of is None else (of[LAYER : TILE + 1], of.name)
