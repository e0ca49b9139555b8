"""Figure 1: prefill on the edge for every variant, and decode of many sequences on a datacentre GPU, where MIMO pays.

On the GPU a step of decode reads all weights once and every sequence's state twice (from memory and back). The paper's
Mamba-3 has 10 % more weights than its Mamba-2 and half the state, so it is behind for one sequence and ahead for many:
the figure finds the crossing, by the resource bound (bytes over bandwidth or work over rate, whichever is longer) and
by simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, log
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hw.unit_names import MAC_ARRAY, SIMD
from sim.files.outputs import write_text
from sim.paper.pages import head
from sim.paper.pictures import STYLES, draw_series, print_style, write_figure
from sim.paper.published import SOURCE, table1
from sim.paper.runs import SCALING, Run, Runs, Simulated
from sim.presentation.markdown import table

EDGE = ("edge", "edge_flexpe")
GPU = "h100"
DECODERS = ("mamba2", "mamba3_mimo")
BATCHES = tuple(2**power for power in range(10))
NAMES = {
    "mamba1": "Mamba-1",
    "mamba1_pscan": "Mamba-1\npscan",
    "mamba2": "Mamba-2",
    "mamba2_ssd": "Mamba-2\nSSD",
    "mamba3_mimo": "Mamba-3",
    "mamba3_mimo_ssd": "Mamba-3\nSSD",
}


def write_figure1(folder: Path, runs: Runs) -> list[Path]:
    """Write figure1.svg, .png and .md into *folder*."""
    prefill = {(name, machine): Run(name, machine) for machine in EDGE for name in NAMES}
    decode = {(name, batch): decode_run(name, batch) for name in DECODERS for batch in BATCHES}
    found = runs.of([*prefill.values(), *decode.values()])
    edge = {key: found[run] for key, run in prefill.items()}
    gpu = {key: found[run] for key, run in decode.items()}
    with print_style():
        figure = Figure(figsize=(7.2, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
        _draw_prefill(left, edge)
        _draw_decode(right, gpu)
        pictures = write_figure(figure, folder, "figure1")
    page = folder / "figure1.md"
    write_text(page, _page(edge, gpu))
    return [*pictures, page]


def decode_run(workload: str, batch: int) -> Run:
    """One step of decode for *batch* sequences on the GPU."""
    return Run(workload, GPU, ("phase=decode", f"batch={batch}", "mapping.weight_slot_kib=512"))


def crossing(batches: Sequence[int], first: Sequence[float], second: Sequence[float]) -> float | None:
    """The batch from which on *second* is the faster, between the two samples by log-log interpolation; None if never.

    Throughputs are those at *batches*, in rising order.
    """
    leads = [log(b / a) for a, b in zip(first, second, strict=True)]
    for number in range(len(batches) - 1, 0, -1):
        before, after = leads[number - 1], leads[number]
        if before <= 0 < after:
            share = -before / (after - before)
            return exp(log(batches[number - 1]) * (1 - share) + log(batches[number]) * share)
    return float(batches[0]) if leads and min(leads) > 0 else None


def pace(simulated: Simulated) -> tuple[float, float]:
    """Tokens a second of the whole model: simulated, and by the resource bound."""
    by_bound = simulated.cycles_per_token / simulated.resource_cycles_per_token
    return simulated.tokens_per_second, simulated.tokens_per_second * by_bound


def crossings(gpu: dict[tuple[str, int], Simulated]) -> tuple[float | None, float | None]:
    """The batch from which on Mamba-3 is the faster on the GPU: simulated, and by the resource bound."""
    simulated, bound = (
        crossing(BATCHES, *([pace(gpu[name, batch])[kind] for batch in BATCHES] for name in DECODERS))
        for kind in (0, 1)
    )
    return simulated, bound


def _draw_prefill(axes: Axes, edge: dict[tuple[str, str], Simulated]) -> None:
    paper, places = table1(), range(len(NAMES))
    bars = [
        ("paper's Stream", [paper[name].stream_tok_per_s or 0.0 for name in NAMES], "white", "////"),
        ("hw/edge", [edge[name, "edge"].tokens_per_second for name in NAMES], STYLES[2].colour, ""),
        ("hw/edge_flexpe", [edge[name, "edge_flexpe"].tokens_per_second for name in NAMES], STYLES[1].colour, ""),
    ]
    for number, (label, values, colour, hatch) in enumerate(bars):
        at = [place + 0.27 * (number - 1) for place in places]
        axes.bar(at, values, 0.25, label=label, color=colour, hatch=hatch, edgecolor="black", linewidth=0.5, zorder=2)
    for place, name in enumerate(NAMES):
        line = paper[name].roofline_tok_per_s
        named = "paper's roofline" if place == 0 else None
        axes.plot([place - 0.42, place + 0.42], [line, line], color="black", linewidth=1.2, label=named, zorder=3)
        if paper[name].stream_tok_per_s is None:
            axes.text(place - 0.27, 6, "N/A", rotation=90, ha="center", va="bottom", fontsize=7)
    axes.set_xticks(list(places), list(NAMES.values()), fontsize=7)
    axes.set_ylabel("prefill, B = 1 (tokens/s)")
    axes.set_ylim(0, 480)
    axes.legend(ncols=2, loc="upper center", frameon=False, fontsize=7, handlelength=1.4, columnspacing=1.0)


def _draw_decode(axes: Axes, gpu: dict[tuple[str, int], Simulated]) -> None:
    for name, style in zip(DECODERS, (STYLES[2], STYLES[3]), strict=True):
        values = [pace(gpu[name, batch]) for batch in BATCHES]
        draw_series(axes, style, BATCHES, [value for value, _ in values], f"{NAMES[name]}, simulated")
        bound = [limit for _, limit in values]
        axes.plot(BATCHES, bound, ":", color=style.colour, linewidth=1.0, label=f"{NAMES[name]}, resource bound")
    met = crossings(gpu)[0]
    if met is not None:
        axes.axvline(met, color="grey", linewidth=0.8, linestyle="--", zorder=1)
        axes.annotate(f" B = {met:.1f}", (met, 0.94), xycoords=("data", "axes fraction"), fontsize=7, ha="right")
    axes.set_xscale("log", base=2)
    axes.set_xticks(BATCHES[::2], [str(batch) for batch in BATCHES[::2]])
    axes.set_yscale("log")
    axes.set_xlabel("sequences decoded together, B")
    axes.set_ylabel("decode on hw/h100 (tokens/s)")
    axes.legend(loc="lower right", frameon=False, fontsize=7)


def _page(edge: dict[tuple[str, str], Simulated], gpu: dict[tuple[str, int], Simulated]) -> str:
    paper = table1()
    simulated, bound = crossings(gpu)
    rows = [
        [
            NAMES[name].replace("\n", " "),
            _number(paper[name].roofline_tok_per_s),
            _number(paper[name].stream_tok_per_s),
            *(_number(edge[name, machine].tokens_per_second) for machine in EDGE),
        ]
        for name in NAMES
    ]
    lines = [
        *head("Figure 1: the edge, and the datacentre", "figure1"),
        "",
        "![Prefill on the edge and decode on a GPU](figure1.svg)",
        "",
        f"Left: prefill of 1024 tokens, one sequence, tokens a second; the paper's figures are from {SOURCE}, Table 1. "
        f"{SCALING}. Right: one step of decode on {GPU} (hw/{GPU}.yaml, a coarse picture of the GPU) for B sequences, "
        "all layers, without LM head; the resource bound is the longest of bytes over bandwidth and each unit's work "
        "over its rate.",
        "",
        table(["tok/s", "paper's roofline", "paper's Stream", *EDGE], rows),
        "",
        f"**Where MIMO pays**: from B = {_batch(simulated)} sequences on, simulated; by the resource bound from "
        f"B = {_batch(bound)}. Mamba-3's throughput against "
        f"Mamba-2's: {_lead(gpu, 1):+.1f} % for one sequence, {_lead(gpu, BATCHES[-1]):+.1f} % for {BATCHES[-1]}.",
        "",
        table(["B", *(f"{NAMES[n]}, {w}" for n in DECODERS for w in _COLUMNS)], [_decode_row(gpu, b) for b in BATCHES]),
    ]
    return "\n".join(lines) + "\n"


_COLUMNS = ("tok/s", "of the bound", "DRAM bus busy", "MACs busy", "lanes busy")


def _decode_row(gpu: dict[tuple[str, int], Simulated], batch: int) -> list[str]:
    cells = [str(batch)]
    for name in DECODERS:
        value, limit = pace(gpu[name, batch])
        busy = (gpu[name, batch].result.utilisation(unit) for unit in ("dram.channel0", MAC_ARRAY, SIMD))
        cells += [f"{value:,.0f}", f"{value / limit:.0%}", *(f"{share:.0%}" for share in busy)]
    return cells


def _lead(gpu: dict[tuple[str, int], Simulated], batch: int) -> float:
    """How much faster Mamba-3 is, in percent."""
    first, second = (gpu[name, batch].tokens_per_second for name in DECODERS)
    return 100 * (second / first - 1)


def _number(value: float | None) -> str:
    return "N/A" if value is None else f"{value:.1f}"


def _batch(value: float | None) -> str:
    return "never" if value is None else str(ceil(value))
