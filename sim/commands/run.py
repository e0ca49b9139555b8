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
    ResultJsonOption,
    SetOption,
    SimulateLayersOption,
    WorkloadArgument,
    assignments,
    check_targets,
    chosen,
    command_line,
    may_print,
    one_line_errors,
    progress_bar,
    show,
    write_json,
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


SeqLenOption = Annotated[Optional[int], typer.Option(min=1, help="Tokens of the prompt.")]
PhaseOption = Annotated[Optional[Phase], typer.Option(help="Prefill or decode.")]
BatchOption = Annotated[Optional[int], typer.Option(min=1, help="Sequences side by side.")]
TraceOption = Annotated[
    Optional[Path], typer.Option(metavar="FILE", help="Write a trace: .json.gz, .pftrace, .parquet, .csv.gz, .vcd.")
]
WindowOption = Annotated[
    Optional[str],
    typer.Option(metavar="WHAT:FROM-TO", help="Part to trace: layer:0-1, token:64-95 or cycle:0-1000000."),
]
WindowsOption = Annotated[
    Optional[int], typer.Option(min=1, help="Account over time as well, in so many windows at most.")
]
CriticalPathOption = Annotated[bool, typer.Option("--critical-path", help="Find the critical path as well.")]
StrideOption = Annotated[
    Stride, typer.Option(help="A SimPy event for each cycle, or for each tile: quicker, the same result.")
]
NoSkipOption = Annotated[bool, typer.Option("--no-skip", hidden=True)]  # until the next version
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No report and no progress bar.")]


def run(
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    hw: HardwareOption = "edge",
    mapping: MappingOption = None,
    set_: SetOption = None,
    seq_len: SeqLenOption = None,
    phase: PhaseOption = None,
    layers: LayersOption = None,
    simulate_layers: SimulateLayersOption = None,
    batch: BatchOption = None,
    json: ResultJsonOption = None,
    trace: TraceOption = None,
    window: WindowOption = None,
    windows: WindowsOption = None,
    critical_path: CriticalPathOption = False,
    stride: StrideOption = Stride.cycle,
    no_skip: NoSkipOption = False,
    report: ReportOption = None,
    quiet: QuietOption = False,
) -> None:
    """Simulate a workload on a machine and say where every cycle went."""
    if no_skip:
        typer.echo("stallscope: --no-skip says nothing any more: every run simulates every event", err=True)
    with one_line_errors():
        name = chosen(workload, config)
        check_targets(json, trace, report, workload=name, machine=hw, mapping=mapping)
        writer = _trace_writer(trace, window)
        wanted = [*assignments(mapping, set_, layers), *_short_for_set(seq_len, phase, batch)]
        job = _prepared(name, hw, wanted, quiet)
        from sim.simulation import run as simulate  # takes a while to load: not before the inputs are known to be right

        with (
            nullcontext() if quiet else progress_bar("simulating") as progress,
            nullcontext() if writer is None else writer.writing(job.machine) as observer,
        ):
            result = simulate(
                job,
                progress,
                observer,
                stride=stride.value,
                windows=windows,
                critical_path=critical_path or report is not None,  # the page has it
                simulate_layers=simulate_layers,
            )
        write_json(result.to_json(), json)
        if report is not None:
            options: dict[str, object] = {"--config": config, "--hw": hw, "--mapping": mapping, "--set": set_}
            options |= {"--seq-len": seq_len, "--phase": phase and phase.value, "--batch": batch}
            options |= {"--layers": layers, "--simulate-layers": simulate_layers, "--report": "report.html"}
            _write_report(report, job, result, command_line("run", [workload], options))
    if not quiet and may_print(json, trace, report):
        show(result)


def _trace_writer(trace: Path | None, window: str | None) -> TraceWriter | None:
    if trace is None:
        if window is not None:
            raise InputError(Problem("goes with --trace FILE", f"--window {window}"))
        return None
    from sim.trace import TraceWriter, parse_window

    return TraceWriter(trace, parse_window(window))


def _short_for_set(seq_len: int | None, phase: Phase | None, batch: int | None) -> list[str]:
    """The assignments that these options are short for."""
    flags = {"sequence_length": seq_len, "phase": phase and phase.value, "batch": batch}
    return [f"{key}={value}" for key, value in flags.items() if value is not None]


def _prepared(workload: str, machine: str, wanted: list[str], quiet: bool) -> Job:
    """What to run, read, checked and mapped; says how to get the compiled loop where there is none."""
    from hw import COMPILED
    from hw.compiled import advice
    from sim.files.resolve import resolve

    inputs = resolve(workload, machine, wanted)
    from sim.simulation import mapped  # see above

    job = mapped(inputs)
    if not (COMPILED or quiet):
        typer.echo(f"stallscope: {advice()}", err=True)
    return job


def _write_report(report: Path, job: Job, result: Result, command: str) -> None:
    from sim.files.outputs import write_text
    from sim.presentation.figures.gather import evidence
    from sim.presentation.html.run_page import run_page

    write_text(report, run_page(evidence(job, result), job.machine, command))
