"""Reads the table that :mod:`sim.trace.write.csv` writes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sim.trace.columns import COLUMNS, REAL, WHOLE, TraceRow
from sim.trace.read.packed import packed_lines
from sim.trace.read.schema import Damaged, Foreign, Truncated

LONGEST_NUMBER = 32  # characters
HEAD = ",".join(COLUMNS) + "\n"


def csv_rows(path: Path) -> Iterator[tuple[int, TraceRow]]:
    """(line, row) of the table at *path*; raises Unreadable for what is not one of ours."""
    columns = list(COLUMNS.items())
    lines = packed_lines(path)
    if next(lines, (1, ""))[1] != HEAD:
        raise Foreign
    table = csv.reader(_whole_lines(lines), strict=True)
    while True:
        number = table.line_num + 2  # of the file, whose head has been read
        try:
            cells = next(table, None)
        except csv.Error as error:
            raise Damaged(f"is no row of a table: {error}", number) from None
        if cells is None:
            return
        if not cells:  # an empty line
            continue
        if len(cells) != len(columns):
            raise Damaged(f"found {len(cells)} cells, expected {len(columns)}", number)
        row: TraceRow = {}
        for (name, content), text in zip(columns, cells, strict=True):
            if text:
                row[name] = _CONVERT[content](text) if content in _CONVERT else text
        yield number, row


def _whole_lines(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for number, line in lines:
        if not line.endswith("\n"):
            raise Truncated("its last line has no end", number)
        yield line


def _whole(text: str) -> int | str:
    """The number that *text* is; or *text*, which then is no number of ours."""
    return int(text) if len(text) <= LONGEST_NUMBER and text.isascii() and text.isdigit() else text


def _real(text: str) -> float | str:
    try:
        return float(text) if len(text) <= LONGEST_NUMBER and text.isascii() else text
    except ValueError:
        return text


_CONVERT: dict[str, Callable[[str], Any]] = {WHOLE: _whole, REAL: _real}
