"""The command ``compare``: several runs side by side."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sim.commands.experiments import SIMULATED, MarkdownOption, prepared, publish
from sim.commands.options import (
    FewLayersOption,
    JsonOption,
    LayersOption,
    MappingOption,
    ReportOption,
    SetOption,
    assignments,
    check_targets,
    command_line,
    one_line_errors,
    progress_bar,
)


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

        machines = hw or ["edge"]
        check_targets(json, markdown, report, workload=workloads, machine=machines, mapping=mapping)
        pairs = [(name, machine) for name in workloads for machine in machines]
        wanted = assignments(mapping, set_, layers)
        for pair in pairs:
            prepared(*pair, wanted)  # all mistakes before the first run
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
            from sim.files.outputs import write_text
            from sim.presentation.html.experiment_pages import comparison_page

            write_text(report, comparison_page(found, results))
        publish(found.to_json(), comparison(found), json, markdown, report)
