"""Tables: one row for each slice, and one for each step of a counter; as Parquet, or as gzipped CSV.

Both have the columns of :data:`COLUMNS`; a column that says nothing about a row is null (empty in CSV). docs/traces.md
explains them.
"""

from __future__ import annotations

import csv
import gzip
import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sim.trace.model import COUNTER, Counter, Header, Slice

if TYPE_CHECKING:
    import pyarrow

ROWS = 1 << 16  # rows between writes
COMPRESSION = 2
WORD, WHOLE, REAL = "word", "whole", "real"

COLUMNS: dict[str, str] = {
    "kind": WORD, "id": WHOLE, "unit": WORD, "track": WORD, "name": WORD, "start_cycle": WHOLE, "end_cycle": WHOLE,
    "reason": WORD, "clocks": WHOLE, "layer": WHOLE, "first_token": WHOLE, "last_token": WHOLE, "tile": WHOLE,
    "block": WHOLE, "lane": WHOLE, "bytes": WHOLE, "operations": WORD, "ready_cycle": WHOLE, "cause": WHOLE,
    "request": WORD, "value": REAL,
}  # fmt: skip
"""The columns of both tables and what is in them; the fields of a slice in their order, and a counter's value."""

Row = dict[str, Any]  # a row without the columns that say nothing


def counter_row(component: str, unit: str, name: str, start: int, value: float) -> Row:
    """A step of a counter from cycle *start* on, whose end is not known yet."""
    return {
        "kind": COUNTER, "unit": component, "track": unit, "name": name, "start_cycle": start, "end_cycle": start,
        "value": value,
    }  # fmt: skip


class _TableSink(ABC):
    """Collects rows and writes them by the thousand."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def slice(self, piece: Slice, cause: Slice | None) -> None:
        """Write *piece*, which knows its cause by its id."""
        self._rows.append((*piece, None))
        if len(self._rows) >= ROWS:
            self._flush()

    def alike(self, pieces: list[Slice], units: Sequence[str]) -> None:
        """Write copies of *pieces*."""
        for kind, first, _, *rest in pieces:
            for number, unit in enumerate(units, first):
                self._rows.append((kind, number, unit, *rest, None))
        if len(self._rows) >= ROWS:
            self._flush()

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a row for each stretch of equal values."""
        for counter in counters:
            for start, end, value in counter.steps():
                row: list[Any] = [None] * len(COLUMNS)
                row[:7] = COUNTER, None, counter.component, counter.unit, counter.name, start, end
                row[-1] = value
                self._rows.append(tuple(row))
            if len(self._rows) >= ROWS:
                self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._flush()

    def _flush(self) -> None:
        self._write(self._rows)
        self._rows = []

    @abstractmethod
    def _write(self, rows: list[tuple[Any, ...]]) -> None: ...


class CsvSink(_TableSink):
    """Writes to *stream*."""

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        super().__init__()
        self._file = gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=0)
        self._text = io.TextIOWrapper(self._file, encoding="utf-8", newline="")
        self._csv = csv.writer(self._text, lineterminator="\n")
        self._csv.writerow(COLUMNS)

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        self._csv.writerows(rows)

    def close(self) -> None:
        """Write what is left."""
        super().close()
        self._text.close()


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write *rows* to *path* as :class:`CsvSink` does."""
    with gzip.open(path, "wt", 1, encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


class ParquetSink(_TableSink):
    """Writes to *stream*; machine and clock stand in the schema's metadata."""

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        from pyarrow import parquet

        super().__init__()
        self._schema = schema(header)
        self._parquet = parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        import pyarrow

        if rows:
            columns = zip(zip(*rows, strict=True), self._schema, strict=True)
            arrays = [pyarrow.array(values, field.type) for values, field in columns]
            self._parquet.write_batch(pyarrow.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """Write what is left."""
        super().close()
        self._parquet.close()


def schema(header: Header) -> pyarrow.Schema:
    """The columns as Arrow has them."""
    import pyarrow

    types = {WORD: pyarrow.string(), WHOLE: pyarrow.int64(), REAL: pyarrow.float64()}
    metadata = {"machine": header.machine, "clock_hz": str(header.clock_hz)}
    return pyarrow.schema([(name, types[content]) for name, content in COLUMNS.items()], metadata=metadata)
