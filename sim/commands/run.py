"""The command ``run``: one workload on one machine, and where every cycle went."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.options import (
    ConfigOption,
    HardwareOption,
    LayersOption,
    MappingOption,
    ReportOption,
    SetOption,
    SimulateLayersOption,
    WorkloadArgument,
    assignments,
    chosen,
    command_line,
    one_line_errors,
    progress_bar,
    show,
)
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.accounting.result import Result
    from sim.simulation import Job
    from sim.trace import TraceWriter


class Stride(StrEnum):
    """How far a SimPy event goes: to the next cycle in which something happens, or to the next border of a tile."""

    cycle = "cycle"
    tile = "tile"


class Phase(StrEnum):
    """What a model does: read a prompt, or produce the next token."""

    prefill = "prefill"
    decode = "decode"


def run(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    hw: HardwareOption = "edge",
    mapping: MappingOption = None,
    set_: SetOption = None,
    seq_len: Annotated[Optional[int], typer.Option(min=1, help="Tokens of the prompt.")] = None,
    phase: Annotated[Optional[Phase], typer.Option(help="Prefill or decode.")] = None,
    layers: LayersOption = None,
    simulate_layers: SimulateLayersOption = None,
    batch: Annotated[Optional[int], typer.Option(min=1, help="Sequences side by side.")] = None,
    json: Annotated[Optional[str], typer.Option(metavar="FILE|-", help="Write the result as JSON.")] = None,
    trace: Annotated[
        Optional[Path], typer.Option(metavar="FILE", help="Write a trace: .json.gz, .pftrace, .parquet, .csv.gz, .vcd.")
    ] = None,
    window: Annotated[
        Optional[str],
        typer.Option(metavar="WHAT:FROM-TO", help="Part to trace: layer:0-1, token:64-95 or cycle:0-1000000."),
    ] = None,
    windows: Annotated[
        Optional[int], typer.Option(min=1, help="Account over time as well, in so many windows at most.")
    ] = None,
    critical_path: Annotated[bool, typer.Option("--critical-path", help="Find the critical path as well.")] = False,
    stride: Annotated[
        Stride, typer.Option(help="A SimPy event for each cycle, or for each tile: quicker, the same result.")
    ] = Stride.cycle,
    no_skip: Annotated[bool, typer.Option("--no-skip", hidden=True)] = False,  # until the next version
    report: ReportOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No report and no progress bar.")] = False,
) -> None:
    """Simulate a workload on a machine and say where every cycle went."""
    flags = {"sequence_length": seq_len, "phase": phase and phase.value, "batch": batch}
    wanted = [f"{key}={value}" for key, value in flags.items() if value is not None]
    if no_skip:
        typer.echo("stallscope: --no-skip says nothing any more: every run simulates every event", err=True)
    with one_line_errors():
        from hw import COMPILED
        from hw.compiled import advice
        from sim.files.atomic import check_writable, write_atomically
        from sim.files.resolve import resolve

        for target in (None if json == "-" else json, trace, report):
            if target is not None:
                check_writable(Path(target))
        recorder = _recorder(trace, window)
        inputs = resolve(chosen(workload, config), hw, [*assignments(mapping, set_, layers), *wanted])
        from sim.simulation import mapped  # takes a while to load: not before the inputs are known to be right
        from sim.simulation import run as simulate_job

        job = mapped(inputs)
        critical_path |= report is not None  # the page has it
        if not (COMPILED or quiet):
            typer.echo(f"stallscope: {advice()}", err=True)
        with (
            nullcontext() if quiet else progress_bar("simulating") as progress,
            nullcontext() if recorder is None else recorder.writing(job.machine) as observer,
        ):
            result = simulate_job(
                job,
                progress,
                observer,
                stride=stride.value,
                windows=windows,
                critical_path=critical_path,
                simulate_layers=simulate_layers,
            )
        if json == "-":
            typer.echo(result.to_json(), nl=False)
        elif json is not None:
            write_atomically(Path(json), result.to_json())
        if report is not None:
            options: dict[str, object] = {"--config": config, "--hw": hw, "--mapping": mapping, "--set": set_}
            options |= {"--seq-len": seq_len, "--phase": phase and phase.value, "--batch": batch}
            options |= {"--layers": layers, "--simulate-layers": simulate_layers}
            command = command_line("run", [workload], options | {"--report": "report.html"})
            write_atomically(report, _page(job, result, command))
    if not quiet and json != "-":
        show(result)


def _page(job: Job, result: Result, command: str) -> str:
    from sim.presentation.figures.gather import evidence
    from sim.presentation.html.run_page import run_page

    return run_page(evidence(job, result), job.machine, command)


def _recorder(trace: Path | None, window: str | None) -> TraceWriter | None:
    if trace is None:
        if window is not None:
            raise InputError(Problem("goes with --trace FILE", f"--window {window}"))
        return None
    from sim.trace import TraceWriter, parse_window

    return TraceWriter(trace, parse_window(window))
