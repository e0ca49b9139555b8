"""The columns of a trace as gzipped CSV; a column that says nothing about a row is empty."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from sim.trace.columns import COLUMNS, TraceRow, counter_rows, slice_columns
from sim.trace.slices import Counter, Header, Slices, Words
from sim.trace.write.background import Background, Gzip
from sim.trace.write.lines import LinePart, lines


class CsvSink:
    """Writes to *stream*, compressed *beside* the run."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        self._out = Gzip(stream, beside)
        self._out.write(f"{','.join(COLUMNS)}\n".encode())

    def slices(self, slices: Slices) -> None:
        """Write *slices*, which know their causes by their ids."""
        parts: list[LinePart] = [slices.kind]
        for column in slice_columns(slices):
            parts.append(",")
            if isinstance(column, Words):
                parts.append(Words(column.codes, [_quoted(text) for text in column.texts]))
            elif column is not None:
                parts.append(column)
        self._out.write(lines(len(slices), [*parts, ",\n"]))

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a row for each stretch of equal values."""
        text = io.StringIO(newline="")
        csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(counter_rows(counters))
        self._out.write(text.getvalue().encode())

    def close(self) -> None:
        """Write what is left."""
        self._out.close()


def _quoted(text: str) -> str:
    """*text* as it stands in a row."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if "," in text or '"' in text else text


def write_csv(path: Path, rows: Iterable[TraceRow]) -> None:
    """Write *rows* to *path* as :class:`CsvSink` does."""
    with gzip.open(path, "wt", 1, encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
