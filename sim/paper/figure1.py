"""Figure 1: prefill on the edge for every variant, and decode of many sequences on a datacentre GPU, where MIMO pays.

The right side is in sim/paper/gpu/figure1.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.files.outputs import write_text
from sim.paper.gpu.decode import BATCHES, DECODERS, decode_run, decoding, simulated_machine
from sim.paper.gpu.figure1 import Panel, decode_rows, decode_section, draw_decode
from sim.paper.gpu.measurements import read_measurements
from sim.paper.pages import NOT_AVAILABLE, Found, head
from sim.paper.pictures import STYLES, print_style, write_figure
from sim.paper.published import SOURCE, table1
from sim.paper.runs import SCALING, Run, Runs, Simulated
from sim.presentation.markdown import table

EDGE = ("edge", "edge_flexpe")
NAMES = {
    "mamba1": "Mamba-1",
    "mamba1_pscan": "Mamba-1\npscan",
    "mamba2": "Mamba-2",
    "mamba2_ssd": "Mamba-2\nSSD",
    "mamba3_mimo": "Mamba-3",
    "mamba3_mimo_ssd": "Mamba-3\nSSD",
}


def write_figure1(folder: Path, runs: Runs) -> Found:
    """Write figure1.svg, .png and .md into *folder*, and tell both sides' runs.

    Reads gpu/*.json there, and raises InputError with mistakes in these.
    """
    gpu = read_measurements(folder)
    card = simulated_machine(gpu)
    prefill = {(name, machine): Run(name, machine) for machine in EDGE for name in NAMES}
    decode = {(name, batch): decode_run(name, batch, card) for name in DECODERS for batch in BATCHES}
    found = runs.of([*prefill.values(), *decode.values()])
    edge = {key: found[run] for key, run in prefill.items()}
    panel = Panel(card, {key: found[run] for key, run in decode.items()}, decoding(gpu))
    with print_style():
        figure = Figure(figsize=(7.2, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
        _draw_prefill(left, edge)
        draw_decode(right, panel)
        write_figure(figure, folder, "figure1")
    write_text(folder / "figure1.md", _page(edge, panel))
    return {"prefill": list(_prefill_rows(edge)), "decode": list(decode_rows(panel))}


def _prefill_rows(edge: dict[tuple[str, str], Simulated]) -> Iterator[dict[str, Any]]:
    paper = table1()
    for (name, machine), run in edge.items():
        yield {
            "workload": name,
            "machine": machine,
            "tokens_per_second": run.tokens_per_second,
            "paper_roofline_tokens_per_second": paper[name].roofline_tok_per_s,
            "paper_stream_tokens_per_second": paper[name].stream_tok_per_s,
        }


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


def _page(edge: dict[tuple[str, str], Simulated], panel: Panel) -> str:
    paper = table1()
    rows = [
        [
            NAMES[name].replace("\n", " "),
            _number(paper[name].roofline_tok_per_s),
            _number(paper[name].stream_tok_per_s),
            *(_number(edge[name, machine].tokens_per_second) for machine in EDGE),
        ]
        for name in NAMES
    ]
    parts = [
        "\n".join(head("Figure 1: the edge, and the datacentre", "figure1")),
        "![Prefill on the edge and decode on a GPU](figure1.svg)",
        f"Left: prefill of 1024 tokens, one sequence, tokens a second; the paper's figures are from {SOURCE}, Table 1. "
        f"{SCALING}. Right: one step of decode on {panel.machine} (hw/{panel.machine}.yaml, a coarse picture of the "
        "GPU) for B sequences, all layers, without LM head; the resource bound is the longest of bytes over bandwidth "
        "and each unit's work over its rate.",
        table(["tok/s", "paper's roofline", "paper's Stream", *EDGE], rows),
        *decode_section(panel),
    ]
    return "\n\n".join(parts) + "\n"


def _number(value: float | None) -> str:
    return NOT_AVAILABLE if value is None else f"{value:.1f}"
