"""Figure 2: how much slower Mamba-3 is than Mamba-2 as models grow, by five methods that do not agree.

A pair is a Mamba-2 of width d and a Mamba-3 of width d / sqrt(R); penalties are in percent of Mamba-2's time a token.
The paper's two claims are marked; each comes from another of the methods (paper.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sim.files.outputs import write_text
from sim.files.resolve import resolve_workload
from sim.paper.counts import count, paper_columns
from sim.paper.pages import Found, excess, head, signed
from sim.paper.pictures import COLUMN_INCHES, STYLES, draw_series, millions, print_style, write_figure
from sim.paper.published import PENALTY_LARGE, PENALTY_SMALL, SOURCE, STREAM_MAPPING, table1
from sim.paper.runs import SCALING, Run, Runs, Simulated
from sim.presentation.markdown import table

PAIRS = (
    ("mamba2-d96", "mamba3_mimo-d48"),
    ("mamba2-d192", "mamba3_mimo-d96"),
    ("mamba2-d384", "mamba3_mimo-d192"),
    ("mamba2-d768", "mamba3_mimo-d384"),
    ("mamba2", "mamba3_mimo"),
)
VOCABULARY = 128_256
"""Tokens of the embedding that is added to a model's parameters: assumed, official Mamba-3's. So the smallest and the
largest Mamba-2 have 15.7 M and 890 M, near the paper's 15 M and 880 M."""

ROOFLINE, BOUND, EDGE, FLEXPE, STREAM = (
    "paper's roofline",
    "resource bound, edge",
    "simulated, edge",
    "simulated, edge_flexpe",
    "stream-like, edge_flexpe",
)
METHODS = (ROOFLINE, BOUND, EDGE, FLEXPE, STREAM)
_FULL_SIZE = PAIRS[-1]
_CLAIM: dict[str, Any] = {
    "linestyle": "none",
    "marker": "*",
    "markersize": 10,
    "markerfacecolor": "#bbbbbb",
    "markeredgecolor": "black",
    "markeredgewidth": 0.6,
    "zorder": 2,
}


@dataclass(frozen=True)
class Model:
    """What needs no simulation: parameters of all layers and with an embedding, operations as the paper counts them."""

    layer_parameters: int
    parameters: int
    paper_gop_per_token: float


@dataclass(frozen=True)
class Pair:
    """A Mamba-2 and its Mamba-3: cycles a token by each of METHODS, (Mamba-2's, Mamba-3's)."""

    names: tuple[str, str]
    models: tuple[Model, Model]
    cycles: dict[str, tuple[float, float]]

    def penalty(self, method: str) -> float:
        """How much longer Mamba-3 takes, in percent."""
        mamba2, mamba3 = self.cycles[method]
        return excess(mamba3, mamba2)


def write_figure2(folder: Path, runs: Runs) -> Found:
    """Write figure2.svg, .png and .md to *folder*, and tell the penalties."""
    pairs = pairs_of(runs)
    with print_style():
        write_figure(figure_of(pairs), folder, "figure2")
    write_text(folder / "figure2.md", page(pairs))
    return {"penalties": [row for pair in pairs for row in _rows(pair)]}


def _rows(pair: Pair) -> Iterator[dict[str, Any]]:
    (mamba2, mamba3), (parameters, _) = pair.names, (model.parameters for model in pair.models)
    for method in METHODS:
        yield {
            "mamba2": mamba2,
            "mamba3": mamba3,
            "mamba2_parameters": parameters,
            "method": method,
            "penalty_percent": pair.penalty(method),
        }


def pairs_of(runs: Runs) -> list[Pair]:
    """All pairs, the smallest first."""
    machines: dict[str, Callable[[str], Run]] = {
        EDGE: partial(Run, machine="edge"),
        FLEXPE: partial(Run, machine="edge_flexpe"),
        STREAM: partial(Run, machine="edge_flexpe", mapping=STREAM_MAPPING),
    }
    found = runs.of(run(name) for names in PAIRS for run in machines.values() for name in names)
    return [
        _pair(names, {method: (found[run(names[0])], found[run(names[1])]) for method, run in machines.items()})
        for names in PAIRS
    ]


def _pair(names: tuple[str, str], found: dict[str, tuple[Simulated, Simulated]]) -> Pair:
    first, second = models = (_model(names[0]), _model(names[1]))
    cycles = {
        ROOFLINE: (first.paper_gop_per_token, second.paper_gop_per_token),
        BOUND: (found[EDGE][0].resource_cycles_per_token, found[EDGE][1].resource_cycles_per_token),
    }
    cycles |= {method: (one.cycles_per_token, other.cycles_per_token) for method, (one, other) in found.items()}
    return Pair(names, models, cycles)


def _model(name: str) -> Model:
    workload = resolve_workload(name)
    counts = count(workload)
    layers = counts.layer_parameters * counts.layers
    return Model(layers, layers + VOCABULARY * workload.graph.sizes["d"], paper_columns(workload).ops_gop_per_token)


