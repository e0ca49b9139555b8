"""What the cycles of a unit went to, as a bar whose parts sum to them: what figures, pages and notebooks draw."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sim.accounting.result import Result, UnitAccount
from sim.presentation.titles import place, shown, title, unit_title

BUSY_KEYS = ("useful", "edge", "fill_drain")
_NUMBERS = "-0123456789"


@dataclass(frozen=True)
class Amount:
    """Cycles by what they went to; ``key`` is the one under which they are shown."""

    key: str
    title: str
    cycles: int


@dataclass(frozen=True)
class Bar:
    """A bar, called as people read it, and its parts in the order of the tree of stalls."""

    name: str
    parts: tuple[Amount, ...]

    @property
    def cycles(self) -> int:
        """Of all parts."""
        return sum(part.cycles for part in self.parts)


def amounts(cycles: dict[str, int], unit: str = "") -> tuple[Amount, ...]:
    """*cycles* by key of the result as parts of a bar, of *unit* if of one; what is zero left out."""
    parts = [(shown(unit, key), count) for key, count in cycles.items() if count]
    parts.sort(key=lambda part: place(part[0]))
    return tuple(Amount(key, title(key), count) for key, count in parts)


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
