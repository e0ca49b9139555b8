"""The command ``run``: one workload on one machine, and where every cycle went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.commands.changes import Changes, MayTake
from sim.commands.options import (
    ConfigOption,
    HardwareOption,
    JsonOption,
    QuietOption,
    ReportOption,
    SimulateLayersOption,
    WorkloadArgument,
    check_targets,
    chosen,
    command_line,
    may_print,
    one_line_errors,
    progress_bar,
    show,
    write_json,
)
from sim.commands.spread import spread
from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    from sim.accounting.result import Result
    from sim.execution.observers import RunObserver
    from sim.files.limits import Limits
    from sim.simulation import Job
    from sim.trace import TraceWriter


class Stride(StrEnum):
    """How far a SimPy event goes: to the next cycle in which something happens, or to the next border of a tile."""

    cycle = "cycle"
    tile = "tile"


TraceOption = Annotated[
    Optional[Path], typer.Option(metavar="FILE", help="Write a trace: .json.gz, .pftrace, .parquet, .csv.gz, .vcd.")
]
WindowOption = Annotated[
    Optional[str],
    typer.Option(metavar="WHAT:FROM-TO", help="Part to trace: layer:0-1, token:64-95 or cycle:0-1000000."),
]
ProgramOption = Annotated[
    Optional[Path],
    typer.Option(metavar="FILE.json", help="Write what is run: equations, how they are cut, buffers, the machine."),
]
WindowsOption = Annotated[
    Optional[int], typer.Option(min=1, help="Account over time as well, in so many windows at most.")
]
CriticalPathOption = Annotated[bool, typer.Option("--critical-path", help="Find the critical path as well.")]
StrideOption = Annotated[
    Stride, typer.Option(help="A SimPy event for each cycle, or for each tile: quicker, the same result.")
]
SaveMappingOption = Annotated[
    Optional[Path], typer.Option(metavar="FILE.yaml", help="Write the mapping, so that --mapping can have it again.")
]


@dataclass(frozen=True)
class Simulated:
    """How much of a workload is simulated, in which steps of time, and what is told of it besides."""

    simulate_layers: SimulateLayersOption = None
    windows: WindowsOption = None
    critical_path: CriticalPathOption = False
    stride: StrideOption = Stride.cycle

    def result(
        self, job: Job, writer: TraceWriter | None, limits: Limits, quiet: bool
    ) -> tuple[Result, list[InputError]]:
        """What *job* comes to, and what *writer* could not show of it, since the result stands nevertheless."""
        from sim.simulation import planned, run  # takes a while to load: not before the inputs are known to be right

        missed: list[InputError] = []
        with (
            progress_bar(f"simulating {planned(job, self.simulate_layers, writer is not None)}", quiet) as progress,
            _recorded(writer, job, self.simulate_layers, missed) as observer,
        ):
            result = run(
                job,
                progress,
                observer,
                stride=self.stride.value,
                windows=self.windows,
                critical_path=self.critical_path,
                simulate_layers=self.simulate_layers,
                certificate=True,
                limits=limits,
            )
        return result, missed


@dataclass(frozen=True)
class Outputs:
    """Where what a run comes to is written."""

    json: JsonOption = None
    trace: TraceOption = None
    program: ProgramOption = None
    window: WindowOption = None
    report: ReportOption = None
    save_mapping: SaveMappingOption = None

    @property
    def targets(self) -> tuple[str | Path | None, ...]:
        """Every place that is written to."""
        return self.json, self.trace, self.program, self.report, self.save_mapping

    def write(self, job: Job, result: Result, simulate_layers: int | None, limits: Limits, command: str) -> None:
        """Write all but the trace, which is written while *job* runs; *command* runs it again."""
        write_json(result.to_json(), self.json)
        if self.program is not None:
            _write_program(self.program, job, simulate_layers)
        if self.report is not None:
            _write_report(self.report, job, result, f"{command} --report report.html", limits)
        if self.save_mapping is not None:
            _write_mapping(self.save_mapping, job, result, command)


@spread
def run(
    *,
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    hw: HardwareOption = "edge",
    changes: Changes,
    may_take: MayTake,
    simulated: Simulated,
    outputs: Outputs,
    quiet: QuietOption = False,
) -> None:
    """Simulate a workload on a machine and say where every cycle went."""
    with one_line_errors():
        name = chosen(workload, config)
        check_targets(*outputs.targets, workload=name, machine=hw, mapping=changes.mapping)
        writer, limits = _trace_writer(outputs.trace, outputs.window), may_take.limits()
        with may_take.searching(quiet):
            job = _prepared(name, hw, changes.assignments(), limits, quiet)
        if outputs.report is not None:
            simulated = replace(simulated, critical_path=True)  # the page has it
        result, missed = simulated.result(job, writer, limits, quiet)
        options: dict[str, object] = {"--config": config, "--hw": hw} | changes.options() | may_take.options()
        options |= {"--simulate-layers": simulated.simulate_layers}
        command = command_line("run", [workload], options)
        outputs.write(job, result, simulated.simulate_layers, limits, command)
    if not quiet and may_print(*outputs.targets):
        show(result)
    with one_line_errors():
        for error in missed:
            raise error


def _trace_writer(trace: Path | None, window: str | None) -> TraceWriter | None:
    if trace is None:
        if window is not None:
            raise InputError(Problem("goes with --trace FILE", f"--window {window}"))
        return None
    from sim.trace import TraceWriter, parse_window

    return TraceWriter(trace, parse_window(window))


@contextmanager
def _recorded(
    writer: TraceWriter | None, job: Job, simulate_layers: int | None, missed: list[InputError]
) -> Iterator[RunObserver | None]:
    """What hears a run for its trace; that the window held nothing of it goes to *missed*, since the result stands."""
    if writer is None:
        yield None
        return
    from sim.trace.window import NothingShown

    writer.check(job.sections, simulate_layers)
    try:
        with writer.writing(job.machine) as observer:
            yield observer
    except NothingShown as error:
        missed.append(error)


def _prepared(workload: str, machine: str, wanted: list[str], limits: Limits, quiet: bool) -> Job:
    """What to run, read, checked and mapped; says how to get the compiled loop where there is none."""
    from hw import COMPILED
    from hw.compiled import advice
    from sim.files.resolve import resolve

    inputs = resolve(workload, machine, wanted)
    from sim.simulation import mapped  # see above

    job = mapped(inputs, limits)
    if not (COMPILED or quiet):
        typer.echo(f"stallscope: {advice()}", err=True)
    return job


def _write_report(report: Path, job: Job, result: Result, command: str, limits: Limits) -> None:
    from sim.files.outputs import write_text
    from sim.presentation.figures.gather import evidence
    from sim.presentation.html.run_page import run_page

    write_text(report, run_page(evidence(job, result, limits), job.machine, command))


def _write_program(path: Path, job: Job, simulate_layers: int | None) -> None:
    from sim.files.outputs import write_text
    from sim.presentation.program import program_json
    from sim.simulation import runs_of

    shown = [parts[0] for parts in runs_of(job, simulate_layers)]  # those that a trace shows
    write_text(path, program_json(shown, job.machine))


def _write_mapping(path: Path, job: Job, result: Result, command: str) -> None:
    from sim.files.outputs import write_text
    from sim.presentation.saved_mapping import saved_mapping

    write_text(path, saved_mapping(job.sections[0], result, command))
