"""The official models as a figure, a panel each way of running them, and as a page."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.paper.official_models import (
    CHUNKED,
    MACHINES,
    MIMO,
    PHASES,
    SISO,
    Comparison,
    Official,
)
from sim.paper.pages import head, signed
from sim.paper.pictures import COLUMN_INCHES, STYLES, draw_series, millions
from sim.paper.runs import SCALING
from sim.presentation.markdown import table

_STYLES = dict(zip(MACHINES, STYLES[2:], strict=False))


def figure_of(found: Sequence[Comparison]) -> Figure:
    """Penalties over the parameters of the layers: SISO as lines, MIMO as filled markers; bars say how far to trust."""
    figure = Figure(figsize=(COLUMN_INCHES, 5.0), layout="constrained")
    panels = figure.subplots(len(PHASES), sharex=True)
    siso, mimo = ([each for each in found if each.model.name in names] for names in (SISO, MIMO))
    for axes, phase in zip(panels, PHASES, strict=True):
        axes.axhline(0, color="black", linewidth=0.6)
        axes.set_title(phase, loc="left")
        for machine, size in zip(MACHINES, (7, 4.5), strict=True):
            style = _STYLES[machine]
            _draw_ranges(axes, style.colour, found, machine, phase)
            draw_series(axes, style, *_points(siso, machine, phase), f"SISO, {machine}")
            axes.plot(
                *_points(mimo, machine, phase), style.marker, color=style.colour, markersize=size,
                markeredgecolor="black", markeredgewidth=0.6, label=f"MIMO, {machine}", zorder=4,
            )  # fmt: skip
        axes.margins(y=0.12)
    ticks = [each.model.layer_parameters for each in siso]
    panels[-1].set_xscale("log")
    panels[-1].set_xticks(ticks, [millions(value) for value in ticks])
    panels[-1].minorticks_off()
    panels[-1].set_xlabel("parameters of the layers")
    figure.supylabel("official Mamba-3's latency penalty (%)", fontsize=8)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw_ranges(axes: Axes, colour: str, found: Sequence[Comparison], machine: str, phase: str) -> None:
    """Between what each penalty lies, whatever the mappings."""
    for each in found:
        least, most = each.penalties(machine, phase)
        axes.vlines(each.model.layer_parameters, least, most, colors=colour, linewidth=2.5, alpha=0.35, zorder=1)


def _points(found: Sequence[Comparison], machine: str, phase: str) -> tuple[list[float], list[float]]:
    return [each.model.layer_parameters for each in found], [each.penalty(machine, phase) for each in found]


def page(found: Sequence[Comparison]) -> str:
    """Caption, rule, penalties, and the times that they are made of."""
    parts = [
        "\n".join(head("The official Mamba-3 against the official Mamba-2", "official")),
        "![Latency penalty of the official Mamba-3](official.svg)",
        "How much longer the official Mamba-3 takes for a token than an official Mamba-2 of as many parameters: "
        f"prefill of 1024 tokens and decode, B = 1. {SCALING}; decode simulates all layers. Each model's mapping and "
        "chunk are the best that were found for it.",
        "**The rule.** Models are matched by the parameters of their layers, and the layers are what runs: embeddings "
        "and LM head are left out on both sides, since vocabularies differ (128,256 tokens and 50,288) and make up "
        "more than half of the smallest Mamba-3. The time of a Mamba-2 of just as many parameters is interpolated "
        "between two official ones, linearly in log time and log parameters. The nearest official one differs by "
        f"{_farthest(found)} at most, so that little depends on the interpolation.",
        "## Penalty",
        _penalties(found),
        "In brackets, and as bars: between what it lies whatever the mappings, by the bounds over every mapping of "
        "both. Where that is wide, the search or the bound is not good enough to tell. The roofline's penalty is that "
        "of the paper: operations by its convention, token by token.",
        _words(found),
        "## Cycles a token, layers only",
        _times(found),
        "Interpolated Mamba-2 / Mamba-3, of both all layers; in brackets the tile of tokens and the chunk of Mamba-3's "
        "run.",
        "## The models",
        _models(found),
    ]
    return "\n\n".join(parts) + "\n"


def _farthest(found: Sequence[Comparison]) -> str:
    return f"{100 * max(abs(each.nearest.layer_parameters / each.model.layer_parameters - 1) for each in found):.1f} %"


def _words(found: Sequence[Comparison]) -> str:
    lines = []
    for names, kind in ((SISO, "SISO"), (MIMO, "MIMO")):
        members = [each for each in found if each.model.name in names]
        ranges = [(phase, machine, _points(members, machine, phase)[1]) for phase, machine in _WAYS]
        said = [
            f"{phase} on {machine} {signed(min(penalties))} to {signed(max(penalties))}"
            for phase, machine, penalties in ranges
        ]
        lines.append(f"- {kind}: {'; '.join(said)}.")
    return "\n".join(lines)


_WAYS = [(phase, machine) for phase in PHASES for machine in MACHINES]


def _penalties(found: Sequence[Comparison]) -> str:
    rows = [
        [
            each.model.name,
            millions(each.model.layer_parameters),
            signed(each.roofline_penalty),
            *(_penalty(each, machine, phase) for phase, machine in _WAYS),
        ]
        for each in found
    ]
    return table(["Mamba-3", "layers", "roofline", *(f"{phase}, {machine}" for phase, machine in _WAYS)], rows)


def _penalty(each: Comparison, machine: str, phase: str) -> str:
    least, most = (signed(penalty).removesuffix(" %") for penalty in each.penalties(machine, phase))
    return f"{signed(each.penalty(machine, phase))} ({least} to {most})"


def _times(found: Sequence[Comparison]) -> str:
    rows = []
    for each in found:
        cells = [each.model.name]
        cells += [_time(each, machine, phase) for phase, machine in _WAYS]
        rows.append(cells)
    return table(["Mamba-3", *(f"{phase}, {machine}" for phase, machine in _WAYS)], rows)


def _time(each: Comparison, machine: str, phase: str) -> str:
    mamba2, mamba3 = each.cycles[machine, phase]
    return f"{mamba2:,.0f} / {mamba3:,.0f}{_mapped(each.model, machine, phase)}"


def _mapped(model: Official, machine: str, phase: str) -> str:
    result = model.runs[machine, phase].result
    if result.phase == "decode":
        return ""
    return f" ({result.mapping.token_tile}{f', {result.chunk}' if phase == CHUNKED else ''})"


def _models(found: Sequence[Comparison]) -> str:
    rows = [
        [
            each.model.name,
            millions(each.model.layer_parameters),
            millions(each.model.parameters),
            each.nearest.name,
            millions(each.nearest.layer_parameters),
            millions(each.nearest.parameters),
        ]
        for each in found
    ]
    return table(["Mamba-3", "layers", "with embedding", "nearest Mamba-2", "layers", "with embedding"], rows)
