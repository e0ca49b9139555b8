"""Many runs: along the axes of a sweep, or as few of a grid as a goal takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sim.accounting.result import Result
from sim.api.frames import framed
from sim.files.documents import Document
from sim.files.progress import ProgressCallback
from sim.studies import workers as kinds
from sim.studies.answer import answer, results
from sim.studies.candidates import grid
from sim.studies.goal import checked_goal, read_goal
from sim.studies.kept_bounds import bounds_in
from sim.studies.outcomes import Ready
from sim.studies.points import checked_sweep, read_sweep
from sim.studies.seek import seek
from sim.studies.store import opened
from sim.studies.sweep import Row, compute, planned
from sim.studies.table import Table, columns_of, table

if TYPE_CHECKING:
    from pandas import DataFrame

IN_PYTHON = "in Python"  # where a sweep or a goal stands that is no file


@dataclass(frozen=True)
class Swept:
    """What the points of a sweep came to: a ``table``, and the ``rows`` that it is of, in the order of the axes."""

    table: Table
    rows: list[Row]

    def frame(self) -> DataFrame:
        """The table as a data frame; raises InputError without pandas."""
        return framed(list(self.table.columns), [list(row) for row in self.table.rows])

    @property
    def results(self) -> list[Result | None]:
        """The result of each point; None for one that failed."""
        return [None if row.outcome.error else row.outcome.result for row in self.rows]


@dataclass(frozen=True)
class Sought:
    """What a search came to: its ``answer``, as ``answer.json`` has it (docs/goals.md), and a ``table`` of its runs."""

    answer: dict[str, Any]
    table: Table

    @property
    def best(self) -> list[dict[str, Any]]:
        """The best points: their keys, objectives, what binds there, and the commands that run them again."""
        found: list[dict[str, Any]] = self.answer["best"]
        return found

    def frame(self) -> DataFrame:
        """The runs that were made as a data frame; raises InputError without pandas."""
        return framed(list(self.table.columns), [list(row) for row in self.table.rows])


def sweep(
    asked: str | Path | Mapping[str, Any],
    *,
    store: str | Path | None = None,
    workers: int = 0,
    cluster: str | None = None,
    progress: ProgressCallback = lambda done, total: None,
) -> Swept:
    """Run every point of a sweep: a file, the name of a shipped one, or its keys, ``{"workload": ..., "axes": ...}``.

    What a *store* knows is not run again; it is made where there is none, and forgotten at the end unless one is given.
    Points are run in this process, by so many *workers*, processes of their own, or on the Dask *cluster* whose
    scheduler is at that address. Raises InputError with every mistake in the sweep; a point that fails has its error.
    """
    found = read_sweep(str(asked)) if isinstance(asked, str | Path) else checked_sweep(_document("sweep", asked))
    points = planned(found)
    with _stored(store) as path, opened(path) as kept:
        rows = compute(found, points, kept, _workers(workers, cluster), progress)
    return Swept(table(rows, found.columns, columns_of(found, rows)), rows)


def search(
    asked: str | Path | Mapping[str, Any],
    *,
    store: str | Path | None = None,
    workers: int = 0,
    cluster: str | None = None,
    progress: ProgressCallback = lambda done, total: None,
) -> Sought:
    """Find the best points of a goal: a file, the name of a shipped one, or its keys; see docs/goals.md.

    The rest is that of :func:`sweep`. Raises InputError with every mistake in the goal.
    """
    goal = read_goal(str(asked)) if isinstance(asked, str | Path) else checked_goal(_document("goal", asked))
    points = grid(goal)
    with _stored(store) as path, opened(path) as kept, bounds_in(path) as bounds:
        found = seek(goal, points, kept, bounds, _workers(workers, cluster), progress)
    return Sought(answer(goal, points, found), results(goal, points, found))


def _document(kind: str, keys: Mapping[str, Any]) -> Document:
    return Document({"name": kind, **keys}, [(f"{kind} {IN_PYTHON}", {})])


@contextmanager
def _stored(store: str | Path | None) -> Iterator[Path]:
    """The file of a *store*, or one that is there for this block."""
    if store is not None:
        yield Path(store)
        return
    with TemporaryDirectory() as folder:
        yield Path(folder) / "store.sqlite"


def _workers(count: int, cluster: str | None) -> Ready:
    """Whoever computes the points: the *cluster* if there is one, else so many processes, else this one."""
    of_count: Callable[[], Any] = partial(kinds.processes, count) if count else kinds.this_process
    return of_count if cluster is None else partial(kinds.cluster, cluster)
