"""What the commands share: their arguments, and mistakes as one line each and exit code 2."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import EPIPE
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.complete import machines, workloads
from sim.files.errors import InputError, Problem, in_one_line
from sim.files.progress import ProgressCallback

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_LINES = 20  # of mistakes

WorkloadArgument = Annotated[
    Optional[str],
    typer.Argument(
        help="A workload YAML file, or the name of a shipped one.", show_default=False, autocompletion=workloads
    ),
]
ConfigOption = Annotated[
    Optional[Path],
    typer.Option(
        "--config", metavar="CONFIG.JSON", help="The config.json published with a model's weights, instead of WORKLOAD."
    ),
]
HardwareOption = Annotated[
    str,
    typer.Option("--hw", help="A machine YAML file, or the name of a shipped one.", autocompletion=machines),
]
SIMULATE_LAYERS = typer.Option(
    "--simulate-layers", metavar="N", min=1, help="Layers to simulate; the time of the others is scaled from them."
)
SimulateLayersOption = Annotated[Optional[int], SIMULATE_LAYERS]
FewLayersOption = Annotated[int, SIMULATE_LAYERS]
ReportOption = Annotated[
    Optional[Path], typer.Option(metavar="FILE.html", help="Write a page with figures and tables.")
]
JsonOption = Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write what was found as JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No report and no progress bar.")]


def command_line(verb: str, names: Sequence[str | None], options: Mapping[str, object]) -> str:
    """The command that does the same again, quoted for a shell.

    *names* are arguments. Of *options*, by their flag, None and False are left out, True stands alone and a list is
    repeated.
    """
    words = ["python", "-m", "sim", verb, *(name for name in names if name is not None)]
    for flag, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            words += [flag] if each is True else [] if each is None or each is False else [flag, str(each)]
    return shlex.join(words)


def check_targets(*targets: str | Path | None, **inputs: str | Path | Sequence[str] | None) -> None:
    """Raise InputError, before any work, if something could not be written there, or would overwrite something.

    *inputs* are names of a ``workload``, ``machine``, ``mapping``, ``sweep`` or ``goal``, or the path of another
    ``file`` that is read.
    """
    paths = [Path(target) for target in targets if target is not None]
    if not paths:
        return
    from sim.files.outputs import check_apart, check_writable
    from sim.files.resolve import files_behind

    for path in paths:
        check_writable(path)
    named = [
        (kind, str(name))
        for kind, names in inputs.items()
        for name in ([names] if isinstance(names, str | Path) else names or ())
    ]
    files = [Path(name) for kind, name in named if kind == "file"]
    check_apart(paths, files + files_behind((kind, name) for kind, name in named if kind != "file"))


def module_file(module: str) -> str:
    """The file of MODULE.py:FACTORY, or of MODEL.onnx."""
    return module.rpartition(":")[0] or module


def write_json(text: str, json: str | None) -> bool:
    """Write *text* where ``--json`` says; True if that was standard output, which is then for nothing else."""
    from sim.files.outputs import write_text

    if json is not None:
        write_text(Path(json), text)
    return not may_print(json)


def may_print(*targets: str | Path | None) -> bool:
    """Whether standard output is for people: not if one of *targets* is sent there."""
    from sim.files.outputs import is_standard_output

    return not any(map(is_standard_output, targets))


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Mistakes and failures of the block as one line each on standard error, and the exit code."""
    try:
        yield
    except InputError as error:
        for problem in error.problems[:MOST_LINES]:
            typer.echo(f"stallscope: {problem}", err=True)
        if error.problems[MOST_LINES:]:
            typer.echo(f"stallscope: and {len(error.problems) - MOST_LINES} more", err=True)
        raise typer.Exit(2) from None
    except OSError as error:  # a full disk, say; what was there before is still there
        if error.errno == EPIPE:  # nobody reads any more
            raise typer.Exit(1) from None
        typer.echo(in_one_line(f"stallscope: {error.filename or 'output'}: {error.strerror}"), err=True)
        raise typer.Exit(1) from None


def chosen(workload: str | None, config: Path | None) -> str:
    """The one of the two that was given; raises InputError."""
    if workload is not None and config is not None:
        raise InputError(Problem(f"found {workload!r} as well, expected one of the two", f"--config {config}"))
    if config is not None and config.suffix != ".json":
        raise InputError(Problem("expected a .json file", f"--config {config}"))
    if config is None and workload is None:
        raise InputError(Problem("is missing: a YAML file, the name of a shipped one, or --config", "WORKLOAD"))
    return str(config) if workload is None else workload


@contextmanager
def progress_bar(what: str, quiet: bool = False) -> Iterator[ProgressCallback]:
    """A bar for *what* on the terminal, with the time that is left, on standard error, gone at the end.

    Nothing if *quiet*, or where there is no terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show(text: RenderableType) -> None:
    """Print *text* on standard output, as wide as the terminal or 112 columns."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 112).print(text)
