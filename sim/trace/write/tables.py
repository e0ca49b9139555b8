"""Tables: one row for each slice, and one for each step of a counter; as Parquet, or as gzipped CSV.

Both have the columns of :data:`COLUMNS`; a column that says nothing about a row is null (empty in CSV). docs/traces.md
explains them.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sim.trace.slices import COUNTER, NOTHING, Column, Counter, Header, Slices, Words
from sim.trace.write.background import Background, Gzip
from sim.trace.write.lines import Part, lines

if TYPE_CHECKING:
    import pyarrow

ROWS = 1 << 16  # of a part of a Parquet file, at least
WORD, WHOLE, REAL = "word", "whole", "real"

COLUMNS: dict[str, str] = {
    "kind": WORD, "id": WHOLE, "unit": WORD, "track": WORD, "name": WORD, "start_cycle": WHOLE, "end_cycle": WHOLE,
    "reason": WORD, "clocks": WHOLE, "layer": WHOLE, "first_token": WHOLE, "last_token": WHOLE, "tile": WHOLE,
    "block": WHOLE, "lane": WHOLE, "bytes": WHOLE, "operations": WORD, "ready_cycle": WHOLE, "cause": WHOLE,
    "request": WORD, "value": REAL,
}  # fmt: skip
"""The columns of both tables and what is in them: what slices have, and a counter's value."""

FIELDS = {"start_cycle": "start", "end_cycle": "end", "ready_cycle": "ready"}  # of slices, where they differ

Row = dict[str, Any]  # a row without the columns that say nothing


def counter_row(component: str, unit: str, name: str, start: int, value: float) -> Row:
    """A step of a counter from cycle *start* on, whose end is not known yet."""
    return {
        "kind": COUNTER, "unit": component, "track": unit, "name": name, "start_cycle": start, "end_cycle": start,
        "value": value,
    }  # fmt: skip


class CsvSink:
    """Writes to *stream*, compressed *beside* the run."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        self._out = Gzip(stream, beside)
        self._out.write(f"{','.join(COLUMNS)}\n".encode())

    def slices(self, slices: Slices) -> None:
        """Write *slices*, which know their causes by their ids."""
        parts: list[Part] = [slices.kind]
        for column in _columns(slices):
            parts.append(",")
            if isinstance(column, Words):
                parts.append(Words(column.codes, [_quoted(text) for text in column.texts]))
            elif column is not None:
                parts.append(column)
        self._out.write(lines(len(slices), [*parts, ",\n"]))

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a row for each stretch of equal values."""
        text = io.StringIO(newline="")
        csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(_rows(counters))
        self._out.write(text.getvalue().encode())

    def close(self) -> None:
        """Write what is left."""
        self._out.close()


def _columns(slices: Slices) -> list[Column | None]:
    """The columns of *slices* in the order of :data:`COLUMNS`, without the first and the last: kind and value."""
    return [getattr(slices, FIELDS.get(name, name)) for name in list(COLUMNS)[1:-1]]


def _quoted(text: str) -> str:
    """*text* as it stands in a row."""
    return f'"{text}"' if "," in text else text


def _rows(counters: list[Counter]) -> Iterator[Row]:
    for counter in counters:
        for start, end, value in counter.steps():
            yield counter_row(counter.component, counter.unit, counter.name, start, value) | {"end_cycle": end}


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write *rows* to *path* as :class:`CsvSink` does."""
    with gzip.open(path, "wt", 1, encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


class ParquetSink:
    """Writes to *stream*, compressed *beside* the run; machine and clock stand in the schema's metadata."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        from pyarrow import parquet

        self._schema = schema(header)
        self._beside = beside
        self._parquet = parquet.ParquetWriter(stream, self._schema, compression="zstd")
        self._tables: list[pyarrow.Table] = []

    def slices(self, slices: Slices) -> None:
        """Write *slices*, which know their causes by their ids."""
        import pyarrow

        columns = [Words.same(slices.kind, len(slices)), *_columns(slices), None]
        pairs = zip(columns, self._schema, strict=True)
        arrays = [_arrow(column, len(slices), field.type) for column, field in pairs]
        self._add(pyarrow.Table.from_arrays(arrays, schema=self._schema))

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a row for each stretch of equal values."""
        import pyarrow

        self._add(pyarrow.Table.from_pylist(list(_rows(counters)), schema=self._schema))

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._beside.do(self._parquet.close)

    def _add(self, table: pyarrow.Table) -> None:
        self._tables.append(table)
        if sum(table.num_rows for table in self._tables) >= ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        if self._tables:
            together = pyarrow.concat_tables(self._tables).unify_dictionaries()
            self._beside.do(self._parquet.write_table, together, together.num_rows)
            self._tables = []


def _arrow(column: Column | None, rows: int, kind: pyarrow.DataType) -> pyarrow.Array:
    """*column* as Arrow has it, null where it says nothing."""
    import pyarrow

    if column is None:
        return pyarrow.nulls(rows, kind)
    if isinstance(column, Words):
        codes = pyarrow.array(column.codes.astype("int32"), mask=column.codes == NOTHING)
        return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(column.texts, pyarrow.string()))
    return pyarrow.array(column, mask=column == NOTHING)


def schema(header: Header) -> pyarrow.Schema:
    """The columns as Arrow has them."""
    import pyarrow

    types = {
        WORD: pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
        WHOLE: pyarrow.int64(),
        REAL: pyarrow.float64(),
    }
    metadata = {"machine": header.machine, "clock_hz": str(header.clock_hz)}
    return pyarrow.schema([(name, types[content]) for name, content in COLUMNS.items()], metadata=metadata)
