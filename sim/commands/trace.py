"""``trace view``, ``trace summary`` and ``trace query``: what to do with a trace that ``run --trace`` has written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.options import JsonOption, check_targets, one_line_errors, progress_bar, show, write_json
from sim.commands.written import as_json

TraceArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A trace that run --trace has written.", show_default=False)
]

trace_commands = typer.Typer(
    name="trace",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Look at traces: in the Perfetto UI, as a summary, or with SQL.",
)


@trace_commands.command()
def view(
    file: TraceArgument,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    json: JsonOption = None,
) -> None:
    """Open a .json.gz or .pftrace in the Perfetto UI, without network, until Ctrl-C."""
    with one_line_errors():
        import signal
        import webbrowser

        from sim.trace.read.viewer import server

        check_targets(json, file=file)
        with server(file, port) as serving:
            address = f"http://127.0.0.1:{serving.server_port}/"
            told = write_json(as_json({"file": str(file), "address": address}), json)
            if not told:
                typer.echo(f"{file} at {address} (Ctrl-C ends)")
            if browser:
                webbrowser.open(address)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                serving.serve_forever()
            except KeyboardInterrupt:
                if not told:
                    typer.echo("")


@trace_commands.command()
def summary(file: TraceArgument, json: JsonOption = None) -> None:
    """Busy cycles and stalls of each unit, and the longest operations."""
    with one_line_errors():
        from sim.trace.read.rows import rows
        from sim.trace.read.summary import summarise

        check_targets(json, file=file)
        with progress_bar("reading"):
            found = summarise(rows(file))
        if write_json(found.model_dump_json(indent=2) + "\n", json):
            return
    show(found)


@trace_commands.command()
def query(
    file: TraceArgument,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="Over the tables slices and counters.", show_default=False)],
    json: JsonOption = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=86400, help="How long the answer may take.")] = 600.0,
) -> None:
    """Ask SQL of a trace: the tables slices and counters, see docs/traces.md."""
    with one_line_errors():
        from sim.trace.read.query import query as ask

        check_targets(json, file=file)
        answer = ask(file, sql, seconds)
        if write_json(answer.to_json(), json):
            return
        typer.echo(answer.to_text(), nl=False)
