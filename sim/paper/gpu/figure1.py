"""The right side of Figure 1: decode on a GPU, simulated and, where there are measurements, measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from hw.unit_names import MAC_ARRAY, SIMD
from sim.paper.gpu.decode import (
    BATCHES,
    COARSE,
    DECODERS,
    Decoded,
    measured_race,
    pace,
    simulated_races,
)
from sim.paper.gpu.measurements import FOLDER, GpuMeasurements
from sim.paper.pages import NOT_MEASURED, excess, link, signed
from sim.paper.pictures import STYLES, draw_series
from sim.presentation.escaping import for_markdown
from sim.presentation.markdown import table

COLOURS = dict(zip(DECODERS, (STYLES[2], STYLES[3]), strict=True))
UNITS = {"DRAM bus busy": "dram.channel0", "MACs busy": MAC_ARRAY, "lanes busy": SIMD}


@dataclass(frozen=True)
class Panel:
    """What is shown: decode on a simulated *machine*, and the first card of which it was measured, with its file."""

    machine: str
    decode: Decoded
    measured: tuple[str, GpuMeasurements] | None = None


def decode_rows(panel: Panel) -> Iterator[dict[str, Any]]:
    """An object for each simulated step of decode."""
    for (name, batch), run in panel.decode.items():
        simulated, bound = pace(run)
        yield {
            "workload": name,
            "machine": panel.machine,
            "batch": batch,
            "tokens_per_second": simulated,
            "bound_tokens_per_second": bound,
        }


def draw_decode(axes: Axes, panel: Panel) -> None:
    """A line and a bound a model, markers where it was measured, and where the two models cross."""
    for name, title in DECODERS.items():
        values = [pace(panel.decode[name, batch]) for batch in BATCHES]
        draw_series(axes, COLOURS[name], BATCHES, [value for value, _ in values], f"{title}, simulated")
        bound = [limit for _, limit in values]
        axes.plot(BATCHES, bound, ":", color=COLOURS[name].colour, linewidth=1.0, label=f"{title}, resource bound")
        _draw_measured(axes, panel, name)
    height = 0.94 if panel.measured is None else 0.86
    _draw_crossing(axes, simulated_races(panel.decode)[0].crossing, "--", (height, "right"), "B = {:.1f} ")
    if panel.measured is not None:
        measured = measured_race(panel.measured[1], "graph", *DECODERS).crossing
        _draw_crossing(axes, measured, "-.", (0.94, "left"), " measured B = {:.1f}")
    axes.set_xscale("log", base=2)
    axes.set_xticks(BATCHES[::2], [str(batch) for batch in BATCHES[::2]])
    axes.set_yscale("log")
    axes.set_xlabel("sequences decoded together, B")
    axes.set_ylabel(f"decode on hw/{panel.machine} (tokens/s)")
    axes.legend(loc="lower right", frameon=False, fontsize=7 if panel.measured is None else 6, labelspacing=0.3)


def _draw_measured(axes: Axes, panel: Panel, name: str) -> None:
    if panel.measured is not None:
        curve, style = panel.measured[1].curve(name, "graph"), COLOURS[name]
        axes.plot(
            list(curve), list(curve.values()), linestyle="none", marker=style.marker, markersize=4, color=style.colour,
            label=f"{DECODERS[name]}, measured", zorder=4,
        )  # fmt: skip


def _draw_crossing(axes: Axes, batch: float | None, line: str, place: tuple[float, str], text: str) -> None:
    if batch is not None:
        axes.axvline(batch, color="grey", linewidth=0.8, linestyle=line, zorder=1)
        height, side = place
        axes.annotate(text.format(batch), (batch, height), xycoords=("data", "axes fraction"), fontsize=7, ha=side)


def decode_section(panel: Panel) -> list[str]:
    """What the page says of decode, a paragraph or table each."""
    simulated, bound = simulated_races(panel.decode)
    return [
        f"**Where MIMO pays**: from B = {simulated.said} sequences on, simulated; by the resource bound from "
        f"B = {bound.said}. Mamba-3's throughput against Mamba-2's: {simulated.ends}.",
        table(
            ["B", *(f"{title}, {what}" for title in DECODERS.values() for what in ("tok/s", "of the bound", *UNITS))],
            [_decode_row(panel.decode, batch) for batch in BATCHES],
        ),
        "## Measured beside simulated",
        *_measured(panel),
    ]


def _decode_row(decode: Decoded, batch: int) -> list[str]:
    cells = [str(batch)]
    for name in DECODERS:
        value, limit = pace(decode[name, batch])
        busy = (decode[name, batch].result.utilisation(unit) for unit in UNITS.values())
        cells += [f"{value:,.0f}", f"{value / limit:.0%}", *(f"{share:.0%}" for share in busy)]
    return cells


def _measured(panel: Panel) -> list[str]:
    if panel.measured is None:
        return [f"{NOT_MEASURED.capitalize()}: no file of `{FOLDER}/` beside this page has decode of both models."]
    file, card = panel.measured
    like = "" if card.machine == panel.machine else f"; no machine is shipped that is such a card, {COARSE} is another"
    columns = ("measured, plain", "measured, graph", "simulated", "off")
    return [
        f"{for_markdown(card.card.name)} ({link(file)}; all that was measured: [gpu.md](gpu.md)) and "
        f"hw/{panel.machine}.yaml{like}. Tokens a second; *plain* launches kernel by kernel, *graph* is one CUDA "
        "graph; *off* is by how much the simulated figure is more than that of the graph. Markers of the "
        "figure are the graph's.",
        table(
            ["B", *(f"{title}, {what}" for title in DECODERS.values() for what in columns)],
            [[str(batch), *_beside(panel, card, batch)] for batch in BATCHES],
        ),
        "The batch from which on Mamba-3 decodes faster than Mamba-2:",
        _crossing_table(panel, file, card),
    ]


def _beside(panel: Panel, card: GpuMeasurements, batch: int) -> list[str]:
    cells = []
    for name in DECODERS:
        plain, graph = card.curve(name, "plain").get(batch), card.curve(name, "graph").get(batch)
        simulated = panel.decode[name, batch].tokens_per_second
        off = signed(excess(simulated, graph)) if graph else ""
        cells += [_pace(plain), _pace(graph), f"{simulated:,.0f}", off]
    return cells


def _pace(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,.0f}"


def _crossing_table(panel: Panel, file: str, card: GpuMeasurements) -> str:
    simulated, bound = simulated_races(panel.decode)
    races = {
        f"measured, graph, {link(file)}": measured_race(card, "graph", *DECODERS),
        f"measured, plain, {link(file)}": measured_race(card, "plain", *DECODERS),
        f"simulated, {panel.machine}": simulated,
        f"the resource bound, {panel.machine}": bound,
    }
    rows = [[by, race.said, race.ends] for by, race in races.items()]
    return table(["by", "B", "Mamba-3 against Mamba-2"], rows)
