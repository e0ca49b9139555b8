"""The command ``reproduce``: the paper's tables and figures from our simulations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.commands.options import one_line_errors, progress_bar
from sim.files.errors import InputError, Problem


def reproduce(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="table1, figure1, figure2, official, ranking, claims or all.")
    ] = "all",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")] = Path("results"),
    workers: Annotated[
        Optional[int], typer.Option(min=1, help="Simulations at a time.", show_default="one a core")
    ] = None,
) -> None:
    """Reproduce the tables and figures of "The Hyperscale Lottery" beside its numbers."""
    with one_line_errors():
        from sim.paper.products import PRODUCTS
        from sim.paper.runs import parallel_runs

        if what != "all" and what not in PRODUCTS:
            raise InputError(Problem(f"found {what!r}, expected {', '.join(PRODUCTS)} or all", "WHAT"))
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        with progress_bar("simulating") as progress, parallel_runs(workers, progress) as runs:
            for name, write in PRODUCTS.items():
                if what in ("all", name):
                    for path in write(output, runs):
                        typer.echo(path)
