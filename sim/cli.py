"""The command line: ``python -m sim`` and ``stallscope``. Bad input is one line a mistake and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.trace import TraceWriter
    from workloads.config import Workload
    from workloads.graph import TimestepGraph

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Shows where an edge accelerator stalls on state-space models, event by event.",
)


class Phase(StrEnum):
    """What a model does: read a prompt, or produce the next token."""

    prefill = "prefill"
    decode = "decode"


class GraphFormat(StrEnum):
    """How to draw a timestep graph."""

    text = "text"
    dot = "dot"
    svg = "svg"


WorkloadArgument = Annotated[
    Optional[str], typer.Argument(help="A workload YAML file, or the name of a shipped one.", show_default=False)
]
ConfigOption = Annotated[
    Optional[Path],
    typer.Option(
        "--config", metavar="CONFIG.JSON", help="The config.json published with a model's weights, instead of WORKLOAD."
    ),
]
HardwareOption = Annotated[str, typer.Option("--hw", help="A machine YAML file, or the name of a shipped one.")]
SetOption = Annotated[
    Optional[list[str]],
    typer.Option("--set", metavar="PATH=VALUE", help="Change one value of either file; repeatable."),
]


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        for problem in error.problems:
            typer.echo(f"stallscope: {problem}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:  # a full disk, say; what was there before is still there
        typer.echo(f"stallscope: {error.filename or 'output'}: {error.strerror}", err=True)
        raise typer.Exit(1) from None


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        from sim import __version__

        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def run(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    hw: HardwareOption = "edge",
    set_: SetOption = None,
    seq_len: Annotated[Optional[int], typer.Option(min=1, help="Tokens of the prompt.")] = None,
    phase: Annotated[Optional[Phase], typer.Option(help="Prefill or decode.")] = None,
    layers: Annotated[Optional[int], typer.Option(min=1, help="Layers to simulate.")] = None,
    batch: Annotated[Optional[int], typer.Option(min=1, help="Sequences side by side.")] = None,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the result as JSON.")] = None,
    trace: Annotated[
        Optional[Path], typer.Option(metavar="FILE.json.gz", help="Write a Chrome/Perfetto trace.")
    ] = None,
    window: Annotated[
        Optional[str],
        typer.Option(metavar="WHAT:FROM-TO", help="Part to trace: layer:0-1, token:64-95 or cycle:0-1000000."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No report and no progress bar.")] = False,
) -> None:
    """Simulate a workload on a machine and say where every cycle went."""
    assignments = list(set_ or [])
    flags = {"sequence_length": seq_len, "phase": phase and phase.value, "layers": layers, "batch": batch}
    assignments += [f"{key}={value}" for key, value in flags.items() if value is not None]
    with _one_line_errors():
        from sim.output import check_writable, write_atomically
        from sim.simulation import prepare
        from sim.simulation import run as simulate_job

        for target in (None if json == "-" else json, trace):
            if target is not None:
                check_writable(Path(target))
        recorder = _recorder(trace, window)
        job = prepare(_chosen(workload, config), hw, assignments)
        with _progress_bar(quiet) as progress:
            if recorder is None:
                result = simulate_job(job, progress)
            else:
                with recorder.writing(job.machine):
                    result = simulate_job(job, progress, recorder)
        if json == "-":
            typer.echo(result.to_json(), nl=False)
        elif json is not None:
            write_atomically(Path(json), result.to_json())
    if not quiet and json != "-":
        from rich.console import Console

        Console(width=None if sys.stdout.isatty() else 112).print(result)


def _chosen(workload: str | None, config: Path | None) -> str:
    """The one of the two that was given."""
    if workload is not None and config is not None:
        raise InputError(Problem(f"found {workload!r} as well, expected one of the two", f"--config {config}"))
    if config is not None and config.suffix != ".json":
        raise InputError(Problem("expected a .json file", f"--config {config}"))
    if config is None and workload is None:
        raise InputError(Problem("is missing: a YAML file, the name of a shipped one, or --config", "WORKLOAD"))
    return str(config) if workload is None else workload


def _recorder(trace: Path | None, window: str | None) -> TraceWriter | None:
    from sim.trace import TraceWriter, parse_window

    if trace is None:
        if window is not None:
            raise InputError(Problem("goes with --trace FILE", f"--window {window}"))
        return None

    return TraceWriter(trace, parse_window(window))


@contextmanager
def _progress_bar(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on the terminal, on standard error, gone when the run ends."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def graph(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    format: Annotated[GraphFormat, typer.Option(help="Listing, Graphviz source, or picture.")] = GraphFormat.text,
    output: Annotated[Optional[Path], typer.Option("--output", "-o", help="File instead of standard output.")] = None,
) -> None:
    """Draw or print the dependency graph of one timestep of one layer."""
    with _one_line_errors():
        from sim.output import check_writable, write_atomically

        if output is not None:
            check_writable(output)
        text = _draw(_built(_chosen(workload, config), set_ or []).graph, format)
        if output is not None:
            write_atomically(output, text)
        else:
            typer.echo(text, nl=not text.endswith("\n"))


def _draw(timestep: TimestepGraph, format: GraphFormat) -> str:
    if format is GraphFormat.svg:
        from sim.picture import as_svg  # matplotlib takes half a second to import

        return as_svg(timestep)
    from sim.drawing import as_dot, as_text

    return as_dot(timestep) if format is GraphFormat.dot else as_text(timestep)


@app.command()
def count(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the counts as JSON.")] = None,
) -> None:
    """Count operations, parameters, state and least DRAM traffic, and the paper's way of counting beside it."""
    with _one_line_errors():
        from sim.output import check_writable, write_atomically
        from workloads.counts import count as count_workload

        if json not in (None, "-"):
            check_writable(Path(str(json)))
        counts = count_workload(_built(_chosen(workload, config), set_ or []))
        if json == "-":
            typer.echo(counts.to_json(), nl=False)
            return
        if json is not None:
            write_atomically(Path(json), counts.to_json())
    from rich.console import Console

    from sim.counts_report import render

    Console(width=None if sys.stdout.isatty() else 112).print(render(counts))


def _built(workload: str, assignments: list[str]) -> Workload:
    """The workload called *workload* with *assignments* made."""
    from sim.simulation import read_workload
    from workloads.config import build_workload

    document = read_workload(workload)
    for assignment in assignments:
        document.override(assignment)
    return build_workload(document)


@app.command(name="list")
def list_() -> None:
    """List the shipped workloads and machines."""
    from rich.console import Console
    from rich.table import Table

    from sim.catalog import shipped
    from sim.documents import read_document

    for kind in ("workload", "machine"):
        table = Table(kind, "description", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name, path in shipped(kind).items():
            table.add_row(name, str(read_document(path).data.get("description", "")))
        Console(width=None if sys.stdout.isatty() else 112).print(table)


@app.command()
def schema() -> None:
    """Print the JSON schema of a result."""
    import json

    from sim.result import Result

    typer.echo(json.dumps(Result.model_json_schema(), indent=2))


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="stallscope")
