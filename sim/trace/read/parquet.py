"""Reads the table that :mod:`sim.trace.write.parquet` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from pyarrow import parquet

from sim.trace.columns import TraceRow
from sim.trace.read.schema import Damaged, Foreign, said_by
from sim.trace.slices import Header
from sim.trace.write.parquet import schema

ROWS = 1 << 14  # that are taken up together
MOST_PART_BYTES = 1 << 30  # of a part of the table, which is decompressed as a whole

Made = TypeVar("Made")


def parquet_rows(path: Path) -> Iterator[tuple[int, TraceRow]]:
    """(row from 1, row) of the table at *path*; raises Unreadable for what is not one of ours."""
    number = 0
    for batch in batches(path):
        for row in _of_arrow(batch.to_pylist, number):
            number += 1
            yield number, {name: value for name, value in row.items() if value is not None}


def batches(path: Path) -> Iterator[Any]:
    """The table at *path* in parts of some rows, each of which Arrow has found consistent."""
    with path.open("rb") as stream:
        made, number = _opened(stream).iter_batches(ROWS), 0
        while True:
            batch = _of_arrow(partial(next, made, None), number)
            if batch is None:
                return
            _of_arrow(partial(batch.validate, full=True), number)
            yield batch
            number += batch.num_rows


def check_table(path: Path) -> None:
    """Raise Unreadable if *path* has no whole table of ours; what the rows say is not looked at."""
    for _ in batches(path):
        pass


def _opened(stream: IO[bytes]) -> Any:
    """The table in *stream* as Arrow opens it."""
    file = _of_arrow(partial(parquet.ParquetFile, stream, page_checksum_verification=True), None)
    if not file.schema_arrow.equals(schema(Header("", 0, {}))):
        raise Foreign
    for part in range(file.metadata.num_row_groups):
        if file.metadata.row_group(part).total_byte_size > MOST_PART_BYTES:
            raise Damaged(f"a part of the table is larger than {MOST_PART_BYTES:,} bytes")
    return file


def _of_arrow(call: Callable[[], Made], number: int | None) -> Made:
    """What a call of Arrow returns; on hostile bytes it raises what it likes."""
    try:
        return call()
    except Exception as error:
        if number is None:
            raise Foreign from None
        raise Damaged(f"Arrow says: {said_by(error)}", number + 1) from None
