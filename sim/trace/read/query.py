"""SQL over a trace of any format: the tables ``slices`` and ``counters``, as docs/traces.md has them, in DuckDB.

A query reads these tables and nothing else: no files, no network, no settings. It is held to so much memory, time and
so many rows, so that a mistake in it ends in a line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from sim.files.errors import InputError, Problem
from sim.files.extras import require
from sim.files.outputs import scratch_folder
from sim.trace.columns import COLUMNS, REAL, WHOLE, WORD
from sim.trace.read.answer import Answer
from sim.trace.read.csv import HEAD
from sim.trace.read.packed import check_lines
from sim.trace.read.rows import check_file, one_problem, rows
from sim.trace.read.schema import IN_ORDER, NEEDED, Damaged, RowCheck, Unreadable, said_by
from sim.trace.slices import COUNTER
from sim.trace.write.csv import write_csv
from sim.trace.write.formats import format_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TYPES = {WORD: "VARCHAR", WHOLE: "BIGINT", REAL: "DOUBLE"}
COUNTERS = "unit AS component, name, track AS unit, start_cycle, end_cycle, value"
STATEMENTS = ("SELECT", "EXPLAIN", "MULTI")  # the last is a PIVOT
MOST_SECONDS = 600.0  # unless told otherwise
MOST_ROWS = 1_000_000  # of an answer
MOST_MEMORY = 4 << 30  # bytes, or half of what the machine has; what is more goes to the disk
MOST_DISK = "16GB"
PORTION = 1 << 14  # rows of an answer that are fetched together


def query(path: Path, sql: str, seconds: float = MOST_SECONDS) -> Answer:
    """The answer to *sql*, one statement that reads, within so many *seconds*.

    Raises InputError for what is no trace or is damaged, for a mistake in *sql*, for one that would write or read
    something else or takes too much, and if DuckDB is not installed.
    """
    require("duckdb", "analysis", "trace query")
    check_file(path)
    with scratch_folder() as folder, _database(folder) as database:
        _load(database, path, folder)
        for setting in ("enable_external_access = false", "lock_configuration = true"):
            database.execute(f"SET {setting}")
        return _ask(database, sql, seconds)


@contextmanager
def _database(folder: Path) -> Iterator[DuckDBPyConnection]:
    """A database in memory, which may put what has no room in *folder*."""
    import duckdb

    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    config = {
        "memory_limit": f"{min(MOST_MEMORY, half) >> 20}MiB",
        "temp_directory": str(folder),
        "max_temp_directory_size": MOST_DISK,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(config=config) as database:  # type: ignore[arg-type]
        yield database


def _load(database: DuckDBPyConnection, path: Path, folder: Path) -> None:
    """Make the tables of the trace at *path*: DuckDB reads what it can, which is quick."""
    import duckdb

    suffix = format_of(path).suffix
    direct = suffix in (".parquet", ".csv.gz")
    table = path if direct else folder / "trace.csv.gz"
    if not direct:
        write_csv(table, rows(path))
    try:
        if direct:
            _check_whole(path, suffix)
        database.execute(f"CREATE TABLE rows AS SELECT * FROM {_reads(table, suffix if direct else '.csv.gz')}")
        if direct:
            _check(database)
    except (duckdb.Error, Unreadable, OSError) as error:
        for _ in rows(path):  # says where it is damaged
            pass
        with one_problem(path):
            raise (Damaged(said_by(error)) if isinstance(error, duckdb.Error) else error) from None
    columns = ", ".join(name for name in COLUMNS if name != "value")
    database.execute(f"CREATE VIEW slices AS SELECT {columns} FROM rows WHERE kind <> '{COUNTER}'")
    database.execute(f"CREATE VIEW counters AS SELECT {COUNTERS} FROM rows WHERE kind = '{COUNTER}'")


def _reads(path: Path, suffix: str) -> str:
    name = str(path).replace("'", "''")
    if suffix == ".parquet":
        return f"read_parquet('{name}')"
    types = ", ".join(f"'{column}': '{TYPES[content]}'" for column, content in COLUMNS.items())
    dialect = """header = true, delim = ',', quote = '"', escape = '"'"""  # DuckDB would guess from the first rows
    return f"read_csv('{name}', {dialect}, columns = {{{types}}})"


def _check_whole(path: Path, suffix: str) -> None:
    """Raise Unreadable if the file is not whole: DuckDB does not look at checksums."""
    if suffix == ".parquet":
        from sim.trace.read.parquet import check_table

        check_table(path)
    else:
        check_lines(path, HEAD)


def _check(database: DuckDBPyConnection) -> None:
    """Hold the rows to what :class:`~sim.trace.read.schema.RowCheck` lets through, all at once; raises Damaged."""
    described = database.execute("DESCRIBE rows").fetchall()
    if [(name, kind) for name, kind, *_ in described] != [(name, TYPES[content]) for name, content in COLUMNS.items()]:
        raise Damaged("has other columns")
    check = RowCheck()
    for name, content in COLUMNS.items():
        what = f"DISTINCT {name}" if content == WORD else f"unnest([min({name}), max({name})])"
        for (value,) in database.execute(f"SELECT {what} FROM rows").fetchall():
            if value is not None:
                {WORD: check.word, WHOLE: check.whole, REAL: check.real}[content](name, value)
    wrong = ["kind IS NULL", *(f"{last} < {first}" for first, last in IN_ORDER)]
    wrong += [f"kind = '{kind}' AND {name} IS NULL" for kind, names in NEEDED.items() for name in names]
    before = "lag(end_cycle) OVER (PARTITION BY unit, if(kind = '{0}', name, track), kind = '{0}' ORDER BY rowid)"
    out_of_turn = f"SELECT start_cycle, {before.format(COUNTER)} AS before FROM rows"
    for condition in (f"FROM rows WHERE {' OR '.join(wrong)}", f"FROM ({out_of_turn}) WHERE start_cycle < before"):
        if database.execute(f"SELECT count(*) {condition}").fetchall() != [(0,)]:
            raise Damaged("has rows that do not fit together")


def _ask(database: DuckDBPyConnection, sql: str, seconds: float) -> Answer:
    """The answer to *sql*; what DuckDB raises, and what it can make no Python value of, is a mistake in it."""
    timer = Timer(seconds, database.interrupt)
    timer.daemon = True
    timer.start()
    try:
        statements = database.extract_statements(sql)
        kinds = [statement.type.name for statement in statements]
        if len(kinds) != 1 or kinds[0] not in STATEMENTS:
            listed = ", ".join(kinds) or "nothing"
            raise InputError(Problem(f"found {listed}, expected one SELECT", "SQL"))
        answer = database.execute(statements[0])
        columns = [column[0] for column in answer.description or ()]
        found: list[tuple[Any, ...]] = []
        while portion := answer.fetchmany(PORTION):
            found += portion
            if len(found) > MOST_ROWS:
                raise InputError(Problem(f"the answer has more than {MOST_ROWS:,} rows: count, or add a LIMIT", "SQL"))
        return Answer(columns, found)
    except InputError:
        raise
    except Exception as error:
        if not timer.is_alive():
            raise InputError(Problem(f"has not been answered within {seconds:g} seconds", "SQL")) from None
        raise InputError(Problem(said_by(error), "SQL")) from None
    finally:
        timer.cancel()
