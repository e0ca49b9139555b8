"""The command ``explain``: why one run takes its time, by experiments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.changes import Changes, MayTake
from sim.commands.experiments import MarkdownOption, publish
from sim.commands.options import (
    ConfigOption,
    FewLayersOption,
    HardwareOption,
    JsonOption,
    QuietOption,
    ReportOption,
    WorkloadArgument,
    check_targets,
    chosen,
    command_line,
    one_line_errors,
    progress_bar,
)
from sim.commands.spread import spread
from sim.files.errors import InputError, Problem
from sim.files.limits import FEW_LAYERS

if TYPE_CHECKING:
    from sim.explanation.findings import Explanation
    from sim.explanation.laboratory import Laboratory

RobustOption = Annotated[
    str,
    typer.Option(
        metavar="PERCENT",
        help="Look at other mappings that take up to so much longer than the best, 5% at most; 0 for none.",
    ),
]

SensitivityOption = Annotated[
    bool,
    typer.Option(
        "--sensitivity",
        help="Say by how much the run gets faster if a unit or a stream of requests does, and until when.",
    ),
]


@spread
def explain(
    *,
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    hw: HardwareOption = "edge",
    changes: Changes,
    may_take: MayTake,
    simulate_layers: FewLayersOption = FEW_LAYERS,
    robust: RobustOption = "2%",
    sensitivity: SensitivityOption = False,
    json: JsonOption = None,
    markdown: MarkdownOption = None,
    report: ReportOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say why a run takes its time: from the roofline rung by rung, what would help, the critical path, in words."""
    with one_line_errors():
        from sim.explanation.explain import explain as find_reasons
        from sim.explanation.laboratory import Laboratory
        from sim.explanation.near import ROBUST
        from sim.files.resolve import resolve_layers
        from sim.presentation.markdown import explanation

        name = chosen(workload, config)
        check_targets(json, markdown, report, workload=name, machine=hw, mapping=changes.mapping)
        limits, share = may_take.limits(), _share(robust)
        built, (document, machine) = resolve_layers(name, hw, changes.assignments())
        options: dict[str, object] = {"--config": config, "--hw": hw} | changes.options() | may_take.options()
        options |= {"--simulate-layers": simulate_layers, "--robust": None if share == ROBUST else robust}
        options |= {"--sensitivity": sensitivity}
        command = command_line("explain", [workload], options)
        with may_take.searching(quiet):
            laboratory = Laboratory(built, machine, document, simulate_layers, limits, share)
        with progress_bar("experiments", quiet) as progress:
            found = find_reasons(laboratory, command, progress, workers=_workers())
        if sensitivity:
            from sim.api.experiments import with_sensitivities

            with progress_bar("sensitivities", quiet) as progress:
                found = with_sensitivities(found, laboratory, progress)
        if report is not None:
            _report_explanation(found, laboratory, report)
        publish(found.to_json(), explanation(found), json, markdown, report, quiet)


def _workers() -> int:
    """As many processes as there are cores, none but this one where there is one."""
    cores = os.cpu_count() or 1
    return cores if cores > 1 else 0


def _share(text: str) -> float:
    """So many percent as a share; raises InputError for what is none, or more than a search remembers."""
    from sim.search.choose import NEAR

    most = NEAR - 1
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= most:
        raise InputError(Problem(f"expected a percentage from 0 to {100 * most:.0f}, such as 2%", f"--robust {text}"))
    return share


def _report_explanation(found: Explanation, laboratory: Laboratory, report: Path) -> None:
    """Run what *found* explains once more, recorded, and write the page."""
    from dataclasses import replace

    from sim.files.outputs import write_text
    from sim.presentation.figures.gather import observe
    from sim.presentation.html.experiment_pages import explanation_page

    job = laboratory.job
    known = replace(observe(job, None, laboratory.simulate_layers, laboratory.limits), explanation=found)
    write_text(report, explanation_page(known, job.machine))
