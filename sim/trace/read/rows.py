"""Reads traces of every format back as the rows of :data:`sim.trace.columns.COLUMNS`, one after the other."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sim.files.errors import InputError, Problem
from sim.trace.columns import COLUMNS, REAL, WHOLE, TraceRow, counter_row
from sim.trace.slices import NANOSECONDS
from sim.trace.write.formats import format_of

FOREIGN = "is not a trace that stallscope wrote"


def rows(path: Path) -> Iterator[TraceRow]:
    """Every row of the trace at *path*: a dictionary without the columns that say nothing.

    Raises InputError for a file that is not there, is no trace, or needs a package that is not.
    """
    form = format_of(path)
    form.check()
    if not path.is_file():
        raise InputError(Problem("is not a file", str(path)))
    try:
        yield from READERS[form.suffix](path)
    except (ValueError, KeyError, EOFError, gzip.BadGzipFile) as error:
        raise InputError(Problem(FOREIGN, str(path))) from error


def _csv_rows(path: Path) -> Iterator[TraceRow]:
    convert: dict[str, Callable[[str], Any]] = {WHOLE: int, REAL: float}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        if next(lines, None) != list(COLUMNS):
            raise ValueError(FOREIGN)
        for line in lines:
            pairs = zip(COLUMNS.items(), line, strict=True)
            yield {name: convert.get(content, str)(text) for (name, content), text in pairs if text}


def _parquet_rows(path: Path) -> Iterator[TraceRow]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        if file.schema_arrow.names != list(COLUMNS):
            raise ValueError(FOREIGN)
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield {name: value for name, value in row.items() if value is not None}


def _json_rows(path: Path) -> Iterator[TraceRow]:
    units: dict[int, str] = {}
    tracks: dict[int, str] = {}
    counters: dict[tuple[int, str], TraceRow] = {}
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        head = json.loads(next(stream, "").rstrip().removesuffix("[") + "[]}")
        clock_hz = head["otherData"]["clock_hz"]
        for line in stream:
            if line.startswith("]"):
                break
            event = json.loads(line.rstrip().removesuffix(","))
            args = event.get("args", {})
            if event["ph"] == "M" and event["name"] == "process_name":
                units[event["pid"]] = args["name"]
            elif event["ph"] == "M" and event["name"] == "thread_name":
                tracks[event["tid"]] = args["name"]
            elif event["ph"] == "X":
                place = {"kind": event["cat"], "unit": units[event["pid"]], "track": tracks[event["tid"]]}
                yield place | {"name": event["name"]} | _columns_of(args)
            elif event["ph"] == "C":
                cycle = -(-round(event["ts"] * 1000) * clock_hz // NANOSECONDS)
                key = event["pid"], event["name"]
                unit, value = next(iter(args.items()))
                if key in counters:
                    yield counters[key] | {"end_cycle": cycle}
                counters[key] = counter_row(units[event["pid"]], unit, event["name"], cycle, value)


def _columns_of(args: TraceRow) -> TraceRow:
    """The arguments of a slice as columns."""
    found = dict(args)
    token = found.pop("token", None)
    if token is not None:
        first, _, last = str(token).partition("-")
        found |= {"first_token": int(first), "last_token": int(last or first)}
    if found.get("layer") == "head":
        del found["layer"]
    return found


def _pftrace_rows(path: Path) -> Iterator[TraceRow]:
    from google.protobuf.message import DecodeError

    from sim.trace.read.perfetto import packet_rows

    try:
        yield from packet_rows(path)
    except DecodeError as error:
        raise ValueError(FOREIGN) from error


def _vcd_rows(path: Path) -> Iterator[TraceRow]:
    from sim.trace.read.vcd import wave_rows

    yield from wave_rows(path)


READERS: dict[str, Callable[[Path], Iterator[TraceRow]]] = {
    ".json.gz": _json_rows,
    ".pftrace": _pftrace_rows,
    ".parquet": _parquet_rows,
    ".csv.gz": _csv_rows,
    ".vcd": _vcd_rows,
}
