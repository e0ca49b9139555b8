"""The command ``pareto``: the front of what a sweep or a search has found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import JsonOption, QuietOption, check_targets, may_print, one_line_errors, show, write_json
from sim.commands.sweep import TABLE
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.studies.front import Front

PICTURE = "pareto.svg"
WIDTH = 7.0  # inches


def pareto(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What sweep or search wrote.")],
    minimise: Annotated[
        Optional[list[str]], typer.Option(metavar="FIGURE", help="A column of which less is better; repeatable.")
    ] = None,
    maximise: Annotated[
        Optional[list[str]], typer.Option(metavar="FIGURE", help="A column of which more is better; repeatable.")
    ] = None,
    output: Annotated[
        Optional[Path],
        typer.Option(
            "--output", "-o", metavar="FILE.svg|png|pdf", help=f"The figure; {PICTURE} in FOLDER if not said."
        ),
    ] = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw the front over two or three figures, with its knee and what binds at each point, and print it."""
    with one_line_errors():
        from sim.presentation.figures.canvas import print_style
        from sim.presentation.figures.export import check_suffix, write
        from sim.presentation.figures.front import draw_front
        from sim.studies.front import FIGURES, as_json, front, read_rows, wishes

        least, most = minimise or [], maximise or []
        if not least and not most:
            least, most = wishes(folder)
        if len({*least, *most}) not in FIGURES or len({*least, *most}) < len(least) + len(most):
            told = ", ".join((*least, *most)) or "none"
            raise InputError(Problem(f"found {told}, expected two or three figures", "--minimise, --maximise"))
        target = output or folder / PICTURE
        check_suffix(target)
        check_targets(target, json, file=folder / TABLE)
        try:
            found = front(read_rows(folder / TABLE), least, most)
        except ValueError as error:
            raise InputError(Problem(str(error), str(folder / TABLE))) from None
        with print_style():
            write(draw_front(found, f"Front of {folder.name}", WIDTH), target)
        write_json(as_json(found), json)
        if not quiet and may_print(json):
            _print(found)
            typer.echo(f"{target}: {len(found.rows):,} of {len(found.rows) + len(found.others):,} points")


def _print(found: Front) -> None:
    """The rows of the front: the figures, the keys that differ among them, what binds."""
    from rich.table import Table

    from sim.presentation.figures.front import binding, words

    keys = list(found.rows[0])[: _axes(found)]
    keys = [key for key in keys if key not in found.names and len({str(row[key]) for row in found.rows}) > 1]
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in (*found.names, *(key.rpartition(".")[2] for key in keys), "binds", ""):
        shown.add_column(title, overflow="fold")
    for number, row in enumerate(found.rows):
        cells = [_cell(row[key]) for key in (*found.names, *keys)]
        shown.add_row(*cells, words(binding(row)), "knee" if number == found.knee else "")
    show(shown)


def _axes(found: Front) -> int:
    """How many columns are keys: those before the first that is a figure of all results."""
    from sim.studies.figures import USUAL

    row = list(found.rows[0])
    return next((place for place, key in enumerate(row) if key in found.names or key in USUAL), len(row))


def _cell(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
