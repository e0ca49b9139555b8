"""``import torch`` and ``import onnx``: a workload's equations from a model of another framework."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.options import JsonOption, check_targets, command_line, module_file, one_line_errors, write_json
from sim.commands.written import Written, as_json, rows
from sim.files.errors import InputError, Problem
from sim.files.extras import require

if TYPE_CHECKING:
    from sim.importing.imported import Imported

OutputOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE.yaml", help="The workload to write; - is standard output.")
]

import_commands = typer.Typer(
    name="import",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Write a cell or block of PyTorch, or an ONNX model, as a workload of equations.",
)


@import_commands.command()
def torch(
    factory: Annotated[
        str, typer.Argument(metavar="MODULE.py:FACTORY", help="A function that returns (module, example_inputs).")
    ],
    output: OutputOption,
    json: JsonOption = None,
) -> None:
    """Import a torch.nn.Module by torch.export.

    A cell is forward(x_t, *state) -> (y_t, *new_state); a block is forward(x) with x [L, d] or [B, L, d], its
    recurrence a torch._higher_order_ops.scan over the tokens.
    """
    with one_line_errors():
        _check(factory, output, json)
        require("torch", "torch", "import torch")
        from sim.importing.torch_export import imported

        _write(imported, factory, output, "torch", json)


@import_commands.command()
def onnx(
    model: Annotated[str, typer.Argument(metavar="MODEL.onnx", help="An ONNX model of fixed shapes.")],
    output: OutputOption,
    json: JsonOption = None,
) -> None:
    """Import an ONNX model.

    A cell has as many outputs as inputs, x_t and states; a block has x [L, d] or [B, L, d] and Scan, Loop,
    LinearAttention, CausalConvWithState, Conv or CumSum along the tokens.
    """
    with one_line_errors():
        _check(model, output, json)
        require("onnx", "onnx", "import onnx")
        from sim.importing.onnx_model import imported

        _write(imported, model, output, "onnx", json)


def _check(source: str, output: Path, json: str | None) -> None:
    """Raise InputError if *output* is there already, or something cannot be written."""
    from sim.files.outputs import is_standard_output

    if not is_standard_output(output) and (output.exists() or output.is_symlink()):
        raise InputError(Problem("is there already", str(output)))
    check_targets(output, json, file=module_file(source))


def _write(imported: Callable[[str], Imported], source: str, output: Path, framework: str, json: str | None) -> None:
    from sim.files.outputs import is_standard_output, write_text
    from sim.importing.workload_text import workload_text

    found = imported(source)
    to_terminal = is_standard_output(output)
    name = Path(module_file(source)).stem if to_terminal else output.stem
    text = workload_text(found, name, command_line("import", [framework, source], {"-o": output}), source)
    write_text(output, text)
    operations, weights = len(found.equations["operations"]), sum(each.size for each in found.parameters.values())
    files = rows([Written("workload", name, output)])
    told = write_json(as_json({"written": files, "operations": operations, "parameters": weights}), json)
    if not told and not to_terminal:
        typer.echo(
            f"{output}: {operations} operations, {weights:,} parameters; try it: "
            f"{shlex.join(['python', '-m', 'sim', 'run', str(output)])}"
        )
