"""The command ``prove``: a workload's graph on numbers, as it is scheduled, against a loop."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.commands.changes import Changes
from sim.commands.options import (
    HardwareOption,
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
def prove(
    *,
    workload: WorkloadArgument = None,
    hw: HardwareOption = "edge",
    changes: Changes,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="What the random numbers begin with.")] = 0,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Prove on random numbers that every schedule of a workload computes its equations.

    One layer is simulated in each formulation that the model has, and its operations are done on numbers in the order
    of the simulation: against a loop over tokens; with decode going on from what prefill left. Exit code 1 if an error
    is above 1e-10.
    """
    with one_line_errors():
        from sim.validation.proof import Prover

        name = chosen(workload, None)
        check_targets(json, workload=name, machine=hw, mapping=changes.mapping)
        proof = Prover(name, hw, changes.assignments(), changes.seq_len, seed).prove()
        silent = write_json(proof.to_json(), json) or quiet
    if not silent:
        from sim.presentation.terminal.proof import render

        show(render(proof))
    if not proof.holds:
        raise typer.Exit(1)
