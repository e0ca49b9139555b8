"""Where outcomes are kept: a SQLite file that a killed process leaves whole, and that can be asked by anybody.

The table ``runs`` has a row for each outcome: ``key`` (sim/studies/identity.py), ``code``, what was run, the ``error``
or the ``figures`` and the ``mapping`` as JSON, the whole ``result`` as JSON packed by zlib, and the ``seconds`` that it
took::

    sqlite3 store.sqlite "select json_extract(figures, '$.tokens_per_second'), settings from runs"
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sim.files.errors import InputError, Problem
from sim.studies.evaluate import Outcome
from sim.studies.identity import code
from sim.studies.points import Point

LAYOUT: Final = 1
"""Of the table; a file of another one is not read."""
WAIT_SECONDS: Final = 60  # for others who write
TABLE: Final = """
create table if not exists runs (
    key text primary key, code text not null, workload text not null, machine text not null, settings text not null,
    error text not null, figures text not null, mapping text not null, result blob not null, seconds real not null
) without rowid
"""
FEW: Final = 500  # keys in one question


class Store:
    """Outcomes by their keys, in the file at *path*, which is made if there is none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def known(self, keys: Iterable[str]) -> dict[str, Outcome]:
        """The outcomes of those of *keys* that are there."""
        wanted, found = list(keys), dict[str, Outcome]()
        for first in range(0, len(wanted), FEW):
            some = wanted[first : first + FEW]
            marks = ", ".join("?" * len(some))
            question = f"select key, figures, result, error, mapping, seconds from runs where key in ({marks})"
            for name, figures, *others in self._connection.execute(question, some):
                found[name] = Outcome(json.loads(figures), *others)
        return found

    def add(self, outcomes: Iterable[tuple[str, Point, Outcome]]) -> None:
        """Keep *outcomes*, all or none of them; what is there already stays."""
        rows = [
            (
                key, code(), point.workload, point.machine, json.dumps(_settings(point)), outcome.error,
                json.dumps(outcome.figures), outcome.mapping, outcome.packed, outcome.seconds,
            )
            for key, point, outcome in outcomes
        ]  # fmt: skip
        with self._connection:
            self._connection.executemany("insert or ignore into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _settings(point: Point) -> list[str]:
    mapping = [f"--mapping {point.mapping}"] if point.mapping else []
    return [*mapping, *(str(each) for each in point.assignments)]


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The store at *path*; raises InputError if that is something else, or cannot be written."""
    try:
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS)
        try:
            (layout,) = connection.execute("pragma user_version").fetchone()
            if layout not in (0, LAYOUT) or (not layout and _tables(connection)):
                raise InputError(Problem(f"expected a store of layout {LAYOUT}, or no file yet", str(path)))
            with connection:
                connection.execute(TABLE)
                connection.execute(f"pragma user_version = {LAYOUT}")
            yield Store(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise InputError(Problem(f"cannot be used as a store: {error}", str(path))) from None


def _tables(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("select count(*) from sqlite_master").fetchone()
    return int(count)
