"""The command ``compare``: several runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.changes import Changes, MayTake
from sim.commands.complete import machines, workloads
from sim.commands.experiments import MarkdownOption, publish
from sim.commands.options import (
    FewLayersOption,
    JsonOption,
    QuietOption,
    ReportOption,
    check_targets,
    command_line,
    one_line_errors,
    progress_bar,
)
from sim.commands.sides import Side, labels, parse_side, read_result
from sim.commands.spread import spread
from sim.files.errors import InputError, Problem
from sim.files.limits import FEW_LAYERS

if TYPE_CHECKING:
    from sim.accounting.result import Result
    from sim.simulation import Job

Planned = tuple[Side, "Job | Result"]

SidesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SIDE...",
        help="Workload YAML files or names of shipped ones, each with settings of its own if it has any "
        "(mamba2:simd.lanes=64,batch=2), or results of run as JSON files.",
        show_default=False,
        autocompletion=workloads,
    ),
]
MachinesOption = Annotated[
    Optional[list[str]],
    typer.Option("--hw", help="A machine YAML file, or a shipped one's name; repeatable.", autocompletion=machines),
]


@spread
def compare(
    *,
    sides: SidesArgument,
    hw: MachinesOption = None,
    changes: Changes,
    may_take: MayTake,
    simulate_layers: FewLayersOption = FEW_LAYERS,
    json: JsonOption = None,
    markdown: MarkdownOption = None,
    report: ReportOption = None,
    quiet: QuietOption = False,
) -> None:
    """Put runs side by side: every side on every machine, and what their differences are made of."""
    with one_line_errors():
        from sim.explanation.compare import compare as side_by_side
        from sim.presentation.markdown import comparison

        machines = hw or ["edge"]
        parsed = [parse_side(text) for text in sides]
        _check_targets(parsed, machines, changes, (json, markdown, report))
        with may_take.searching(quiet):
            planned = [each for side in parsed for each in _planned(side, machines, changes, may_take)]
        if len(planned) < 2:
            raise InputError(Problem("found one side on one machine, expected two runs at least", "SIDE"))
        _check_limits([job for _, job in planned], simulate_layers, may_take)
        results = _results(planned, simulate_layers, may_take, quiet)
        options: dict[str, object] = {"--hw": machines} | changes.options() | may_take.options()
        options |= {"--simulate-layers": simulate_layers}
        command = command_line("compare", sides, options)
        named = [(side, result) for (side, _), result in zip(planned, results, strict=True)]
        found = side_by_side(results, list(labels(named)), command)
        if report is not None:
            from sim.files.outputs import write_text
            from sim.presentation.html.experiment_pages import comparison_page

            write_text(report, comparison_page(found, results))
        publish(found.to_json(), comparison(found), json, markdown, report, quiet)


def _check_targets(
    sides: Sequence[Side], machines: Sequence[str], changes: Changes, targets: Sequence[str | Path | None]
) -> None:
    files = [side.name for side in sides if side.is_result]
    workloads = [side.name for side in sides if not side.is_result]
    check_targets(*targets, workload=workloads, machine=machines, mapping=changes.mapping, file=files)


def _planned(side: Side, machines: Sequence[str], changes: Changes, may_take: MayTake) -> Iterator[Planned]:
    """What is to be run for a *side*, or has been run: all mistakes come before the first run."""
    if side.is_result:
        if side.assignments:
            raise InputError(Problem("is a result, which has the settings that it had", side.said))
        yield side, read_result(Path(side.name))
        return
    from sim.files.resolve import resolve_layers
    from sim.simulation import prepare

    wanted = changes.assignments(side.assignments)
    for machine in machines:
        resolve_layers(side.name, machine, wanted)
        yield side, prepare(side.name, machine, wanted, may_take.limits())


def _check_limits(planned: Sequence[Job | Result], simulate_layers: int, may_take: MayTake) -> None:
    from sim.execution.estimate import Estimate
    from sim.simulation import Job
    from sim.simulation import planned as estimate

    total = Estimate(0, 0.0, 0)
    for job in planned:
        total = total.together(estimate(job, simulate_layers)) if isinstance(job, Job) else total
    total.check(may_take.limits())


def _results(planned: Sequence[Planned], simulate_layers: int, may_take: MayTake, quiet: bool) -> list[Result]:
    from sim.simulation import Job, run

    results: list[Result] = []
    with progress_bar("experiments", quiet) as progress:
        for number, (_, job) in enumerate(planned):
            if isinstance(job, Job):
                limits = may_take.limits()
                job = run(
                    job,
                    critical_path=True,
                    certificate=True,
                    simulate_layers=simulate_layers,
                    stride="tile",
                    limits=limits,
                )
            results.append(job)
            progress(number + 1, len(planned))
    return results
