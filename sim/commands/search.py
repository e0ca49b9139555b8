"""The command ``search``: which values of free keys are the best, with a proof, into a folder."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sim.commands.complete import goals
from sim.commands.options import (
    JsonOption,
    QuietOption,
    check_targets,
    command_line,
    one_line_errors,
    progress_bar,
    write_json,
)
from sim.commands.sweep import STORE, TABLE, ClusterOption, FolderOption, StoreOption, make_folder, workers_of
from sim.files.errors import InputError, Problem

ANSWER = "answer.json"
PAGE = "answer.md"

GoalArgument = Annotated[
    str, typer.Argument(metavar="GOAL", help="A goal's YAML file, or the name of a shipped one.", autocompletion=goals)
]


def search(
    goal: GoalArgument,
    output: FolderOption,
    workers: Annotated[
        Optional[int], typer.Option(min=1, max=10_000, help="Processes; one for each point at once unless given.")
    ] = None,
    cluster: ClusterOption = None,
    store: StoreOption = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find the best machine or model of a grid: what cannot win is never run, and the answer says how sure it is."""
    with one_line_errors():
        from sim.files.outputs import write_text
        from sim.studies.answer import answer, as_json, as_page, results
        from sim.studies.candidates import grid
        from sim.studies.goal import read_goal
        from sim.studies.kept_bounds import bounds_in
        from sim.studies.seek import seek
        from sim.studies.store import opened
        from sim.studies.table import as_csv

        asked = read_goal(goal)
        make_folder(output)
        path = store or output / STORE
        check_targets(json, *(output / name for name in (TABLE, ANSWER, PAGE)), goal=goal, file=path)
        with progress_bar(f"{asked.size:,} points", quiet) as progress:
            points = grid(asked, progress)
        count = workers or asked.spec.at_once
        with (
            opened(path) as kept,
            bounds_in(path) as bounds,
            progress_bar("points that are settled", quiet) as progress,
        ):
            found = seek(asked, points, kept, bounds, lambda: workers_of(count, cluster), progress)
        told = answer(asked, points, found)
        write_text(output / TABLE, as_csv(results(asked, points, found)))
        write_text(output / ANSWER, as_json(told))
        page = as_page(asked, told, command_line("search", [goal], {"-o": "out"}))
        write_text(output / PAGE, page)
        if not write_json(as_json(told), json) and not quiet:
            typer.echo(page, nl=False)
        if not found.best and not found.open:
            raise InputError(Problem("no point of the grid meets the constraints", goal))
