"""The figure of trade-offs: throughput of many points against what they cost, and which of them no other one beats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.artist import Artist
from matplotlib.axes import Axes as Plot
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from sim.presentation.figures.bindings import Bindings
from sim.presentation.figures.canvas import WIDE, Drawing, draw_legend, legend_inches, swatch
from sim.presentation.figures.palette import FAINT, GRID, INK
from sim.presentation.measures import (
    AREA,
    ENERGY,
    Measure,
    binding_title,
    by_name,
    known_measures,
    place_words,
    point_key,
    value_title,
)
from sim.studies.gains import THROUGHPUT, Numbered
from sim.studies.points import Axis
from sim.studies.tradeoffs import unbeaten

HIGH_INCHES = 3.1
MARKERS = "osD^vP*Xhd<>"
MOST_NUMBERS = 40  # that are written beside points
MOST_ALIKE = 3  # of them at one place
NEAR = 0.4  # smallest over largest from which on a scale does not begin at zero
_ZEROS = re.compile(r"(?:(?<=\.[0-9])|(?<=\.[0-9]{2})|\.)0+(?=\D|$)")
DECADE = 12.0  # largest over smallest from which on a scale is one of factors


def costs(points: Sequence[Numbered]) -> list[Measure]:
    """What throughput is set against: energy, and area where it differs from point to point."""
    known = [each for each in known_measures(points) if each.name in (ENERGY, AREA)]
    return [each for each in known if each.name == ENERGY or len({each.of(point) for point in points}) > 1]


def front(points: Sequence[Numbered], cost: Measure) -> list[Numbered]:
    """Those of *points* that no other one beats in throughput and *cost*, the cheapest first."""
    known = [each for each in points if cost.of(each) is not None]
    return [known[at] for at in unbeaten([(cost.of(each) or 0.0, -each.throughput) for each in known])]


def draw_tradeoff(axes: Sequence[Axis], points: Sequence[Numbered], fills: Bindings, width: float) -> Drawing:
    """*points* that ran, and the front of each workload, against each of the :func:`costs`."""
    against, workloads = costs(points), sorted({each.place[0] for each in points})
    handles: list[Artist] = [swatch(fill, binding_title(binding)) for binding, fill in fills.items()]
    handles += [_entry(_marker(at), value_title(axes[0], at)) for at in workloads]
    beside = len(against) if width >= WIDE else 1
    rows = -(-len(against) // beside)
    made = Figure(figsize=(width, rows * HIGH_INCHES + legend_inches(len(handles), width)), layout="constrained")
    plots = made.subplots(rows, beside, squeeze=False).flat
    drawing = Drawing(made, "Throughput against what it costs", "")
    told = []
    for plot, cost in zip(plots, against, strict=True):
        fronts = [front([each for each in points if each.place[0] == at], cost) for at in workloads]
        numbers = sum(map(len, fronts)) <= MOST_NUMBERS
        for found in fronts:
            _draw_front(plot, found, cost, numbers)
        best = {each.number for found in fronts for each in found}
        for point in sorted(points, key=lambda each: each.number in best):
            _draw_point(drawing, plot, axes, point, cost, fills, point.number in best)
        _scales(plot, points, cost)
        told.append(f"{cost.title}: {len(best)} of {len(points)} points are beaten by none")
    drawing.description = "; ".join(told)
    draw_legend(made, handles, width)
    return drawing


def _draw_front(plot: Plot, found: Sequence[Numbered], cost: Measure, numbers: bool) -> None:
    """Steps from point to point: what can be had for so much."""
    places = [(cost.of(each) or 0.0, each.throughput) for each in found]
    across = [places[0][0], *(x for (_, _), (x, _) in pairwise(places) for _ in range(2))] if places else []
    up = [y for (_, y), (_, _) in pairwise(places) for _ in range(2)] + [places[-1][1]] if places else []
    plot.plot(across, up, color=FAINT, linewidth=0.8, zorder=2)
    alike: dict[tuple[float, float], list[str]] = {}
    for each, at in zip(found, places, strict=True) if numbers else ():
        alike.setdefault(at, []).append(str(each.number))
    for at, names in alike.items():
        more = ", …" if len(names) > MOST_ALIKE else ""
        plot.annotate(
            ", ".join(names[:MOST_ALIKE]) + more, at, (-3, 4), textcoords="offset points", size=6.5, ha="right",
            va="bottom", zorder=6,
        )  # fmt: skip


def _draw_point(
    drawing: Drawing, plot: Plot, axes: Sequence[Axis], point: Numbered, cost: Measure, fills: Bindings, best: bool
) -> None:
    value = cost.of(point)
    if value is None:
        return
    (artist,) = plot.plot(
        value, point.throughput, _marker(point.place[0]), color=fills[point.binding].colour,
        markersize=7 if best else 4.5, markeredgecolor=INK if best else FAINT, markeredgewidth=1.1 if best else 0.4,
        zorder=5 if best else 4, clip_on=False,
    )  # fmt: skip
    speed = by_name(THROUGHPUT)
    said = (
        f"{point.number}: {place_words(axes, point)}: {speed.text(point.throughput)} {speed.title}, "
        f"{cost.text(value)}; {binding_title(point.binding)}"
    )
    drawing.mark(artist, said, figure="tradeoff", key=point_key(point))


def _scales(plot: Plot, points: Sequence[Numbered], cost: Measure) -> None:
    """Scales of both figures, by factors where values lie far apart."""
    costing = [value for each in points if (value := cost.of(each)) is not None]
    (far, *ends), (fast, *speeds) = _ends(costing), _ends([each.throughput for each in points])
    plot.set_xscale("log" if far else "linear")
    plot.set_yscale("log" if fast else "linear")
    for axis in [*([plot.xaxis] if far else []), *([plot.yaxis] if fast else [])]:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_formatter(NullFormatter())
    plot.set_xlim(*ends)
    plot.set_ylim(*speeds)
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(cost.text(value))))
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    plot.set_xlabel(cost.title)
    plot.set_ylabel(by_name(THROUGHPUT).title)
    plot.spines[["top", "right"]].set_visible(False)
    plot.grid(color=GRID, linewidth=0.5)
    plot.set_axisbelow(True)


def _ends(values: Sequence[float]) -> tuple[bool, float, float]:
    """Whether *values* lie far apart, and where a scale for them begins and ends, with room for numbers.

    It begins at zero, unless they are near to each other.
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low > 0 and high > DECADE * low:
        return True, low / 1.3, high * 1.3
    least = low - 0.12 * (high - low) if low > NEAR * high else 0.0
    return False, least, high + 0.1 * ((high - least) or 1.0)


def _short(text: str) -> str:
    """A number and its unit without zeros behind."""
    return _ZEROS.sub("", text)


def _marker(workload: int) -> str:
    return MARKERS[workload % len(MARKERS)]


def _entry(marker: str, label: str) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker=marker, color="none", markeredgecolor=INK, markeredgewidth=0.8, markersize=6,
        label=label,
    )  # fmt: skip
