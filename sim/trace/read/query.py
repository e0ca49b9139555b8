"""SQL over a trace of any format: the tables ``slices`` and ``counters``, as docs/traces.md has them, in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.files.errors import InputError, Problem
from sim.files.outputs import scratch_folder
from sim.trace.columns import COLUMNS, REAL, WHOLE
from sim.trace.read.rows import rows
from sim.trace.slices import COUNTER
from sim.trace.write.csv import write_csv
from sim.trace.write.formats import format_of, require

TYPES = {WHOLE: "BIGINT", REAL: "DOUBLE"}
COUNTERS = "unit AS component, name, track AS unit, start_cycle, end_cycle, value"


def query(path: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of the answer to *sql*.

    Raises InputError for what is no trace, for a mistake in *sql*, and if DuckDB is not installed.
    """
    require("duckdb", "analysis", "trace query")
    import duckdb

    with _source(path) as source, duckdb.connect() as connection:
        try:
            slices = ", ".join(name for name in COLUMNS if name != "value")
            connection.execute(f"CREATE TABLE rows AS SELECT * FROM {source}")
            connection.execute(f"CREATE VIEW slices AS SELECT {slices} FROM rows WHERE kind <> '{COUNTER}'")
            connection.execute(f"CREATE VIEW counters AS SELECT {COUNTERS} FROM rows WHERE kind = '{COUNTER}'")
            answer = connection.execute(sql)
            return [column[0] for column in answer.description or ()], answer.fetchall()
        except duckdb.Error as error:
            raise InputError(Problem(str(error).splitlines()[0], "SQL")) from error


@contextmanager
def _source(path: Path) -> Iterator[str]:
    """What DuckDB can read the rows of the trace from."""
    suffix = format_of(path).suffix
    if suffix in (".parquet", ".csv.gz") and path.is_file():
        yield _reads(path, suffix)
        return
    with scratch_folder() as folder:
        table = folder / "trace.csv.gz"
        write_csv(table, rows(path))
        yield _reads(table, ".csv.gz")


def _reads(path: Path, suffix: str) -> str:
    name = str(path).replace("'", "''")
    if suffix == ".parquet":
        return f"read_parquet('{name}')"
    types = ", ".join(f"'{column}': '{TYPES.get(content, 'VARCHAR')}'" for column, content in COLUMNS.items())
    dialect = """header = true, delim = ',', quote = '"', escape = '"'"""  # DuckDB would guess from the first rows
    return f"read_csv('{name}', {dialect}, columns = {{{types}}})"
