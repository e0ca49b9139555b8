"""The columns of a trace as Parquet; a column that says nothing about a row is null there."""

from __future__ import annotations

from typing import IO

import pyarrow
from pyarrow import parquet

from sim.trace.columns import COLUMNS, REAL, WHOLE, WORD, counter_rows, slice_columns
from sim.trace.slices import NOTHING, Column, Counter, Header, Slices, Words
from sim.trace.write.background import Background

ROWS = 1 << 16  # of a part of a file, at least


class ParquetSink:
    """Writes to *stream*, compressed *beside* the run; machine and clock stand in the schema's metadata."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        self._schema = schema(header)
        self._beside = beside
        self._parquet = parquet.ParquetWriter(stream, self._schema, compression="zstd", write_page_checksum=True)
        self._tables: list[pyarrow.Table] = []

    def slices(self, slices: Slices) -> None:
        """Write *slices*, which know their causes by their ids."""
        columns = [Words.same(slices.kind, len(slices)), *slice_columns(slices), None]
        pairs = zip(columns, self._schema, strict=True)
        arrays = [_arrow(column, len(slices), field.type) for column, field in pairs]
        self._add(pyarrow.Table.from_arrays(arrays, schema=self._schema))

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a row for each stretch of equal values."""
        self._add(pyarrow.Table.from_pylist(list(counter_rows(counters)), schema=self._schema))

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._beside.do(self._parquet.close)

    def _add(self, table: pyarrow.Table) -> None:
        self._tables.append(table)
        if sum(table.num_rows for table in self._tables) >= ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._tables:
            together = pyarrow.concat_tables(self._tables).unify_dictionaries()
            self._beside.do(self._parquet.write_table, together, together.num_rows)
            self._tables = []


def _arrow(column: Column | None, rows: int, kind: pyarrow.DataType) -> pyarrow.Array:
    """*column* as Arrow has it, null where it says nothing."""
    if column is None:
        return pyarrow.nulls(rows, kind)
    if isinstance(column, Words):
        codes = pyarrow.array(column.codes.astype("int32"), mask=column.codes == NOTHING)
        return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(column.texts, pyarrow.string()))
    return pyarrow.array(column, mask=column == NOTHING)


def schema(header: Header) -> pyarrow.Schema:
    """The columns as Arrow has them."""
    types = {
        WORD: pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
        WHOLE: pyarrow.int64(),
        REAL: pyarrow.float64(),
    }
    metadata = {"machine": header.machine, "clock_hz": str(header.clock_hz)}
    return pyarrow.schema([(name, types[content]) for name, content in COLUMNS.items()], metadata=metadata)
