"""How time and memory grow with the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from bench.children import ROOT
from bench.speed.rows import STRIDES, Loop, chosen, run_loop
from sim.paper.pictures import COLUMN_INCHES, STYLES, draw_series, print_style, write_figure
from sim.presentation.markdown import table

FOLDER = ROOT / "results"
NAME = "performance-length"
MODEL = "mamba3_mimo", "edge"
LENGTHS = {"cycle": (2**10, 2**12, 2**14, 2**16), "tile": (2**10, 2**12, 2**14, 2**16, 2**18)}
TWICE = 2**14  # up to so many tokens the better of two runs counts
TEXT = f"""The 48 layers of mamba3_mimo on hw/edge, the event loop alone, with the mapping that is chosen for 1024 \
tokens. CPU seconds.

![CPU seconds and memory over tokens]({NAME}.svg)"""

Runs = Mapping[str, Mapping[int, Loop]]


def section() -> str:
    """Measure, draw, and list."""
    mapping = chosen(*MODEL)
    runs = {stride: {n: _run(n, stride, mapping) for n in LENGTHS[stride]} for stride in STRIDES}
    _draw(runs, FOLDER)
    header = ["tokens", "requests"]
    for stride in STRIDES:
        header += [f"{stride}: s", "s a million requests", "peak MB"]
    rows = []
    for tokens, tile in runs["tile"].items():
        row = [f"{tokens:,}", f"{tile.requests:,}"]
        for stride in STRIDES:
            row += _cells(runs[stride].get(tokens))
        rows.append(row)
    return TEXT + "\n\n" + table(header, rows)


def _run(tokens: int, stride: str, mapping: tuple[str, ...]) -> Loop:
    return run_loop(*MODEL, stride, [*mapping, f"sequence_length={tokens}"], 2 if tokens <= TWICE else 1)


def _cells(run: Loop | None) -> list[str]:
    if run is None:
        return ["", "", ""]
    return [f"{run.cpu_s:.2f}", f"{1e6 * run.cpu_s / run.requests:.3f}", f"{run.peak_mb:.0f}"]


def _draw(runs: Runs, folder: Path) -> None:
    with print_style():
        figure = Figure(figsize=(COLUMN_INCHES, 3.2), layout="constrained")
        seconds, memory = figure.subplots(2, sharex=True, height_ratios=(2, 1))
        for stride, style in zip(STRIDES, STYLES[2:], strict=False):
            found = runs[stride]
            draw_series(seconds, style, list(found), [run.cpu_s for run in found.values()], f"stride {stride}")
            draw_series(memory, style, list(found), [run.peak_mb for run in found.values()], "")
        seconds.set_xscale("log", base=2)
        seconds.set_yscale("log")
        seconds.yaxis.set_major_formatter("{x:g}")
        seconds.set_ylabel("CPU time (s)")
        seconds.legend()
        memory.set_ylim(0, 100)
        memory.set_ylabel("peak (MB)")
        memory.set_xlabel("tokens of the prompt")
        write_figure(figure, folder, NAME)
