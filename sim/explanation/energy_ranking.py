"""Whether one run takes less energy than another whatever the figures are, as far as their intervals go.

Two runs are looked at with the same figures: where a bit of DRAM takes more than is typical it does so in both. So a
ranking is *sure* if the difference keeps its sign with every component at the low, typical or high figure that favours
it least, each component for itself but alike in both runs; it *holds* if it does with all figures low, all typical and
all high; else it depends on the figures. Intervals that overlap say only that it need not hold between runs with
figures of their own, another node or another memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal

from sim.accounting.result import EnergyFigures, ResultModel

LEVELS: Final = ("low", "typical", "high")
Verdict = Literal["sure", "holds", "depends"]


class RankedEnergy(ResultModel):
    """A run's energy in mJ a token, by low, typical and high figures."""

    label: str
    low: float
    typical: float
    high: float


class EnergyPair(ResultModel):
    """The run called ``less`` and the next one of the ranking, ``more``; ``overlap`` is of their intervals."""

    less: str
    more: str
    verdict: Verdict
    overlap: bool


class EnergyRanking(ResultModel):
    """Runs by energy a token, the least first by typical figures; every pair of neighbours; and all of it in words."""

    runs: list[RankedEnergy]
    pairs: list[EnergyPair]
    words: str


def energy_ranking(figures: Mapping[str, EnergyFigures]) -> EnergyRanking | None:
    """The ranking of the runs with these labels; None for fewer than two."""
    if len(figures) < 2:
        return None
    order = sorted(figures, key=lambda label: figures[label].total("typical"))
    runs = [RankedEnergy(label=label, **{level: figures[label].total(level) for level in LEVELS}) for label in order]
    pairs = [
        EnergyPair(
            less=a.label, more=b.label, verdict=_verdict(figures[a.label], figures[b.label]), overlap=b.low < a.high
        )
        for a, b in pairwise(runs)
    ]
    return EnergyRanking(runs=runs, pairs=pairs, words=_words(runs, pairs))


def _verdict(less: EnergyFigures, more: EnergyFigures) -> Verdict:
    if sum(min(part) for part in _differences(less, more)) > 0:
        return "sure"
    if all(more.total(level) > less.total(level) for level in LEVELS):
        return "holds"
    return "depends"


def _differences(less: EnergyFigures, more: EnergyFigures) -> list[list[float]]:
    """By how much *more* takes more, of each component at each level."""
    components = dict.fromkeys((*less.typical, *more.typical))
    sides = [[getattr(side, level) for level in LEVELS] for side in (more, less)]
    return [[a.get(name, 0.0) - b.get(name, 0.0) for a, b in zip(*sides, strict=True)] for name in components]


SAID: Final[dict[Verdict, str]] = {
    "sure": "with any figures within their intervals, the same in both",
    "holds": "with low, typical and high figures, but not with any mixture of them",
    "depends": "by typical figures only: with others it turns round",
}


def _words(runs: Sequence[RankedEnergy], pairs: Sequence[EnergyPair]) -> str:
    listed = ", ".join(f"{run.label} {run.typical:.3f} mJ ({run.low:.3f} to {run.high:.3f})" for run in runs)
    said = [
        f"{pair.less} takes less than {pair.more} {SAID[pair.verdict]}"
        + (" (their intervals overlap)." if pair.overlap else " (their intervals do not overlap).")
        for pair in pairs
    ]
    return " ".join([f"Least energy a token first: {listed}.", *said])
