"""The command ``prove``: a workload's graph on numbers, as it is scheduled, against a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.changes import Changes
from sim.commands.options import (
    HardwareOption,
    JsonOption,
    QuietOption,
    WorkloadArgument,
    check_targets,
    chosen,
    module_file,
    one_line_errors,
    show,
    write_json,
)
from sim.commands.spread import spread

if TYPE_CHECKING:
    from sim.validation.proof import Module


@spread
def prove(
    *,
    workload: WorkloadArgument = None,
    hw: HardwareOption = "edge",
    changes: Changes,
    against: Annotated[
        Optional[str],
        typer.Option(
            metavar="MODULE", help="What the equations were imported from: MODULE.py:FACTORY, or MODEL.onnx; it is run."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="What the random numbers begin with.")] = 0,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Prove on random numbers that every schedule of a workload computes its equations.

    One layer is simulated in each formulation that the model has, and its operations are done on numbers in the order
    of the simulation: against a loop over tokens; with decode going on from what prefill left. A module is run on the
    same numbers, with its own weights. Exit code 1 if an error is above 1e-10.
    """
    with one_line_errors():
        from sim.validation.proof import Prover

        name = chosen(workload, None)
        file = None if against is None else module_file(against)
        check_targets(json, workload=name, machine=hw, mapping=changes.mapping, file=file)
        module = None if against is None else _module(against)
        proof = Prover(name, hw, changes.assignments(), changes.seq_len, seed, module).prove()
        silent = write_json(proof.to_json(), json) or quiet
    if not silent:
        from sim.presentation.terminal.proof import render

        show(render(proof))
    if not proof.holds:
        raise typer.Exit(1)


def _module(against: str) -> Module:
    """What is to be compared with; raises InputError if it cannot be imported."""
    from sim.files.extras import require
    from sim.validation.proof import Module

    if against.endswith(".onnx"):
        require("onnx", "onnx", "--against")
        from sim.importing.onnx_model import imported as imported_model

        found = imported_model(against)
    else:
        require("torch", "torch", "--against")
        from sim.importing.torch_export import imported

        found = imported(against)
    return Module(against, found.parameters, found.run)
