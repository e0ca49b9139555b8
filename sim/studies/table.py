"""The table of a sweep: a row for each point in the order of the axes, as CSV, JSON or Parquet.

Nothing in it tells when or how long it was computed, so that the same sweep makes the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.files.errors import InputError, Problem
from sim.files.outputs import writing
from sim.studies.figures import Figure, chosen_columns
from sim.studies.points import Sweep
from sim.studies.sweep import Row

ERROR = "error"


@dataclass(frozen=True)
class Table:
    """``rows`` of values under ``columns``: what changes along the axes, chosen figures, and the error if there is one.

    ``axes`` is how many of the columns are axes.
    """

    columns: tuple[str, ...]
    axes: int
    rows: tuple[tuple[Any, ...], ...]


def table(rows: Sequence[Row], axes: Sequence[str], figures: Sequence[str]) -> Table:
    """The table of *rows*: the *axes*, the *figures*, and the error."""
    values = tuple(
        (
            *(row.coordinates[axis] for axis in axes),
            *(row.outcome.figures.get(name) for name in figures),
            row.outcome.error or None,
        )
        for row in rows
    )
    return Table((*axes, *figures, ERROR), len(axes), values)


def columns_of(sweep: Sweep, rows: Sequence[Row]) -> list[str]:
    """The figures that *sweep* asks for, or the usual ones; raises InputError for one that none of *rows* has."""
    try:
        return chosen_columns(sweep.spec.columns, [row.outcome.figures for row in rows if not row.outcome.error])
    except ValueError as error:
        raise InputError(sweep.document.problem(["columns"], str(error))) from None


def as_csv(table: Table) -> str:
    """Comma-separated, with a header; numbers as Python writes them, nothing where there is no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue()


def as_json(table: Table) -> str:
    """A list with an object for each row."""
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def write_parquet(table: Table, path: Path) -> None:
    """Write *table* as Parquet; values of an axis that are no single values as JSON. Raises InputError."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError(Problem("needs the extra 'analysis': pip install 'stallscope[analysis]'", str(path))) from None
    columns = {name: _alike([_single(row[place]) for row in table.rows]) for place, name in enumerate(table.columns)}
    with writing(path) as stream:
        parquet.write_table(pyarrow.table(columns), stream)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else json.dumps(value)


def _single(value: Any) -> Figure:
    return value if value is None or isinstance(value, int | float | str) else json.dumps(value)


def _alike(values: list[Figure]) -> list[Figure]:
    """*values* of one type: text, if they differ."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    return values if len(kinds) < 2 else [None if value is None else str(value) for value in values]
