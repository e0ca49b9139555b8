"""How fast runs are, against the bare rates of SimPy measured beside them: writes results/performance.md and a figure.

python -m bench.performance
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.figure import Figure

from bench.ceiling import bucketed_rate, process_rate, schedule_rate
from bench.children import Measured, Task, measure, startup_cpu_s
from bench.compiled import build
from sim import __version__
from sim.dram import replay_trace
from sim.markdown import table
from sim.output import write_atomically
from sim.reproduce.pictures import COLUMN_INCHES, STYLES, draw_series, print_style, write_figure

RESULTS = Path(__file__).parent.parent / "results"
MODELS = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")
MACHINES = ("edge", "edge_flexpe")
LENGTHS = tuple(2**power for power in range(10, 21, 2))
LENGTHS_IN_FULL = LENGTHS[:2]
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


def main() -> None:
    """Measure one thing after the other."""
    parts = [_head(), *(section() for section in (_models, _ceilings, _length, _traces, _dram, _startup, _stream))]
    write_atomically(RESULTS / "performance.md", "\n\n".join(parts) + "\n")


def _head() -> str:
    return (
        "# Speed\n\n"
        f"Written by `python -m bench.performance`, stallscope {__version__}, {platform.python_implementation()} "
        f"{platform.python_version()}, one core. Times vary with the machine; ratios compare with what was measured "
        "beside them."
    )


def _models() -> str:
    rows = []
    with TemporaryDirectory() as name:
        compiled = Path(name)
        build(compiled)
        for workload in MODELS:
            for machine in MACHINES:
                before = schedule_rate()
                short, whole = (measure(Task(workload, machine, skip=skip)) for skip in (True, False))
                fast = measure(Task(workload, machine, skip=False), compiled)
                assert fast.makespan_cycles == whole.makespan_cycles
                rows.append(_model_row(workload, machine, short, whole, fast, (before + schedule_rate()) / 2))
                print(rows[-1], file=sys.stderr, flush=True)
    header = ["workload", "machine", "requests", "mapping s", "run s", "simulated", "error", "all events s", "peak MB",
              "requests/s", "ratio", "compiled s", "requests/s", "ratio"]  # fmt: skip
    return (
        "## Whole models\n\n48 layers, 1024 tokens. *run* skips what repeats: what share of the cycles it simulates, "
        "and how far its makespan is from that of the run of all events. The rates are those of the latter, with every "
        "cycle of every unit accounted for, over the rate at which bare SimPy schedules events, measured just before "
        "and just after; *compiled* is the event loop compiled by mypyc (README), which gives the same bytes.\n\n"
        + table(header, rows, left=2)
    )


def _model_row(workload: str, machine: str, short: Measured, whole: Measured, fast: Measured, bare: float) -> list[str]:
    rates = [whole.requests / whole.run_s, fast.requests / fast.run_s]
    return [
        workload,
        machine,
        f"{whole.requests:,}",
        f"{short.mapping_s:.1f}",
        f"{short.run_s:.1f}",
        f"{100 * short.simulated_cycles / short.makespan_cycles:.1f} %",
        f"{100 * (short.makespan_cycles / whole.makespan_cycles - 1):+.3f} %",
        f"{whole.run_s:.1f}",
        f"{whole.peak_bytes / 1e6:.0f}",
        f"{rates[0]:,.0f}",
        f"{rates[0] / bare:.2f}",
        f"{fast.run_s:.1f}",
        f"{rates[1]:,.0f}",
        f"{rates[1] / bare:.2f}",
    ]


def _ceilings() -> str:
    rates = {
        "a process that waits for timeouts": process_rate(),
        "bare `env.schedule`": schedule_rate(),
        "our engine: one SimPy event a cycle, six callbacks in it": bucketed_rate(),
    }
    rows = [[what, f"{rate:,.0f}"] for what, rate in rates.items()]
    return "## SimPy's ceilings\n\n" + table(["style", "events a second"], rows)


def _length() -> str:
    short = {n: measure(Task("mamba3_mimo", "edge", (f"sequence_length={n}",))) for n in LENGTHS}
    whole = {n: measure(Task("mamba3_mimo", "edge", (f"sequence_length={n}",), skip=False)) for n in LENGTHS_IN_FULL}
    with print_style():
        figure = Figure(figsize=(COLUMN_INCHES, 2.4), layout="constrained")
        axes = figure.subplots()
        for style, runs, label in ((STYLES[2], short, "repetition skipped"), (STYLES[3], whole, "every event")):
            draw_series(axes, style, list(runs), [run.run_s for run in runs.values()], label)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("tokens of the prompt")
        axes.set_ylabel("wall time of the run (s)")
        axes.legend(frameon=False)
        write_figure(figure, RESULTS, "performance-length")
    rows = [
        [f"{n:,}", f"{run.run_s:.2f}", f"{run.peak_bytes / 1e6:.0f}", *_in_full(whole.get(n))]
        for n, run in short.items()
    ]
    return (
        "## Length of the prompt\n\nThe 48-layer Mamba-3 on hw/edge, mapping not counted.\n\n"
        "![wall time over tokens](performance-length.svg)\n\n"
        + table(["tokens", "run s", "peak MB", "all events s", "peak MB"], rows)
    )


def _in_full(run: Measured | None) -> list[str]:
    return ["", ""] if run is None else [f"{run.run_s:.1f}", f"{run.peak_bytes / 1e6:.0f}"]


def _traces() -> str:
    rows = []
    settings = ("layers=4", "mapping.token_tile=32")
    with TemporaryDirectory() as folder:
        for suffix in ("", ".json.gz", ".csv.gz", ".parquet"):
            path = Path(folder) / f"trace{suffix}"
            run = measure(Task("mamba3_mimo", "edge", settings, skip=False, trace=str(path) if suffix else None))
            size = f"{path.stat().st_size / 1e6:.1f}" if suffix else ""
            rows.append([suffix or "none", f"{run.run_s:.1f}", f"{run.peak_bytes / 1e6:.0f}", size])
    return (
        f"## Traces\n\nFour layers of the same, {run.requests:,} requests, every one a slice, and every stall.\n\n"
        + table(["trace", "run s", "peak MB", "file MB"], rows)
    )


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
        "`python -c 'import networkx, pydantic, ruamel.yaml, simpy, typer'`": (
            "-c", "import networkx, pydantic, ruamel.yaml, simpy, typer",
        ),
    }  # fmt: skip
    rows = [[what, f"{startup_cpu_s(*command):.2f}"] for what, command in commands.items()]
    text = "CPU seconds, the least of five, with the modules' byte code at hand."
    return f"## Start\n\n{text}\n\n" + table(["what", "s"], rows)


def _stream() -> str:
    rows = []
    for tokens, (cycles, seconds) in STREAM.items():
        run = measure(Task("mamba1", "edge_flexpe", (*WIDE, f"sequence_length={tokens}"), skip=False))
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


if __name__ == "__main__":
    main()