def figure_of(pairs: Sequence[Pair]) -> Figure:
    """Penalties over Mamba-2's parameters, a line a method, with the paper's claims."""
    figure = Figure(figsize=(COLUMN_INCHES, 3.5), layout="constrained")
    axes = figure.subplots()
    x = [pair.models[0].parameters for pair in pairs]
    axes.axhline(0, color="black", linewidth=0.6)
    for method, style in zip(METHODS, STYLES, strict=True):
        draw_series(axes, style, x, [pair.penalty(method) for pair in pairs], method)
    for claim, place in ((PENALTY_SMALL, (22, -38)), (PENALTY_LARGE, (-30, 18))):
        axes.plot([claim.parameters], [claim.percent], **_CLAIM)
        axes.annotate(
            f"{claim.percent:.0f} %, {claim.label}", (claim.parameters, claim.percent), place,
            textcoords="offset points", ha="center", va="center", arrowprops={"arrowstyle": "-", "linewidth": 0.5},
        )  # fmt: skip
    axes.plot([], [], label="paper's claims", **_CLAIM)
    axes.set_xscale("log")
    axes.set_xticks(x, [millions(value) for value in x])
    axes.minorticks_off()
    axes.set_xlabel("parameters of Mamba-2, embedding included")
    axes.set_ylabel("Mamba-3's latency penalty (%)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, handlelength=2.2, columnspacing=1.0)
    return figure


def page(pairs: Sequence[Pair]) -> str:
    """Caption, numbers, sources."""
    large = next(pair for pair in pairs if pair.names == _FULL_SIZE)
    parts = [
        "\n".join(head("Figure 2: Mamba-3's latency penalty over model size", "figure2")),
        "![Mamba-3's latency penalty by five methods](figure2.svg)",
        "Time a token of the paper's Mamba-3 (naive MIMO, R = 4) over Mamba-2's at matched width (d, and d/2 for "
        f"Mamba-3), N = 64, 48 layers, prefill of 1024 tokens, B = 1, token by token. {SCALING}. Parameters are those "
        f"of all layers and of a tied embedding for {VOCABULARY:,} tokens, which is assumed: {SOURCE} says 15 M and "
        "880 M, and not what it counts. At matched width Mamba-3's layers have more parameters than Mamba-2's, "
        f"{_more(pairs[0])} at the smallest size and {_more(large)} at the largest.",
        "## Penalty",
        _penalties(pairs),
        _methods(),
        "## The paper's claims",
        f"- {PENALTY_LARGE.percent:.0f} % at {millions(PENALTY_LARGE.parameters)} is {PENALTY_LARGE.method}, "
        f"{signed(_stream_ratio())}. There the roofline gives {signed(large.penalty(ROOFLINE))}, "
        f"`stream-like` {signed(large.penalty(STREAM))}, edge {signed(large.penalty(EDGE))} and edge_flexpe "
        f"{signed(large.penalty(FLEXPE))}.\n"
        f"- {PENALTY_SMALL.percent:.0f} % at {millions(PENALTY_SMALL.parameters)} is {PENALTY_SMALL.method}; ours "
        f"{signed(pairs[0].penalty(ROOFLINE))}. There `stream-like` gives {signed(pairs[0].penalty(STREAM))}, edge "
        f"{signed(pairs[0].penalty(EDGE))} and edge_flexpe {signed(pairs[0].penalty(FLEXPE))}.\n"
        "- So the two are not two points of one curve: they come from two methods.",
        "## Cycles a token, all layers",
        _cycles(pairs),
        "The roofline is in GOP a token by the paper's convention. Sources: workloads/mamba2*.yaml and "
        "workloads/mamba3_mimo*.yaml, hw/edge.yaml and hw/edge_flexpe.yaml, workloads/mappings/stream-like.yaml.",
    ]
    return "\n\n".join(parts) + "\n"


def _stream_ratio() -> float:
    """The penalty in the paper's own throughputs."""
    paced = [table1()[name].stream_tok_per_s or 0.0 for name in _FULL_SIZE]
    return excess(paced[0], paced[1])


def _more(pair: Pair) -> str:
    return signed(excess(pair.models[1].layer_parameters, pair.models[0].layer_parameters))


def _methods() -> str:
    return (
        "The paper's roofline is operations by its convention at the array's peak. The resource bound is the work of "
        "the busiest unit at its full rate, with the placement of the run. Simulated is with the best mapping found; "
        "`stream-like` maps as the paper's Stream runs seem to, with the best tile found."
    )


def _penalties(pairs: Sequence[Pair]) -> str:
    rows = [[*_labels(pair), *(signed(pair.penalty(method)) for method in METHODS)] for pair in pairs]
    return table(["Mamba-2", "Mamba-3", "layers", "with embedding", *METHODS], rows, left=2)


def _labels(pair: Pair) -> list[str]:
    layers = " / ".join(millions(model.layer_parameters) for model in pair.models)
    return [*pair.names, layers, " / ".join(millions(model.parameters) for model in pair.models)]


def _cycles(pairs: Sequence[Pair]) -> str:
    rows = []
    for pair in pairs:
        roofline = " / ".join(f"{value:.4f}" for value in pair.cycles[ROOFLINE])
        others = (" / ".join(f"{value:,.0f}" for value in pair.cycles[method]) for method in METHODS[1:])
        rows.append([*pair.names, roofline, *others])
    return table(["Mamba-2", "Mamba-3", *METHODS], rows, left=2)
