"""``export zigzag``: a machine in the words of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.commands.complete import machines, settings
from sim.commands.options import JsonOption, check_targets, command_line, one_line_errors, write_json
from sim.commands.written import Written, as_json, rows
from sim.files.errors import InputError

MachineArgument = Annotated[
    str,
    typer.Argument(
        metavar="MACHINE", help="A machine YAML file, or the name of a shipped one.", autocompletion=machines
    ),
]

export_commands = typer.Typer(
    name="export",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Write a machine in the format of another tool.",
)


@export_commands.callback()
def _kinds() -> None:
    """Write a machine in the format of another tool."""


@export_commands.command()
def zigzag(
    machine: MachineArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Made if there is none.")],
    set_: Annotated[
        Optional[list[str]],
        typer.Option("--set", metavar="PATH=VALUE", help="Change one value; repeatable.", autocompletion=settings),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Write the YAML that ZigZag and Stream 2.1.1 read: an accelerator, and a file for each of its cores.

    What their format cannot say stands there as comments.
    """
    with one_line_errors():
        from hw.machine import MachineSpec
        from sim.commands.sweep import make_folder
        from sim.files.documents import check_distinct
        from sim.files.outputs import check_apart, write_text
        from sim.files.resolve import files_behind, read
        from sim.presentation.zigzag import CORES, NotExported, exported

        check_targets(json, machine=machine)
        check_distinct(set_ or ())
        document = read("machine", machine)
        for assignment in set_ or ():
            document.override(assignment)
        command = command_line("export", ["zigzag", machine], {"--set": set_, "-o": output})
        try:
            files = exported(document.check(MachineSpec), command)
        except NotExported as error:
            raise InputError(document.problem(error.path, str(error))) from None
        targets = [*(output / name for name in files), *([] if json is None else [Path(json)])]
        check_apart(targets, files_behind([("machine", machine)]))
        make_folder(output / CORES)
        for name, text in files.items():
            write_text(output / name, text)
        accelerator, *cores = files
        kinds = {accelerator: "accelerator"} | dict.fromkeys(cores, "core")
        told = [Written(kind, Path(name).stem, output / name) for name, kind in kinds.items()]
        if write_json(as_json({"written": rows(told)}), json):
            return
    typer.echo(f"{output / accelerator}: {len(cores)} cores, {', '.join(Path(name).stem for name in cores)}")
