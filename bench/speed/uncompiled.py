"""What compiling the core brings: a run, and DRAM replays at both levels, compiled and not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.children import ROOT, task, uncompiled
from bench.speed.rows import STRIDES, chosen, note, run_loop
from sim.presentation.markdown import table

MODEL = "mamba3_mimo", "edge"
BURST_BYTES = 32
REQUESTS = {"command": 2000, "transaction": 40_000}
FEWER = 20  # times, if not compiled
TRACES: dict[str, Callable[[int], str]] = {
    "one stream of reads": lambda n: f"R {n * 16384:#x} 16384\n",
    "reads and writes of 64 KiB in turns": lambda n: f"{'RW'[n % 2]} {n * 65536:#x} 65536\n",
}
RUN_TEXT = """The event loop of mamba3_mimo on hw/edge as in the table of event loops, and the same from sources that \
are not compiled, which has the same result. CPU seconds; of the compiled the better of two runs."""
DRAM_TEXT = """`python -m sim dram` on two channels of LPDDR5-6400, the replay alone: thousand bursts of 32 bytes a \
CPU second. A level `command` has every command of the protocol, `transaction` a request at a time."""


def run_section() -> str:
    """A row for each stride."""
    rows = []
    with uncompiled() as folder:
        for stride in STRIDES:
            fast = run_loop(*MODEL, stride, chosen(*MODEL))
            slow = run_loop(*MODEL, stride, chosen(*MODEL), 1, folder)
            assert fast.compiled and not slow.compiled and fast.cycles == slow.cycles
            ratios = [f"{slow.cpu_s / fast.cpu_s:.1f}", f"{slow.ratio:.3f}"]
            rows.append([stride, f"{fast.cpu_s:.2f}", f"{slow.cpu_s:.2f}", *ratios])
    header = ["stride", "compiled s", "not compiled s", "times as long", "not compiled: ratio to `env.schedule`"]
    return RUN_TEXT + "\n\n" + table(header, rows)


def dram_section() -> str:
    """A row for each trace and level."""
    rows = []
    with uncompiled() as folder:
        for name in TRACES:
            for level in ("command", "transaction"):
                fast, slow = _rate(name, level, "compiled", ROOT), _rate(name, level, "not compiled", folder)
                rates = [f"{rate / 1e3:,.0f}" for rate in (fast, slow)]
                rows.append([name, level, *rates, f"{fast * BURST_BYTES / 1e9:,.2f}"])
                note(*rows[-1])
    header = ["trace", "level", "compiled: thousand bursts/s", "not compiled", "compiled: simulated GB/s"]
    return DRAM_TEXT + "\n\n" + table(header, rows, left=2)


def _rate(trace: str, level: str, build: str, folder: Path) -> float:
    """Bursts a second: the better of two replays."""
    count = REQUESTS[level] // (1 if build == "compiled" else FEWER)
    with TemporaryDirectory() as made:
        path = Path(made) / "trace"
        path.write_text("".join(TRACES[trace](n) for n in range(count)))
        found = [task("dram", folder, trace=str(path), level=level, channels=2)[0] for _ in range(2)]
    assert all(each["compiled"] == (build == "compiled") for each in found)
    return max(float(each["bursts"]) / float(each["cpu_s"]) for each in found)
