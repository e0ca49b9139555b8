"""Names in a trace are printable, whatever the format makes of them: the rest is escaped before a writer sees it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from sim.files.characters import visible
from sim.trace.slices import Counter, Header, Sink, Slices, Spans, Words


class Printable:
    """Hands everything on to *sink*, names without control and bidirectional characters."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def slices(self, slices: Slices) -> None:
        """Write *slices*."""
        self._sink.slices(_printable(slices))

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters."""
        self._sink.counters([
            replace(
                each, component=visible(each.component), name=visible(each.name), unit=visible(each.unit)
            ) for each in counters
        ])  # fmt: skip

    def close(self) -> None:
        """Write what is left."""
        self._sink.close()


def printable_header(header: Header) -> Header:
    """*header* with printable names."""
    tracks = {visible(unit): tuple(map(visible, tracks)) for unit, tracks in header.tracks.items()}
    return Header(visible(header.machine), header.clock_hz, tracks)


def _printable(columns: Any) -> Any:
    """Slices or spans with printable words; the same ones if they are so already, which is nearly always."""
    changed = {}
    for field in fields(columns):
        column = getattr(columns, field.name)
        if isinstance(column, Words) and not all(text.isprintable() for text in column.texts):
            changed[field.name] = Words(column.codes, [visible(text) for text in column.texts])
        elif isinstance(column, Spans) and (spans := _printable(column)) is not column:
            changed[field.name] = spans
    return replace(columns, **changed) if changed else columns
