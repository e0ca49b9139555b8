"""The command ``plot``: the figures of the report, as files for papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import (
    ConfigOption,
    LayersOption,
    MappingOption,
    SetOption,
    SimulateLayersOption,
    assignments,
    check_targets,
    chosen,
    one_line_errors,
    progress_bar,
)
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.presentation.figures.catalogue import Evidence

WIDTHS = (2.0, 20.0)  # inches


WhatArgument = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="waterfall, units, roofline, timeline, windows, critical-path, sram, what-ifs or comparison.",
    ),
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", metavar="FILE.svg|png|pdf", help="Where to write.")]
SourceArgument = Annotated[
    Optional[str],
    typer.Argument(
        metavar="RESULT.json|WORKLOAD",
        help="What run, explain or compare wrote with --json, or a workload to run.",
        show_default=False,
    ),
]
MachineOption = Annotated[
    Optional[str],
    typer.Option("--hw", help="A machine YAML file, or the name of a shipped one.", show_default="edge"),
]
WidthOption = Annotated[float, typer.Option(help="Inches; 3.4 is a column of print.")]


def plot(
    what: WhatArgument,
    output: OutputOption,
    source: SourceArgument = None,
    config: ConfigOption = None,
    hw: MachineOption = None,
    mapping: MappingOption = None,
    set_: SetOption = None,
    layers: LayersOption = None,
    simulate_layers: SimulateLayersOption = None,
    width: WidthOption = 7.0,
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
        read = {"file": name} if from_file else {"workload": name, "machine": hw, "mapping": mapping}
        check_targets(output, **read)
        if from_file and (hw, mapping, set_, layers, simulate_layers) != (None,) * 5:
            given = "--hw, --mapping, --set, --layers and --simulate-layers"
            raise InputError(Problem(f"{given} go with a workload, not with a result", name))
        if not from_file and not FIGURES[what].from_run:
            raise InputError(Problem(f"the figure {what!r} cannot be drawn: {FIGURES[what].needs}", name))
        wanted = assignments(mapping, set_, layers)
        known = _read(name) if from_file else _observe(name, hw or "edge", wanted, simulate_layers)
        with print_style():
            write(draw(what, known, width, name), output)


def _check(what: str, width: float) -> None:
    """Raise InputError for a figure that there is not, and for a width that is not one of a page."""
    from sim.presentation.figures.catalogue import FIGURES

    if what not in FIGURES:
        raise InputError(Problem(f"found {what!r}, expected one of {', '.join(FIGURES)}", "WHAT"))
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise InputError(Problem(f"expected {WIDTHS[0]:g} to {WIDTHS[1]:g} inches", f"--width {width:g}"))


def _read(name: str) -> Evidence:
    from sim.presentation.figures.written import read_evidence

    return read_evidence(Path(name))


def _observe(name: str, machine: str, wanted: list[str], simulate_layers: int | None) -> Evidence:
    from sim.presentation.figures.gather import observe
    from sim.simulation import prepare

    job = prepare(name, machine, wanted)
    with progress_bar("simulating") as progress:
        return observe(job, progress, simulate_layers)
