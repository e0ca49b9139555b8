"""The command ``count``: operations, parameters, state and least DRAM traffic, without a machine."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sim.commands.options import (
    ConfigOption,
    LayersOption,
    SetOption,
    WorkloadArgument,
    assignments,
    check_targets,
    chosen,
    one_line_errors,
    show,
    write_json,
)


def count(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    layers: LayersOption = None,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the counts as JSON.")] = None,
) -> None:
    """Count operations, parameters, state and least DRAM traffic, and the paper's way of counting beside it."""
    with one_line_errors():
        from sim.files.resolve import resolve_workload
        from sim.paper.counts import count as count_workload

        name = chosen(workload, config)
        check_targets(json, workload=name)
        counts = count_workload(resolve_workload(name, assignments(None, set_, layers)))
        if write_json(counts.to_json(), json):
            return
    from sim.paper.count_table import render

    show(render(counts))
