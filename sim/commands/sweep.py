"""The command ``sweep``: many runs along axes, into a folder."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.complete import sweeps
from sim.commands.options import QuietOption, command_line, one_line_errors, progress_bar
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sim.studies.points import Sweep
    from sim.studies.sweep import Row
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


def sweep(
    sweep: Annotated[
        str,
        typer.Argument(
            metavar="SWEEP", help="A sweep's YAML file, or the name of a shipped one.", autocompletion=sweeps
        ),
    ],
    output: FolderOption,
    workers: Annotated[
        Optional[int], typer.Option(min=1, max=10_000, help="Processes; as many as there are cores unless given.")
    ] = None,
    cluster: ClusterOption = None,
    store: StoreOption = None,
    formats: Annotated[
        Optional[list[Format]],
        typer.Option(
            "--format", help=f"The table as JSON or Parquet, or a page about it, {PAGE}, as well; repeatable."
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Run every combination of a sweep's axes; what is known is not computed again."""
    with one_line_errors():
        from sim.studies.points import read_sweep
        from sim.studies.store import opened
        from sim.studies.sweep import compute, planned
        from sim.studies.table import columns_of

        asked = read_sweep(sweep)
        points = planned(asked)
        make_folder(output)
        with opened(store or output / STORE) as kept, progress_bar(f"{len(points):,} points", quiet) as progress:
            rows = compute(asked, points, kept, lambda: workers_of(workers, cluster), progress)
        columns = columns_of(asked, rows)
        _write(output, rows, asked.columns, columns, [each.value for each in formats or ()])
        if Format.html in (formats or ()):
            command = command_line("sweep", [sweep], {"-o": "out", "--format": "html"})
            _write_page(output / PAGE, asked, rows, columns, command)
        wrong = [row for row in rows if row.outcome.error]
        if not quiet:
            typer.echo(f"{output / TABLE}: {len(rows):,} points" + (f", {len(wrong):,} failed" if wrong else ""))
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


def _write(folder: Path, rows: list[Row], axes: tuple[str, ...], columns: list[str], formats: list[str]) -> None:
    from sim.files.outputs import write_text
    from sim.studies.table import as_csv, as_json, table, write_parquet

    found = table(rows, axes, columns)
    write_text(folder / TABLE, as_csv(found))
    if "json" in formats:
        write_text((folder / TABLE).with_suffix(".json"), as_json(found))
    if "parquet" in formats:
        write_parquet(found, (folder / TABLE).with_suffix(".parquet"))


def _write_page(path: Path, asked: Sweep, rows: list[Row], columns: list[str], command: str) -> None:
    from sim.files.outputs import write_text
    from sim.presentation.html.sweep_page import sweep_page

    write_text(path, sweep_page(asked, rows, columns, command))
