"""The figure about long contexts on the edge: a prompt, a token after a context, and what moves crossings."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.paper.pictures import COLUMN_INCHES, STYLES, draw_series
from sim.paper.ssm_scope.curves import Timed
from sim.paper.ssm_scope.edge import AS_SHIPPED, MODELS, PHASES, TRANSFORMER, VARIANTS, Edge, Phase

NAMES = {"qwen2.5-0.5b": "Qwen2.5-0.5B", "falcon-h1-0.5b": "Falcon-H1-0.5B", "mamba2-780m": "Mamba2-780m"}
TITLES = {"prefill": "a prompt", "decode": "a token after a context"}
STYLE = dict(zip(MODELS, STYLES[2:], strict=False))
TICKS = {"prefill": (256, 1024, 4096, 16_384, 65_536), "decode": (256, 4096, 65_536, 1_048_576)}


def figure_of(edge: Edge) -> Figure:
    """Three panels below each other: prefill, decode, crossings by machine."""
    figure = Figure(figsize=(COLUMN_INCHES, 7.4), layout="constrained")
    prefill, decode, crossings = figure.subplots(3, height_ratios=(1, 1, 0.9))
    for axes, phase in zip((prefill, decode), PHASES, strict=True):
        _draw_times(axes, edge, phase)
    _draw_crossings(crossings, edge)
    handles, labels = prefill.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw_times(axes: Axes, edge: Edge, phase: Phase) -> None:
    """Milliseconds a token over the length; a band down to the bound over every mapping, a line at each crossing."""
    for model in MODELS:
        curve = edge.curves.get((AS_SHIPPED, phase, model), ())
        lengths = [each.length for each in curve]
        found, least = (_milliseconds(curve, phase, of_bound) for of_bound in (False, True))
        axes.fill_between(lengths, least, found, color=STYLE[model].colour, alpha=0.3, linewidth=0)
        draw_series(axes, STYLE[model], lengths, found, NAMES[model])
        crossing = edge.crossing(AS_SHIPPED, phase, model) if model != TRANSFORMER else None
        if crossing is not None and crossing.found:
            axes.axvline(crossing.found, color=STYLE[model].colour, linewidth=0.8, linestyle=STYLE[model].line)
            axes.annotate(
                f"{crossing.found:,.0f}", (crossing.found, 0.96), xycoords=("data", "axes fraction"), rotation=90,
                ha="right", va="top", color=STYLE[model].colour, fontsize=7,
            )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(TICKS[phase], [_short(tick) for tick in TICKS[phase]])
    low, high = axes.get_ylim()
    marks = [2.0**power for power in range(-3, 12) if low <= 2.0**power <= high]
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_title(TITLES[phase], loc="left")
    axes.set_xlabel("tokens of the prompt" if phase == "prefill" else "tokens of context")
    axes.set_ylabel("ms a token" if phase == "prefill" else "ms")


def _milliseconds(curve: Sequence[Timed], phase: Phase, of_bound: bool) -> list[float]:
    return [
        1e3 * (each.least_seconds if of_bound else each.seconds) / (each.length if phase == "prefill" else 1)
        for each in curve
    ]


def _draw_crossings(axes: Axes, edge: Edge) -> None:
    """A row a variant of the machine, a marker a model and phase; bars are what the bounds leave open."""
    for row, variant in enumerate(VARIANTS):
        for number, phase in enumerate(PHASES):
            for model in MODELS[1:]:
                crossing, style = edge.crossing(variant, phase, model), STYLE[model]
                place = row + (0.14 if number else -0.14)
                if crossing.found:
                    ends = (crossing.earliest or crossing.found, crossing.latest or crossing.found)
                    axes.hlines(place, *ends, colors=style.colour, linewidth=2.5, alpha=0.35)
                    axes.plot(
                        crossing.found, place, style.marker, color=style.colour, markersize=4.5,
                        markerfacecolor=style.colour if number else "white",
                    )  # fmt: skip
    axes.set_xscale("log", base=2)
    low, high = axes.get_xlim()
    ticks = [2**power for power in range(10, 21) if low <= 2**power <= high]
    axes.set_xticks(ticks, [_short(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(VARIANTS)), [each.label for each in VARIANTS])
    axes.invert_yaxis()
    axes.set_title("faster than Qwen2.5-0.5B from", loc="left")
    axes.set_xlabel("tokens (hollow: prompt, filled: context)")


def _short(tokens: int) -> str:
    for size, letter in ((2**20, "M"), (2**10, "K")):
        if tokens >= size:
            return f"{tokens // size}{letter}"
    return f"{tokens}"
