"""The figure of the units: where the cycles of each went, every bar as long as the makespan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from sim.accounting.result import Result, UnitAccount
from sim.presentation.figures.canvas import Drawing
from sim.presentation.figures.stacked_bars import Amount, Bar, amounts, draw_stacked
from sim.presentation.numbers import cycles, percent
from sim.presentation.titles import unit_title

BUSY_KEYS = ("useful", "edge", "fill_drain")
_NUMBERS = "-0123456789"


def unit_bars(result: Result) -> list[Bar]:
    """A bar for each unit, or for neighbours of a kind that did the same; every one of them sums to the makespan."""
    named = [(name.rstrip(_NUMBERS), account_parts(name, account), name) for name, account in result.units.items()]
    return [
        Bar(_title_of_all([name for _, _, name in alike]), parts)
        for (_, parts), alike in groupby(named, key=itemgetter(0, 1))
    ]


def account_parts(unit: str, account: UnitAccount) -> tuple[Amount, ...]:
    """All that the cycles of *unit* went to, what is zero left out."""
    return amounts({key: getattr(account, f"{key}_cycles") for key in BUSY_KEYS} | account.stalls, unit)


def _title_of_all(names: list[str]) -> str:
    """One unit's title, or from the first number of *names* to the last: ``DRAM channels 0–1``."""
    title = unit_title(names[0])
    if len(names) == 1:
        return title
    kind, _, first = title.rpartition(" ")
    last = unit_title(names[-1]).rpartition(" ")[2]
    return f"{kind.removesuffix('s')}s {first.split('–')[0]}–{last.split('–')[-1]}"


def draw_units(bars: Sequence[Bar], makespan: int, width: float) -> Drawing:
    """Where each unit's cycles went; every bar is as long as the makespan."""
    drawing = draw_stacked(bars, makespan, width, "units", written=True)
    drawing.title = "Where the cycles of each unit went"
    drawing.description = "; ".join(_spoken(bar, makespan) for bar in bars)
    drawing.figure.axes[0].set_xlabel(f"of the makespan, {cycles(makespan)}")
    drawing.figure.axes[0].set_xlim(0, 1)
    return drawing


def _spoken(bar: Bar, whole: int) -> str:
    parts = sorted(bar.parts, key=lambda part: -part.cycles)[:4]
    return f"{bar.name}: " + ", ".join(f"{part.title} {percent(part.cycles / whole)}" for part in parts)
