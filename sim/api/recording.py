"""A run that is recorded: what happened when, asked in SQL or as a data frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.accounting.result import Result
from sim.api.frames import framed
from sim.files.described import Machine, Overrides, Workload, named
from sim.files.errors import InputError, Problem
from sim.files.limits import LIMITS, Limits
from sim.simulation import prepare, run
from sim.trace import TraceWriter, parse_window
from sim.trace.read.query import query
from sim.trace.read.rows import rows
from sim.trace.read.summary import TraceSummary, summarise

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Trace:
    """The trace in a ``file``, of whatever format, and the ``result`` of the run that it is of, where that is known."""

    file: Path
    result: Result | None = None

    def query(self, sql: str) -> DataFrame:
        """The answer to *sql* over the tables ``slices`` and ``counters`` (docs/traces.md).

        Raises InputError for what is no trace, for a mistake in *sql*, and without DuckDB or pandas.
        """
        found = query(self.file, sql)
        return framed(found.columns, [list(row) for row in found.rows])

    def summary(self) -> TraceSummary:
        """Busy cycles and stalls of each unit, and the longest operations; raises InputError for what is no trace."""
        return summarise(rows(self.file))


def record(
    file: str | Path,
    workload: str | Workload,
    machine: str | Machine = "edge",
    overrides: Overrides = (),
    *,
    window: str | None = None,
    simulate_layers: int | None = None,
    limits: Limits = LIMITS,
    **keywords: Any,
) -> Trace:
    """Run *workload* on *machine* and write what happened into *file*, whose suffix says how (docs/traces.md).

    Inputs are those of :func:`~sim.simulation.simulate`; of the run a *window* is written, all of it unless given,
    ``layer:0-1``, ``token:64-95`` or ``cycle:0-1000000``. Raises InputError with every mistake in the input, for a
    suffix that is not known, and for a window in which nothing of the run is.
    """
    writer = TraceWriter(Path(file), parse_window(window))
    job = prepare(*named(workload, machine, overrides, keywords), limits)
    writer.check(job.sections, simulate_layers)
    with writer.writing(job.machine) as observer:
        result = run(job, observer=observer, simulate_layers=simulate_layers, certificate=True, limits=limits)
    return Trace(Path(file), result)


def trace(file: str | Path) -> Trace:
    """The trace that a run has written into *file*; raises InputError if there is no file."""
    path = Path(file)
    if not path.is_file():
        raise InputError(Problem("no such file", str(path), unknown=True))
    return Trace(path)
