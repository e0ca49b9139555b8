"""The commands that explain: ``explain`` one run by experiments, ``compare`` several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import (
    ConfigOption,
    FewLayersOption,
    HardwareOption,
    LayersOption,
    MappingOption,
    ReportOption,
    SetOption,
    WorkloadArgument,
    assignments,
    check_target,
    chosen,
    command_line,
    one_line_errors,
    progress_bar,
    show,
    write_json,
)
from sim.files.errors import InputError

if TYPE_CHECKING:
    from sim.explanation.experiments import Laboratory
    from sim.explanation.explain import Explanation
    from sim.files.documents import Document
    from workloads.workload import Workload

SIMULATED = 2  # layers, unless more are asked for
MarkdownOption = Annotated[Optional[Path], typer.Option(metavar="FILE.md", help="Write it as Markdown.")]
JsonOption = Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write it as JSON.")]


def explain(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    hw: HardwareOption = "edge",
    mapping: MappingOption = None,
    set_: SetOption = None,
    layers: LayersOption = None,
    simulate_layers: FewLayersOption = SIMULATED,
    json: JsonOption = None,
    markdown: MarkdownOption = None,
    report: ReportOption = None,
) -> None:
    """Say why a run takes its time: from the roofline rung by rung, what would help, the critical path, in words."""
    with one_line_errors():
        from sim.explanation.experiments import Laboratory
        from sim.explanation.explain import explain as find_reasons
        from sim.presentation.markdown import explanation

        name = chosen(workload, config)
        _check_targets(json, markdown, report)
        built, documents = _prepared(name, hw, assignments(mapping, set_, layers))
        options: dict[str, object] = {"--config": config, "--hw": hw, "--mapping": mapping, "--set": set_}
        options |= {"--layers": layers, "--simulate-layers": simulate_layers}
        command = command_line("explain", [workload], options)
        laboratory = Laboratory(built, documents[1], documents[0], simulate_layers)
        with progress_bar("experiments") as progress:
            found = find_reasons(laboratory, command, progress)
        if report is not None:
            _report_explanation(found, laboratory, report)
        _publish(found.to_json(), explanation(found), json, markdown)


def compare(
    workloads: Annotated[list[str], typer.Argument(help="Workload YAML files, or names of shipped ones.")],
    hw: Annotated[
        Optional[list[str]], typer.Option("--hw", help="A machine YAML file, or a shipped one's name; repeatable.")
    ] = None,
    mapping: MappingOption = None,
    set_: SetOption = None,
    layers: LayersOption = None,
    simulate_layers: FewLayersOption = SIMULATED,
    json: JsonOption = None,
    markdown: MarkdownOption = None,
    report: ReportOption = None,
) -> None:
    """Put runs side by side: every workload on every machine, and what their differences are made of."""
    with one_line_errors():
        from sim.explanation.compare import compare as side_by_side
        from sim.presentation.markdown import comparison
        from sim.simulation import prepare, run

        _check_targets(json, markdown, report)
        machines = hw or ["edge"]
        pairs = [(name, machine) for name in workloads for machine in machines]
        wanted = assignments(mapping, set_, layers)
        for pair in pairs:
            _prepared(*pair, wanted)  # all mistakes before the first run
        results = []
        with progress_bar("experiments") as progress:
            for number, (name, machine) in enumerate(pairs):
                job = prepare(name, machine, wanted)
                results.append(run(job, critical_path=True, simulate_layers=simulate_layers, stride="tile"))
                progress(number + 1, len(pairs))
        options: dict[str, object] = {"--hw": machines, "--mapping": mapping, "--set": set_}
        options |= {"--layers": layers, "--simulate-layers": simulate_layers}
        command = command_line("compare", workloads, options)
        found = side_by_side(results, command)
        if report is not None:
            from sim.files.atomic import write_atomically
            from sim.presentation.html.experiment_pages import comparison_page

            write_atomically(report, comparison_page(found, results))
        _publish(found.to_json(), comparison(found), json, markdown)


def _prepared(name: str, machine: str, wanted: Sequence[str]) -> tuple[Workload, tuple[Document, Document]]:
    """The workload, and the documents of workload and machine.

    Raises InputError for a workload with a head: experiments are about layers.
    """
    from sim.files.resolve import build_workload, read_inputs

    documents = read_inputs(name, machine, wanted)
    built = build_workload(documents[0])
    if built.spec.head:
        raise InputError(documents[0].problem(["head"], "experiments look at layers alone, expected false"))
    return built, documents


def _report_explanation(found: Explanation, laboratory: Laboratory, report: Path) -> None:
    """Run what *found* explains once more, recorded, and write the page."""
    from dataclasses import replace

    from sim.files.atomic import write_atomically
    from sim.presentation.figures.gather import observe
    from sim.presentation.html.experiment_pages import explanation_page
    from sim.search.choose import Section
    from sim.simulation import Job

    job = Job(laboratory.machine, (Section(laboratory.workload, laboratory.choice),))
    known = replace(observe(job, simulate_layers=laboratory.simulate_layers), explanation=found)
    write_atomically(report, explanation_page(known, job.machine))


def _check_targets(json: str | None, *files: Path | None) -> None:
    for target in (json, *(str(file) for file in files if file is not None)):
        check_target(target)


def _publish(json_text: str, markdown_text: str, json: str | None, markdown: Path | None) -> None:
    from rich.markdown import Markdown

    from sim.files.atomic import write_atomically

    if markdown is not None:
        write_atomically(markdown, markdown_text)
    if not write_json(json_text, json):
        show(Markdown(markdown_text))
