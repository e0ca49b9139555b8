"""The commands other than ``run``: counts, graphs, one GEMM, comparisons with reference data, listings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import (
    ConfigOption,
    LayersOption,
    SetOption,
    WorkloadArgument,
    assignments,
    check_target,
    chosen,
    one_line_errors,
    show,
    write_json,
)
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from workloads.graph import TimestepGraph
    from workloads.workload import Workload


class DataflowFlag(StrEnum):
    """What stays in the PEs of a MAC array: weights, outputs or inputs."""

    ws = "ws"
    os = "os"
    is_ = "is"


class FoldsFlag(StrEnum):
    """Whether a fold of a GEMM starts when the one before has drained, or as soon as the array has room."""

    serial = "serial"
    overlapped = "overlapped"


class GraphFormat(StrEnum):
    """How to draw a timestep graph."""

    text = "text"
    dot = "dot"
    svg = "svg"


def graph(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    format: Annotated[GraphFormat, typer.Option(help="Listing, Graphviz source, or picture.")] = GraphFormat.text,
    output: Annotated[Optional[Path], typer.Option("--output", "-o", help="File instead of standard output.")] = None,
) -> None:
    """Draw or print the dependency graph of one timestep of one layer."""
    with one_line_errors():
        from sim.files.atomic import check_writable, write_atomically

        if output is not None:
            check_writable(output)
        text = _draw(_built(chosen(workload, config), set_ or []).graph, format)
        if output is not None:
            write_atomically(output, text)
        else:
            typer.echo(text, nl=not text.endswith("\n"))


def _draw(timestep: TimestepGraph, format: GraphFormat) -> str:
    if format is GraphFormat.svg:
        from sim.presentation.graph.svg import as_svg  # matplotlib takes half a second to import

        return as_svg(timestep)
    from sim.presentation.graph.text import as_dot, as_text

    return as_dot(timestep) if format is GraphFormat.dot else as_text(timestep)


def count(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    layers: LayersOption = None,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the counts as JSON.")] = None,
) -> None:
    """Count operations, parameters, state and least DRAM traffic, and the paper's way of counting beside it."""
    with one_line_errors():
        from workloads.counts import count as count_workload

        check_target(json)
        counts = count_workload(_built(chosen(workload, config), assignments(None, set_, layers)))
        if write_json(counts.to_json(), json):
            return
    from sim.paper.count_table import render

    show(render(counts))


def _built(workload: str, assignments: list[str]) -> Workload:
    """The workload called *workload* with *assignments* made."""
    from sim.files.resolve import build_workload, read_workload

    document = read_workload(workload)
    for assignment in assignments:
        document.override(assignment)
    return build_workload(document)


def gemm(
    m: Annotated[int, typer.Argument(metavar="M", min=1, show_default=False)],
    n: Annotated[int, typer.Argument(metavar="N", min=1, show_default=False)],
    k: Annotated[int, typer.Argument(metavar="K", min=1, show_default=False)],
    array: Annotated[str, typer.Option(metavar="ROWSxCOLUMNS", help="Processing elements.")] = "32x32",
    dataflow: Annotated[DataflowFlag, typer.Option(help="Stationary weights, outputs or inputs.")] = DataflowFlag.os,
    folds: Annotated[FoldsFlag, typer.Option(help="Serial, as SCALE-Sim counts, or overlapped.")] = FoldsFlag.serial,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the result as JSON.")] = None,
) -> None:
    """Cycles of an (M, K) by (K, N) product on a MAC array."""
    with one_line_errors():
        from sim.components.gemm import DATAFLOWS, parse_array, run_gemm

        check_target(json)
        rows, columns = parse_array(array)
        result = run_gemm(m, n, k, rows, columns, DATAFLOWS[dataflow.value], folds.value)
        if write_json(result.to_json(), json):
            return
    show(result)


def validate(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="One suite, or all.")] = "all",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")] = Path("results"),
) -> None:
    """Compare components with reference data; writes a page and a figure."""
    with one_line_errors():
        from sim.files.atomic import check_writable, write_atomically
        from sim.validation import SUITES
        from sim.validation.cases import summarise
        from sim.validation.report import as_markdown, as_svg, table

        if suite != "all" and suite not in SUITES:
            raise InputError(Problem(f"found {suite!r}, expected {', '.join(SUITES)} or all", "SUITE"))
        if output.exists() and not output.is_dir():
            raise InputError(Problem("is not a folder", f"--output {output}"))
        output.mkdir(parents=True, exist_ok=True)
        page, picture = output / "validation.md", output / "validation.svg"
        for target in (page, picture):
            check_writable(target)
        cases = [case for name in SUITES if suite in ("all", name) for case in SUITES[name]()]
        write_atomically(page, as_markdown(cases, suite))
        write_atomically(picture, as_svg(cases))
    show(table(summarise(cases)))
    if not all(case.holds for case in cases):
        raise typer.Exit(1)


class LevelFlag(StrEnum):
    """How closely DRAM is modelled: an event a command, or an event a chunk."""

    command = "command"
    transaction = "transaction"


class RefreshFlag(StrEnum):
    """What a refresh occupies."""

    all_bank = "all-bank"
    per_bank = "per-bank"
    none = "none"


def dram(
    trace: Annotated[Path, typer.Argument(help="Requests, a line each: R|W hex-address bytes.")],
    preset: Annotated[str, typer.Option(help="Speed grade: lpddr5-6400, lpddr5-6400-16gb or lpddr5x-8533.")],
    channels: Annotated[int, typer.Option(min=1, max=8, help="Channels, interleaved by 256 bytes.")] = 1,
    level: Annotated[LevelFlag, typer.Option(help="An event a command, or a chunk.")] = LevelFlag.command,
    refresh: Annotated[RefreshFlag, typer.Option(help="All banks at once, one by one, or not.")] = RefreshFlag.all_bank,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the result as JSON.")] = None,
) -> None:
    """Replay a DRAM trace on LPDDR5."""
    with one_line_errors():
        from sim.components.dram import replay_trace

        check_target(json)
        result = replay_trace(trace, preset, channels, level.value, refresh.value)
        if write_json(result.to_json(), json):
            return
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name, value in result.model_dump().items():
        table.add_row(
            name, f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
        )
    show(table)


def list_() -> None:
    """List the shipped workloads, machines and named mappings."""
    from rich.table import Table

    from sim.files.catalog import shipped
    from sim.files.documents import read_document

    for kind in ("workload", "machine", "mapping"):
        table = Table(kind, "description", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name, path in shipped(kind).items():
            table.add_row(name, str(read_document(path).data.get("description", "")))
        show(table)


def schema() -> None:
    """Print the JSON schema of a result."""
    import json

    from sim.accounting.result import Result

    typer.echo(json.dumps(Result.model_json_schema(), indent=2))
