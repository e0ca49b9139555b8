"""The figure of the waterfall: from the paper's roofline to the simulated time, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from sim.accounting.result import Result
from sim.explanation.experiments import LADDER
from sim.explanation.findings import Explanation
from sim.files.numbers import count, percent
from sim.files.numbers import cycles as cycles_words
from sim.presentation.bars import Amount
from sim.presentation.figures.canvas import ROW_INCHES, WIDE, Drawing, figure, horizontal, scaled
from sim.presentation.figures.palette import FAINT, INK, LESS, MORE, TOTAL
from sim.presentation.figures.stacked_bars import BAR, write_beside
from sim.presentation.titles import place, title

_RUNGS = {"placement": "each unit its own work"} | {effect: loss.name for effect, loss in LADDER.items()}


@dataclass(frozen=True)
class Waterfall:
    """From the paper's roofline to the makespan: ``start`` and all ``steps`` sum to ``end``, in cycles."""

    start: int
    steps: tuple[Amount, ...]
    end: int
    by_experiment: bool


def ladder_waterfall(found: Explanation) -> Waterfall:
    """The rungs of an explanation: each effect switched on in a run of its own."""
    rungs = found.rungs[1:]
    steps = tuple(Amount(rung.effect, _RUNGS.get(rung.effect, rung.effect), rung.added_cycles) for rung in rungs)
    return Waterfall(found.rungs[0].cycles, steps, found.result.makespan_cycles, True)


def account_waterfall(result: Result) -> Waterfall:
    """What one run's account of the MAC array says of the difference (``above_roofline``)."""
    keys = sorted(result.above_roofline, key=lambda key: (key != "work_elsewhere", place(key)))
    steps = tuple(Amount(key, title(key), result.above_roofline[key]) for key in keys)
    return Waterfall(result.bounds.paper_roofline_cycles, steps, result.makespan_cycles, False)


def draw_waterfall(found: Waterfall, width: float) -> Drawing:
    """From the paper's roofline to the simulated time; steps sum to the difference."""
    rows = ["paper's roofline", *(step.title for step in found.steps), "simulated"]
    made, axes = figure(width, ROW_INCHES * len(rows) + 0.5)
    method = "one effect after the other switched on" if found.by_experiment else "seen from the MAC array"
    drawing = Drawing(made, f"From the roofline to the simulated time, {method}", "")
    factor, unit = scaled(found.end)
    horizontal(axes, rows)
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / factor:,.4g}"))
    _step(drawing, axes, 0, 0, found.start, rows[0], "start")
    level = found.start
    for row, step in enumerate(found.steps, start=1):
        axes.plot((level, level), (row - 1 + BAR / 2, row + BAR / 2), color=FAINT, linewidth=0.6, zorder=2.5)
        _step(drawing, axes, row, level, step.cycles, step.title, step.key, found.end)
        level += step.cycles
    axes.plot((level, level), (len(rows) - 2 + BAR / 2, len(rows) - 1 + BAR / 2), color=FAINT, linewidth=0.6)
    _step(drawing, axes, len(rows) - 1, 0, found.end, rows[-1], "end")
    highest = max(found.start, found.end, *_levels(found))
    axes.set_xlim(0, (1.16 if width < WIDE else 1.24) * highest)
    said = ", ".join(
        f"{s.title} {percent(s.cycles / found.end, '+')}" for s in found.steps if abs(s.cycles) * 1000 > found.end
    )
    drawing.description = f"From {cycles_words(found.start)}: {said or 'nothing'}, to {cycles_words(found.end)}"
    return drawing


def _levels(found: Waterfall) -> list[int]:
    levels = [found.start]
    for step in found.steps:
        levels.append(levels[-1] + step.cycles)
    return levels


def _step(
    drawing: Drawing, axes: Axes, row: int, left: int, cycles: int, title: str, key: str, whole: int | None = None
) -> None:
    """A bar of *cycles* from *left*; with the share of *whole* that it adds, or as a total."""
    colour = TOTAL if whole is None else MORE if cycles >= 0 else LESS
    hatch = "" if whole is None or cycles >= 0 else "////"
    (patch,) = axes.barh(
        row, cycles, BAR, left, facecolor=colour, hatch=hatch, edgecolor=INK if hatch else "none", linewidth=0.4,
        zorder=3,
    )  # fmt: skip
    share = "" if whole is None else percent(cycles / whole, "+")
    exact, amount = (f"{cycles:,}", count(cycles)) if whole is None else (f"{cycles:+,}", count(cycles, "+"))
    said = f"{title}: {exact} cycles" + (f", {share} of the makespan" if share else "")
    drawing.mark(patch, said, figure="waterfall", key=key, cycles=cycles)
    wide = drawing.figure.get_figwidth() >= WIDE
    text = f"{amount} ({share})" if share and cycles and wide else share if share and cycles else amount
    write_beside(axes, max(left, left + cycles), row, text)
