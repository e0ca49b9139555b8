"""The figure of all points at once: a line for each, across the axes of a sweep and the figures that came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log

from matplotlib.axes import Axes as Plot
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter

from sim.presentation.figures.canvas import Drawing, fitted
from sim.presentation.figures.palette import FAINT, INK, PAPER
from sim.presentation.measures import (
    ABOVE,
    FAILED,
    Measure,
    axis_title,
    by_name,
    known_measures,
    place_words,
    point_key,
    value_title,
    varying,
)
from sim.studies.gains import THROUGHPUT, Numbered, ran
from sim.studies.points import Axis

HIGH_INCHES = 3.6
BESIDE = 0.16  # of the room between two scales, on each side of a scale, in which it can be touched
WIDTH = 0.06  # of a scale, of all lines that meet at a value
MOST_VALUES = 24  # of an axis that are all written
DECADE = 12.0
_LETTERS = 16
_HALO = withStroke(linewidth=2.4, foreground=PAPER)
_RAMP = LinearSegmentedColormap.from_list(
    "pace", ["#d55e00", "#e69f00", "#b3a98f", "#56b4e9", "#0072b2"], N=40
)  # few enough to be drawn as areas


@dataclass(frozen=True)
class Scale:
    """An upright line with a place from 0 (below) to 1 for each point; ``ticks`` are places and what stands there."""

    title: str
    place: Callable[[Numbered], float | None]
    ticks: tuple[tuple[float, str], ...]


def scales(axes: Sequence[Axis], points: Sequence[Numbered]) -> list[Scale]:
    """Of the axes with several values, then of figures that differ."""
    shares = _shares(ran(points))
    order = sorted(points, key=lambda each: (shares.get(each.number, 0.0), each.number))
    ranks = {each.number: rank / max(1, len(order) - 1) - 0.5 for rank, each in enumerate(order)}
    found = [_of_axis(axes[at], at, ranks) for at in varying(axes)]
    for measure in known_measures(ran(points)):
        values = sorted({value for point in ran(points) if (value := measure.of(point)) is not None})
        if len(values) > 1:
            found.append(_of_measure(measure, values))
    return found


def places(point: Numbered, on: Sequence[Scale]) -> list[float | None]:
    """Where *point* is on each of the scales; None where it has no value."""
    return [scale.place(point) for scale in on]


def _of_axis(axis: Axis, at: int, ranks: Mapping[int, float]) -> Scale:
    """Lines that meet at a value lie beside each other there, the fastest above."""
    last = len(axis.rows) - 1
    width = min(WIDTH, 0.5 / last)
    step = -(-len(axis.rows) // MOST_VALUES)
    ticks = tuple((number / last, value_title(axis, number)) for number in range(0, last + 1, step))
    return Scale(axis_title(axis), lambda point: point.place[at] / last + width * ranks[point.number], ticks)


def _of_measure(measure: Measure, values: Sequence[float]) -> Scale:
    """By factors where values lie far apart."""
    low, high = values[0], values[-1]
    by_factors = low > 0 and high > DECADE * low and measure.name != ABOVE
    scaled: Callable[[float], float] = log if by_factors else float

    def place(value: float | None) -> float | None:
        return None if value is None else (scaled(value) - scaled(low)) / (scaled(high) - scaled(low))

    written = [low * (high / low) ** (n / 4) if by_factors else low + n * (high - low) / 4 for n in range(5)]
    ticks = tuple((n / 4, measure.text(value)) for n, value in enumerate(written))
    return Scale(measure.short, lambda point: place(measure.of(point)), ticks)


def draw_parallel(axes: Sequence[Axis], points: Sequence[Numbered], width: float) -> Drawing:
    """All *points*; the colour is the share of the fastest point of the same workload."""
    on, able = scales(axes, points), ran(points)
    made = Figure(figsize=(width, HIGH_INCHES), layout="constrained")
    plot = made.subplots()
    drawing = Drawing(made, "All points: a line for each", f"{len(points)} lines across {len(on)} scales")
    shares = _shares(able)
    slowest = min(shares.values(), default=0.0)
    norm = Normalize(slowest if slowest < 1 else 0.0, 1.0)
    for point in sorted(points, key=lambda each: shares.get(each.number, -1.0)):
        share = shares.get(point.number)
        _draw_line(drawing, plot, axes, point, on, None if share is None else to_hex(_RAMP(norm(share))))
    for at, scale in enumerate(on):
        _draw_scale(drawing, plot, at, scale)
    plot.set_xlim(-0.35, len(on) - 0.4)
    plot.set_ylim(-WIDTH / 2, 1 + WIDTH / 2)
    plot.set_axis_off()
    bar = made.colorbar(
        ScalarMappable(norm, _RAMP), ax=plot, location="bottom", shrink=0.45, aspect=45, pad=0.02,
        format=PercentFormatter(1), label="throughput, of the workload's fastest point",
    )  # fmt: skip
    bar.solids.set_edgecolor("face")  # type: ignore[union-attr]  # no gaps between areas
    bar.outline.set_linewidth(0.4)
    return drawing


def _shares(points: Sequence[Numbered]) -> dict[int, float]:
    """The throughput of each of *points* by its number, as a share of the highest of its workload."""
    ordered = sorted(points, key=lambda each: each.place[0])
    found: dict[int, float] = {}
    for _, alike in groupby(ordered, key=lambda each: each.place[0]):
        group = list(alike)
        fastest = max(each.throughput for each in group)
        found |= {each.number: each.throughput / fastest for each in group}
    return found


def _draw_line(
    drawing: Drawing, plot: Plot, axes: Sequence[Axis], point: Numbered, on: Sequence[Scale], colour: str | None
) -> None:
    known = [(at, place) for at, place in enumerate(places(point, on)) if place is not None]
    if not known:
        return
    (artist,) = plot.plot(
        *zip(*known, strict=True), color=colour or FAINT, linewidth=1.1 if colour else 0.7,
        alpha=1.0 if colour else 0.5,
        linestyle="-" if colour else (0, (2, 2)), zorder=3, solid_joinstyle="round", clip_on=False,
    )  # fmt: skip
    speed = by_name(THROUGHPUT)
    came = f"{speed.text(point.throughput)} {speed.title}" if colour else f"{FAILED}: {point.row.outcome.error}"
    drawing.mark(artist, f"{point.number}: {place_words(axes, point)}: {came}", figure="parallel", key=point_key(point))


def _draw_scale(drawing: Drawing, plot: Plot, at: int, scale: Scale) -> None:
    """The scale with its title above, and a surface along it that a script lets people draw on."""
    plot.plot((at, at), (0, 1), color=INK, linewidth=0.8, zorder=4)
    for number, line in enumerate(reversed(_lines(scale.title))):
        plot.annotate(
            fitted(line, 24), (at, 1), (0, 10 + 8.5 * number), textcoords="offset points", ha="center", size=7,
            annotation_clip=False,
        )  # fmt: skip
    for place, text in scale.ticks:
        plot.annotate(
            fitted(text, _LETTERS), (at, place), (-4, 0), textcoords="offset points", ha="right",
            va="center_baseline", size=6.5, zorder=5, annotation_clip=False, path_effects=[_HALO],
        )  # fmt: skip
    area = Rectangle((at - BESIDE, 0), 2 * BESIDE, 1, facecolor="#ffffff01", edgecolor="none", zorder=7)
    plot.add_patch(area)
    drawing.mark(area, f"{scale.title}: drag along it to choose points", figure="parallel", scale=at)


def _lines(text: str) -> list[str]:
    """A title in two lines, if it is long: before its last word, or after a comma or full stop in it."""
    if len(text) <= 12:
        return [text]
    for mark in (", ", ".", " "):
        head, found, tail = text.partition(mark) if mark != " " else text.rpartition(mark)
        if found:
            return [head + mark.strip(), tail]
    return [text]
