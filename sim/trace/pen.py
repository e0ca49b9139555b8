"""Writes slices down: numbers them, moves them to the run's time, and leaves out what the window does not hold."""

from __future__ import annotations

from sim.trace.model import FLIGHT, STALL, WORK, Sink, Slice
from sim.trace.places import Place
from sim.trace.window import Window


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
        return Slice(
            WORK, self._ids, unit, "work", place.name, start + origin, end + origin, None, None,
            place.layer, place.first_token, place.last_token, place.tile, place.block, place.lane,
            size_bytes, place.operations, ready + origin, None if cause is None else cause.id,
        )  # fmt: skip

    def write(self, piece: Slice, cause: Slice | None = None) -> None:
        """A slice that is complete."""
        self._sink.slice(piece, cause)
        if piece.start < self._first:
            self._first = piece.start
        if piece.end > self._last:
            self._last = piece.end

    @property
    def shown(self) -> tuple[int, int] | None:
        """The first cycle of what has been written and the one after the last; None if nothing has."""
        return (self._first, self._last) if self._last >= 0 else None

    def stall(self, unit: str, reason: str, start: int, end: int, of: Slice | None, clocks: int | None = None) -> None:
        """*unit* waits; the wait belongs to the request *of*, or to none that is written."""
        if self._window is not None and not self._shows(of, start, end):
            return
        self._ids += 1
        start, end = start + self.origin, end + self.origin
        place = (None,) * 4 if of is None else (of.layer, of.first_token, of.last_token, of.tile)
        name = None if of is None else of.name
        self.write(
            Slice(
                STALL, self._ids, unit, "stalls", reason, start, end, reason, clocks, *place,
                None, None, None, None, None, None, name,
            )
        )  # fmt: skip

    def data(self, unit: str, of: Slice | None, start: int, end: int, clocks: int, size_bytes: int) -> None:
        """A channel moves data of the transfer *of*."""
        if of is not None and self._shows(of, start, end):
            self._ids += 1
            start, end = start + self.origin, end + self.origin
            self.write(
                of._replace(
                    id=self._ids, unit=unit, track="data", start=start, end=end, clocks=clocks, bytes=size_bytes,
                    ready=None, cause=None,
                )
            )  # fmt: skip

    def flight(self, of: Slice | None, lane: int, issued: int) -> None:
        """The transfer *of* from its issue to its end, in its own lane."""
        if of is not None and of.end > issued + self.origin:
            self._ids += 1
            start, track = issued + self.origin, f"in flight {lane}"
            self.write(of._replace(kind=FLIGHT, id=self._ids, track=track, start=start, ready=None, cause=None))

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
