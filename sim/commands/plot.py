"""The command ``plot``: the figures of the report, as files for papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.changes import Changes, MayTake
from sim.commands.complete import figures, machines, workloads
from sim.commands.options import (
    ConfigOption,
    JsonOption,
    QuietOption,
    SimulateLayersOption,
    check_targets,
    chosen,
    one_line_errors,
    progress_bar,
    write_json,
)
from sim.commands.spread import spread
from sim.commands.written import Written, as_json, rows
from sim.files.errors import InputError, Problem, did_you_mean
from sim.presentation.figure_names import SHOWS

if TYPE_CHECKING:
    from sim.files.limits import Limits
    from sim.files.progress import ProgressCallback
    from sim.presentation.figures.catalogue import Evidence
    from sim.simulation import Job

WIDTHS = (2.0, 20.0)  # inches


WhatArgument = Annotated[
    str,
    typer.Argument(metavar="WHAT", help=f"{', '.join(SHOWS)}.", autocompletion=figures),
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", metavar="FILE.svg|png|pdf", help="Where to write.")]
SourceArgument = Annotated[
    Optional[str],
    typer.Argument(
        metavar="RESULT.json|WORKLOAD",
        help="What run, explain or compare wrote with --json, or a workload to run.",
        show_default=False,
        autocompletion=workloads,
    ),
]
MachineOption = Annotated[
    Optional[str],
    typer.Option(
        "--hw",
        help="A machine YAML file, or the name of a shipped one.",
        show_default="edge",
        autocompletion=machines,
    ),
]
WidthOption = Annotated[float, typer.Option(help="Inches; 3.4 is a column of print.")]


@spread
def plot(
    *,
    what: WhatArgument,
    output: OutputOption,
    source: SourceArgument = None,
    config: ConfigOption = None,
    hw: MachineOption = None,
    changes: Changes,
    may_take: MayTake,
    simulate_layers: SimulateLayersOption = None,
    width: WidthOption = 7.0,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw a figure of a result, or of a run made for it, for print: SVG, PNG or PDF."""
    with one_line_errors():
        from sim.presentation.figures.canvas import print_style
        from sim.presentation.figures.catalogue import FIGURES, draw
        from sim.presentation.figures.export import check_suffix, write

        name = chosen(source, config)
        from_file = config is None and name.endswith(".json")
        _check(what, width)
        check_suffix(output)
        read = {"file": name} if from_file else {"workload": name, "machine": hw, "mapping": changes.mapping}
        check_targets(output, json, **read)
        options = {"--hw": hw, "--simulate-layers": simulate_layers} | changes.options()
        given = [flag for flag, value in options.items() if value]
        if from_file and given:
            raise InputError(Problem("goes with a workload, not with a result", given[0]))
        if not from_file and not FIGURES[what].from_run:
            raise InputError(Problem(f"the figure {what!r} cannot be drawn: {FIGURES[what].needs}", name))
        if from_file:
            known = _read(name)
        else:
            limits = may_take.limits()
            job = _prepared(name, hw or "edge", changes, limits)
            with progress_bar("simulating", quiet) as progress:
                known = _observe(job, progress, simulate_layers, limits)
        with print_style():
            write(draw(what, known, width, name), output)
        write_json(as_json({"written": rows([Written("figure", what, output)]), "source": name}), json)


def _check(what: str, width: float) -> None:
    """Raise InputError for a figure that there is not, and for a width that is not one of a page."""
    from sim.presentation.figures.catalogue import FIGURES

    if what not in FIGURES:
        known = f"expected one of {', '.join(FIGURES)}"
        raise InputError(Problem(f"found {what!r}, {known}{did_you_mean(what, FIGURES)}", "WHAT"))
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise InputError(Problem(f"expected {WIDTHS[0]:g} to {WIDTHS[1]:g} inches", f"--width {width:g}"))


def _read(name: str) -> Evidence:
    from sim.presentation.figures.written import read_evidence

    return read_evidence(Path(name))


def _prepared(name: str, machine: str, changes: Changes, limits: Limits) -> Job:
    from sim.simulation import prepare

    return prepare(name, machine, changes.assignments(), limits)


def _observe(job: Job, progress: ProgressCallback, simulate_layers: int | None, limits: Limits) -> Evidence:
    from sim.presentation.figures.gather import observe

    return observe(job, progress, simulate_layers, limits)
