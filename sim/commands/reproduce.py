"""The command ``reproduce``: papers' tables and figures from our simulations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.commands.options import one_line_errors, progress_bar
from sim.files.errors import InputError, Problem


def reproduce(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="table1, figure1, figure2, official, ranking, claims, gpu or all; ssm-scope."
        ),
    ] = "all",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")] = Path("results"),
    workers: Annotated[
        Optional[int], typer.Option(min=1, help="Simulations at a time.", show_default="one a core")
    ] = None,
) -> None:
    """Reproduce the tables and figures of "The Hyperscale Lottery" beside its numbers; or SSM-Scope's."""
    with one_line_errors():
        from sim.paper.products import OTHER_PAPERS, PRODUCTS
        from sim.paper.runs import parallel_runs

        wanted = PRODUCTS if what == "all" else {k: v for k, v in (PRODUCTS | OTHER_PAPERS).items() if k == what}
        if not wanted:
            known = ", ".join((*PRODUCTS, *OTHER_PAPERS))
            raise InputError(Problem(f"found {what!r}, expected {known} or all", "WHAT"))
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        with progress_bar("simulating") as progress, parallel_runs(workers, progress) as runs:
            for write in wanted.values():
                for path in write(output, runs):
                    typer.echo(path)
