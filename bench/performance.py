"""How fast runs are, against the bare rates of SimPy measured beside them: writes results/performance.md and a figure.

python -m bench.performance [models|ceilings|length|traces|dram|start|stream ...]     all, or these again
"""

from __future__ import annotations

import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.figure import Figure

from bench.ceiling import bucketed_rate, process_rate, schedule_rate
from bench.children import Measured, Task, measure, startup_cpu_s
from bench.compiled import ROOT, build
from sim import __version__
from sim.dram import replay_trace
from sim.markdown import table
from sim.output import write_atomically
from sim.reproduce.pictures import COLUMN_INCHES, STYLES, draw_series, print_style, write_figure
from sim.trace.reading import rows as trace_rows

RESULTS = Path(__file__).parent.parent / "results"
TARGET = RESULTS / "performance.md"
MODELS = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")
MACHINES = ("edge", "edge_flexpe")
LENGTHS = tuple(2**power for power in range(10, 17, 2))
LEVELS = ("command", "transaction")
FIRST_EVENT = """
import os
from sim.cli import main
from sim.engine import Engine
Engine.run = lambda self: os._exit(0)
main()
"""
STREAM = {64: (71_338, 30), 256: (241_886, 54), 1024: (1_004_952, 510)}  # tokens -> cycles, seconds; see _stream
WIDE = (
    "dimensions.d_model=768", "dimensions.d_state=16", "layers=1",
    "mac_array.rows=64", "mac_array.columns=128", "sram.capacity=16MiB", "sram.banks=128", "sram.interleave=128",
    "dram.channels=8",
)  # fmt: skip


def _head() -> str:
    return (
        "# Speed\n\n"
        f"Written by `python -m bench.performance`, stallscope {__version__}, {platform.python_implementation()} "
        f"{platform.python_version()}, one core. Times vary with the machine; ratios compare with what was measured "
        "beside them."
    )


@dataclass(frozen=True)
class _Model:
    """A workload on a machine, as it is and compiled."""

    names: tuple[str, str]
    plain: Measured
    compiled: Measured
    bare: float  # events a second that bare SimPy schedules, just before and just after

    def row(self) -> list[str]:
        """What a user waits for, and how fast events go."""
        found = []
        for run in (self.plain, self.compiled):
            rate = run.requests / run.run_s
            found += [f"{run.mapping_s:.1f}", f"{run.run_s:.1f}", f"{rate:,.0f}", f"{rate / self.bare:.2f}"]
        return [*self.names, f"{self.plain.requests:,}", *found, f"{self.plain.peak_bytes / 1e6:.0f}"]


def _models() -> str:
    with TemporaryDirectory() as name:
        build(Path(name))
        models = [_model(workload, machine, Path(name)) for workload in MODELS for machine in MACHINES]
    header = ["workload", "machine", "requests", "mapping s", "run s", "requests/s", "ratio", "compiled: mapping s",
              "run s", "requests/s", "ratio", "peak MB"]  # fmt: skip
    return (
        "## Whole models\n\n48 layers, 1024 tokens, every event, every cycle accounted for. *Compiled* is "
        "the event loop compiled by mypyc (README): the same bytes. The ratio is that of requests to the events that "
        "bare SimPy schedules in a second, measured just before and just after. Of the compiled runs the better of two "
        "counts.\n\n" + table(header, [model.row() for model in models], left=2)
    )


def _model(workload: str, machine: str, compiled: Path) -> _Model:
    before, task = schedule_rate(), Task(workload, machine)
    plain, fast = measure(task), _best(task, compiled)
    assert plain.makespan_cycles == fast.makespan_cycles
    model = _Model((workload, machine), plain, fast, (before + schedule_rate()) / 2)
    print(model.row(), file=sys.stderr, flush=True)
    return model


def _ceilings() -> str:
    rates = {
        "a process that waits for timeouts": process_rate(),
        "bare `env.schedule`": schedule_rate(),
        "our engine: one SimPy event a cycle, six callbacks in it": bucketed_rate(),
    }
    rows = [[what, f"{rate:,.0f}"] for what, rate in rates.items()]
    return "## SimPy's ceilings\n\n" + table(["style", "events a second"], rows)


def _length() -> str:
    runs = {n: measure(Task("mamba3_mimo", "edge", (f"sequence_length={n}",))) for n in LENGTHS}
    with print_style():
        figure = Figure(figsize=(COLUMN_INCHES, 2.4), layout="constrained")
        axes = figure.subplots()
        draw_series(axes, STYLES[2], list(runs), [run.run_s for run in runs.values()], "every event")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("tokens of the prompt")
        axes.set_ylabel("wall time of the run (s)")
        write_figure(figure, RESULTS, "performance-length")
    rows = [[f"{n:,}", f"{run.run_s:.2f}", f"{run.peak_bytes / 1e6:.0f}"] for n, run in runs.items()]
    return (
        "## Length of the prompt\n\nThe 48-layer Mamba-3 on hw/edge, mapping not counted.\n\n"
        "![wall time over tokens](performance-length.svg)\n\n" + table(["tokens", "run s", "peak MB"], rows)
    )


