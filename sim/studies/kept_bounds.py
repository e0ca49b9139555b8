"""Bounds that take a while to find, kept beside the outcomes in the file of a store (store.py), by the same keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sim.files.errors import InputError, Problem
from sim.studies.store import WAIT_SECONDS

TABLE: Final = "create table if not exists bounds (key text primary key, cycles integer not null) without rowid"


class KeptBounds:
    """Cycles that runs take at least over every mapping, by their keys."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> int | None:
        """The bound of the run with this *key*; None if it is not known."""
        found = self._connection.execute("select cycles from bounds where key = ?", [key]).fetchone()
        return None if found is None else int(found[0])

    def add(self, key: str, cycles: int) -> None:
        """Keep the bound of the run with this *key*."""
        with self._connection:
            self._connection.execute("insert or ignore into bounds values (?, ?)", [key, cycles])


@contextmanager
def bounds_in(path: Path) -> Iterator[KeptBounds]:
    """The bounds in the file of a store that is there; raises InputError if it cannot be written."""
    try:
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS)
        try:
            with connection:
                connection.execute(TABLE)
            yield KeptBounds(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise InputError(Problem(f"cannot be used as a store: {error}", str(path))) from None
