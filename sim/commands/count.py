"""The command ``count``: operations, parameters, state and least DRAM traffic, without a machine."""

from __future__ import annotations

from sim.commands.changes import Changes
from sim.commands.options import (
    ConfigOption,
    JsonOption,
    QuietOption,
    WorkloadArgument,
    check_targets,
    chosen,
    one_line_errors,
    show,
    write_json,
)
from sim.commands.spread import spread


@spread
def count(
    *,
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    changes: Changes,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Count operations, parameters, state and least DRAM traffic, and the paper's way of counting beside it."""
    with one_line_errors():
        from sim.files.resolve import resolve_workload
        from sim.paper.counts import count as count_workload

        name = chosen(workload, config)
        check_targets(json, workload=name, mapping=changes.mapping)
        counts = count_workload(resolve_workload(name, changes.assignments()))
        if write_json(counts.to_json(), json) or quiet:
            return
    from sim.paper.count_table import render

    show(render(counts))
