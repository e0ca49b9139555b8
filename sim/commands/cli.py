"""The command line: ``python -m sim`` and ``stallscope``. Bad input is one line a mistake and exit code 2."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import getdoc
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "run": "sim.commands.run:run",
    "graph": "sim.commands.graph:graph",
    "count": "sim.commands.count:count",
    "memory": "sim.commands.memory:memory",
    "prove": "sim.commands.prove:prove",
    "gemm": "sim.commands.gemm:gemm",
    "validate": "sim.commands.validate:validate",
    "dram": "sim.commands.dram:dram",
    "list": "sim.commands.list:list_",
    "init": "sim.commands.init:init",
    "import": "sim.commands.importing:import_commands",
    "export": "sim.commands.export:export_commands",
    "schema": "sim.commands.schema:schema",
    "explain": "sim.commands.explain:explain",
    "compare": "sim.commands.compare:compare",
    "sweep": "sim.commands.sweep:sweep",
    "search": "sim.commands.search:search",
    "pareto": "sim.commands.pareto:pareto",
    "plot": "sim.commands.plot:plot",
    "reproduce": "sim.commands.reproduce:reproduce",
    "trace": "sim.commands.trace:trace_commands",
    "mcp": "sim.commands.mcp:mcp",
}
"""Name -> module and function, or module and group of commands; imported when it is asked for."""


class Commands(TyperGroup):
    """The group of :data:`COMMANDS`. Options take a while to make, so only the command that is asked for gets them.

    The types of contexts, commands and formatters have no public name in Typer.
    """

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:
        """Do what *args* say; a mistake in them is one line, as all mistakes are. Raises SystemExit."""
        words = sys.argv[1:] if args is None else list(args)
        for word in words:
            if not word.isprintable() and any("\ud800" <= character <= "\udfff" for character in word):
                _refuse(f"{word}: is no text in UTF-8")
        try:
            code = super().main(words, *rest, **extra | {"standalone_mode": False})
        except Exception as error:
            if not hasattr(error, "format_message"):  # those of Typer's click have it, and no public base
                raise
            message = error.format_message()
            if "\n" in message.strip():  # the help that a group gives for no arguments
                typer.echo(message, err=True)
                raise SystemExit(2) from None
            path = getattr(getattr(error, "ctx", None), "command_path", "stallscope")
            _refuse(f"{message.rstrip('.?')}; {path} --help says what there is")
        raise SystemExit(code or 0)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; for an unknown one all are made, from which Typer guesses what was meant."""
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            self.commands[name] = _made(name)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of the help page, for which the options do not matter."""
        brief = [TyperCommand(name, help=_help(_found(name))) for name in COMMANDS]
        TyperGroup(commands=brief).format_commands(ctx, formatter)


def _refuse(message: str) -> NoReturn:
    from sim.files.errors import in_one_line

    typer.echo(f"stallscope: {in_one_line(message)}", err=True)
    raise SystemExit(2)


def _found(name: str) -> Callable[..., None] | typer.Typer:
    module, _, attribute = COMMANDS[name].partition(":")
    found: Callable[..., None] | typer.Typer = getattr(import_module(module), attribute)
    return found


def _help(found: Callable[..., None] | typer.Typer) -> str | None:
    return found.info.help if isinstance(found, typer.Typer) else getdoc(found)


def _made(name: str) -> Any:
    found = _found(name)
    if not isinstance(found, typer.Typer):
        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        one.command(name)(found)
        found = one
    return typer.main.get_command(found)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Shows where an edge accelerator stalls on state-space models, event by event.",
)


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        from sim.version import __version__

        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def call() -> None:
    """Do what the words of the command line say; raises SystemExit."""
    gc.set_threshold(100_000)  # modules and inputs are many objects, and no garbage
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # or it reads what every installed package announces
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or numpy starts threads, for which there is no work
    try:
        app(prog_name="stallscope")
    except ImportError as error:
        if error.name != "hw.compiled":
            raise
        typer.echo(f"stallscope: {error}", err=True)
        raise SystemExit(2) from None
