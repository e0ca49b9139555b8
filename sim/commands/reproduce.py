"""The command ``reproduce``: papers' tables and figures from our simulations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import JsonOption, check_targets, may_print, one_line_errors, progress_bar, write_json
from sim.commands.written import as_json, rows, written
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.paper.products import Product


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
    json: JsonOption = None,
) -> None:
    """Reproduce the tables and figures of "The Hyperscale Lottery" beside its numbers; or SSM-Scope's."""
    with one_line_errors():
        from sim.paper.gpu.measurements import FOLDER
        from sim.paper.pages import written_by
        from sim.paper.runs import parallel_runs

        wanted = _wanted(what)
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        places = {name: [output / file for file in product.files] for name, product in wanted.items()}
        measured = [str(path) for path in (output / FOLDER).glob("*.json")]  # which are read
        check_targets(json, *(path for paths in places.values() for path in paths), file=measured)
        told = []
        with progress_bar("simulating") as progress, parallel_runs(workers, progress) as runs:
            for name, product in wanted.items():
                found = product.write(output, runs)
                files = rows(map(written, places[name]))
                told.append({"product": name, "command": written_by(name), "written": files, **found})
                for path in places[name] if may_print(json) else ():
                    typer.echo(path)
        write_json(as_json({"products": told}), json)


def _wanted(what: str) -> dict[str, Product]:
    """The products that are called *what*; raises InputError if there is none."""
    from sim.paper.products import OTHER_PAPERS, PRODUCTS

    found = PRODUCTS if what == "all" else {k: v for k, v in (PRODUCTS | OTHER_PAPERS).items() if k == what}
    if not found:
        known = ", ".join((*PRODUCTS, *OTHER_PAPERS))
        raise InputError(Problem(f"found {what!r}, expected {known} or all", "WHAT"))
    return found
