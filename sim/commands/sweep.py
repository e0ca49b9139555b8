"""The command ``sweep``: many runs along axes, into a folder."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.complete import sweeps
from sim.commands.options import (
    JsonOption,
    QuietOption,
    check_targets,
    command_line,
    one_line_errors,
    progress_bar,
    write_json,
)
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager

    from sim.studies.points import Sweep
    from sim.studies.sweep import Row
    from sim.studies.table import Table
    from sim.studies.workers import Workers

ADDRESS = "DASK_SCHEDULER_ADDRESS"
TABLE = "results.csv"
STORE = "store.sqlite"
PAGE = "report.html"


FolderOption = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Made if there is none.")]
ClusterOption = Annotated[
    Optional[str],
    typer.Option(metavar="ADDRESS", envvar=ADDRESS, help="The scheduler of a Dask cluster, tcp://HOST:PORT."),
]
StoreOption = Annotated[
    Optional[Path], typer.Option(metavar="FILE", help=f"Where outcomes are kept; {STORE} in FOLDER unless given.")
]


class Format(StrEnum):
    """What else the table is written as; ``html`` is a page about the sweep."""

    json = "json"
    parquet = "parquet"
    html = "html"


SweepArgument = Annotated[
    str,
    typer.Argument(metavar="SWEEP", help="A sweep's YAML file, or the name of a shipped one.", autocompletion=sweeps),
]
FormatOption = Annotated[
    Optional[list[Format]],
    typer.Option("--format", help=f"The table as JSON or Parquet, or a page about it, {PAGE}, as well; repeatable."),
]
FILES = {Format.json: "results.json", Format.parquet: "results.parquet", Format.html: PAGE}


def sweep(
    sweep: SweepArgument,
    output: FolderOption,
    workers: Annotated[
        Optional[int], typer.Option(min=1, max=10_000, help="Processes; as many as there are cores unless given.")
    ] = None,
    cluster: ClusterOption = None,
    store: StoreOption = None,
    formats: FormatOption = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run every combination of a sweep's axes; what is known is not computed again."""
    with one_line_errors():
        from sim.studies.points import read_sweep
        from sim.studies.store import opened
        from sim.studies.sweep import compute, planned
        from sim.studies.table import as_json, columns_of, table

        asked = read_sweep(sweep)
        points = planned(asked)
        make_folder(output)
        wanted, path = dict.fromkeys(formats or ()), store or output / STORE
        targets = (output / name for name in (TABLE, *(FILES[each] for each in wanted)))
        check_targets(json, *targets, sweep=sweep, file=path)
        with opened(path) as kept, progress_bar(f"{len(points):,} points", quiet) as progress:
            rows = compute(asked, points, kept, lambda: workers_of(workers, cluster), progress)
        columns = columns_of(asked, rows)
        found = table(rows, asked.columns, columns)
        _write(output, found, wanted)
        if Format.html in wanted:
            command = command_line("sweep", [sweep], {"-o": "out", "--format": "html"})
            _write_page(output / PAGE, asked, rows, columns, command)
        silent = write_json(as_json(found), json) or quiet
        wrong = [row for row in rows if row.outcome.error]
        if not silent:
            page = f"; {output / PAGE}" if Format.html in wanted else ""
            typer.echo(f"{output / TABLE}: {len(rows):,} points" + (f", {len(wrong):,} failed" if wrong else "") + page)
        if len(wrong) == len(rows):
            raise InputError(Problem(f"every point failed; the first: {rows[0].outcome.error}", sweep))


def workers_of(count: int | None, address: str | None) -> AbstractContextManager[Workers]:
    """So many processes, or the cluster at *address* if there is one."""
    from sim.studies import workers

    return workers.processes(count) if address is None else workers.cluster(address)


def make_folder(folder: Path) -> None:
    """Make *folder* if there is none; raises InputError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Problem(f"is no folder that can be made: {error.strerror}", str(folder))) from None
    if not os.access(folder, os.W_OK):
        raise InputError(Problem("cannot be written", str(folder)))


def _write(folder: Path, found: Table, formats: Collection[Format]) -> None:
    from sim.files.outputs import write_text
    from sim.studies.table import as_csv, as_json, write_parquet

    write_text(folder / TABLE, as_csv(found))
    if Format.json in formats:
        write_text(folder / FILES[Format.json], as_json(found))
    if Format.parquet in formats:
        write_parquet(found, folder / FILES[Format.parquet])


def _write_page(path: Path, asked: Sweep, rows: list[Row], columns: list[str], command: str) -> None:
    from sim.files.outputs import write_text
    from sim.presentation.html.sweep_page import sweep_page

    write_text(path, sweep_page(asked, rows, columns, command))
