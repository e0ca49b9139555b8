"""Reads traces of every format back as the rows of :data:`sim.trace.columns.COLUMNS`, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sim.files.errors import InputError, Problem
from sim.trace.columns import TraceRow
from sim.trace.read.schema import Damaged, RowCheck, Unreadable
from sim.trace.write.formats import format_of


@dataclass(frozen=True)
class Reader:
    """How a format is read: ``function`` (module:function) yields pairs of a number and a row, as they are found.

    The number is that of the ``place``, from 1. What the function raises of its own is Unreadable.
    """

    function: str
    place: str = "line"

    def rows(self, path: Path) -> Iterator[tuple[int, TraceRow]]:
        """The rows of the trace at *path*, which nobody has checked."""
        module, name = self.function.split(":")
        function: Callable[[Path], Iterator[tuple[int, TraceRow]]] = getattr(import_module(module), name)
        yield from function(path)


READERS = {
    ".json.gz": Reader("sim.trace.read.chrome:chrome_rows"),
    ".pftrace": Reader("sim.trace.read.perfetto:packet_rows", "packet"),
    ".parquet": Reader("sim.trace.read.parquet:parquet_rows", "row"),
    ".csv.gz": Reader("sim.trace.read.csv:csv_rows"),
    ".vcd": Reader("sim.trace.read.vcd:wave_rows"),
}


def rows(path: Path) -> Iterator[TraceRow]:
    """Every row of the trace at *path*, checked: a dictionary without the columns that say nothing.

    Raises InputError for a file that is not there, is no trace of ours or is damaged, or needs a package that is not.
    """
    check_file(path)
    with one_problem(path):
        check = RowCheck()
        for number, row in READERS[format_of(path).suffix].rows(path):
            try:
                yield check.row(row)
            except Damaged as error:
                raise Damaged(error.message, number) from None


def check_file(path: Path) -> None:
    """Raise InputError for a file of no known format, one that is not there, or if its package is not."""
    format_of(path).check()
    if not path.is_file():
        raise InputError(Problem("is not a file", str(path)))


@contextmanager
def one_problem(path: Path) -> Iterator[None]:
    """What is wrong with the trace at *path* becomes an InputError."""
    try:
        yield
    except Unreadable as error:
        place = READERS[format_of(path).suffix].place
        line = error.number if place == "line" else None
        where = f"{place} {error.number}" if error.number is not None and line is None else ""
        message = ": ".join(part for part in (error.says, where, error.message) if part)
        raise InputError(Problem(message, str(path), line)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(path))) from None