def _traces() -> str:
    rows = []
    with TemporaryDirectory() as folder:
        for layers, suffixes in ((4, (".csv.gz", ".json.gz", ".parquet", ".pftrace", ".vcd")), (16, (".json.gz",))):
            settings = (f"layers={layers}", "mapping.token_tile=32")
            plain = _best(Task("mamba3_mimo", "edge", settings))
            slices = 0
            for suffix in suffixes:
                path = Path(folder) / f"trace{suffix}"
                run = _best(Task("mamba3_mimo", "edge", settings, trace=str(path)))
                slices = slices or sum(row["kind"] != "counter" for row in trace_rows(path))
                added, peak, size = run.run_s - plain.run_s, run.peak_bytes / 1e6, path.stat().st_size / 1e6
                figures = [f"{plain.run_s:.1f}", f"{run.run_s:.1f}", f"{1e6 * added / slices:.1f}"]
                rows.append([suffix, str(layers), f"{slices:,}", *figures, f"{peak:.0f}", f"{size:.1f}"])
    header = ["trace", "layers", "slices", "without s", "with s", "added s a million slices", "peak MB", "file MB"]
    return "## Traces\n\nThe same model, every request a slice, and every stall; the better of two runs.\n\n" + table(
        header, rows
    )


def _best(task: Task, folder: Path = ROOT) -> Measured:
    """The quicker of two runs."""
    return min((measure(task, folder) for _ in range(2)), key=lambda run: run.run_s)


def _dram() -> str:
    traces: dict[str, Callable[[int], str]] = {
        "one stream of reads": lambda n: f"R {n * 16384:#x} 16384\n",
        "reads and writes of 64 KiB in turns": lambda n: f"{'RW'[n % 2]} {n * 65536:#x} 65536\n",
    }
    rows = []
    with TemporaryDirectory() as folder:
        for name, line in traces.items():
            path = Path(folder) / "trace"
            path.write_text("".join(line(n) for n in range(8000)))
            for level in LEVELS:  # compiled now
                replay_trace(path, "lpddr5-6400", 2, level, "all-bank")
            command, chunks = (replay_trace(path, "lpddr5-6400", 2, level, "all-bank") for level in LEVELS)
            moved = chunks.bursts * 32
            rows.append(
                [
                    name,
                    f"{moved / 1e6:.0f}",
                    f"{command.bursts / command.wall_seconds / 1e3:,.0f}",
                    f"{moved / chunks.wall_seconds / 1e9:,.1f}",
                ]
            )
    header = ["trace", "MB", "command: thousand bursts/s", "transaction: simulated GB/s"]
    return "## DRAM\n\n`python -m sim dram`, two channels.\n\n" + table(header, rows)


def _startup() -> str:
    commands = {
        "`python -m sim --help`": ("-m", "sim", "--help"),
        "`... run mamba3_mimo --set mapping.token_tile=32` up to the first event": (
            "-c", FIRST_EVENT, "run", "mamba3_mimo", "--quiet", "--set", "mapping.token_tile=32",
        ),
        "`... run mamba3_mimo`, which lists all mappings first": ("-c", FIRST_EVENT, "run", "mamba3_mimo", "--quiet"),
        "`python -c 'import pydantic, ruamel.yaml, simpy, typer'`": (
            "-c", "import pydantic, ruamel.yaml, simpy, typer",
        ),
    }  # fmt: skip
    rows = [[what, f"{startup_cpu_s(*command):.2f}"] for what, command in commands.items()]
    text = "CPU seconds, the least of twenty, with the modules' byte code at hand."
    return f"## Start\n\n{text}\n\n" + table(["what", "s"], rows)


def _stream() -> str:
    rows = []
    for tokens, (cycles, seconds) in STREAM.items():
        run = measure(Task("mamba1", "edge_flexpe", (*WIDE, f"sequence_length={tokens}")))
        ours = run.mapping_s + run.run_s
        rows.append(
            [
                f"{tokens:,}",
                f"{cycles:,}",
                f"{run.makespan_cycles:,}",
                f"{seconds}",
                f"{ours:.1f}",
                f"{seconds / ours:.0f}x",
            ]
        )
    header = ["tokens", "cycles: Stream", "ours", "seconds: Stream", "ours, mapping and every event", "ratio"]
    return (
        "## Beside Stream\n\nOne layer of Mamba-1, d 768, N 16, 16 bit, on 8192 PEs. Stream (KU Leuven, with the "
        "artifact of its work on fine-grained fusion) was run by us once, on a machine under load; its seconds and "
        "cycles are copied from that. Its accelerator's memories and dataflow are not ours: here it is hw/edge_flexpe "
        "with 64 x 128 PEs, 16 MiB of SRAM and 8 channels, so the cycles compare in size only.\n\n"
        + table(header, rows)
    )


SECTIONS = {
    "models": _models, "ceilings": _ceilings, "length": _length, "traces": _traces, "dram": _dram, "start": _startup,
    "stream": _stream,
}  # fmt: skip


def main() -> None:
    """Measure one thing after the other; what is not asked for stays as it was measured before."""
    parser = ArgumentParser(prog="python -m bench.performance")
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    wanted = parser.parse_args().sections or list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"found {', '.join(sorted(unknown))}, expected some of {', '.join(SECTIONS)}")
    sections = dict.fromkeys(SECTIONS, "")
    if set(wanted) != set(SECTIONS):
        before = TARGET.read_text().rstrip().split("\n\n## ")[1:]
        sections = dict(zip(SECTIONS, (f"## {text}" for text in before), strict=True))
    for name in wanted:
        sections[name] = SECTIONS[name]()
    write_atomically(TARGET, "\n\n".join([_head(), *sections.values()]) + "\n")


if __name__ == "__main__":
    main()
