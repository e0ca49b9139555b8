"""The numbers of the figures, taken from a result; every cycle that the result counts stands in one of them.

All cycles are core cycles, exact integers. Bars list their parts in the order of the tree of stalls.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sim.accounting.result import MappingReport, Result, UnitAccount
from sim.explanation.experiments import LADDER
from sim.explanation.explain import Explanation, path_shares
from sim.presentation.figures.palette import ORDER, TITLES

_NUMBERS = "-0123456789"
BUSY_KEYS = ("useful", "edge", "fill_drain")
_RUNGS = {"placement": "each unit its own work"} | {effect: loss.name for effect, loss in LADDER.items()}


@dataclass(frozen=True)
class Amount:
    """Cycles by what they went to; ``key`` is that of the result."""

    key: str
    title: str
    cycles: int


@dataclass(frozen=True)
class Bar:
    """A bar, called as people read it, and its parts."""

    name: str
    parts: tuple[Amount, ...]

    @property
    def cycles(self) -> int:
        """Of all parts."""
        return sum(part.cycles for part in self.parts)


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
    keys = sorted(result.above_roofline, key=lambda key: (key != "work_elsewhere", ORDER.get(key, len(ORDER))))
    steps = tuple(Amount(key, TITLES.get(key, key), result.above_roofline[key]) for key in keys)
    return Waterfall(result.bounds.paper_roofline_cycles, steps, result.makespan_cycles, False)


def account_parts(account: UnitAccount) -> tuple[Amount, ...]:
    """All that a unit's cycles went to, what is zero left out."""
    cycles = {key: getattr(account, f"{key}_cycles") for key in BUSY_KEYS} | account.stalls
    return _amounts(cycles)


def _amounts(cycles: dict[str, int]) -> tuple[Amount, ...]:
    keys = sorted(cycles, key=lambda key: ORDER.get(key, len(ORDER)))
    return tuple(Amount(key, TITLES.get(key, key), cycles[key]) for key in keys if cycles[key])


def unit_bars(result: Result) -> list[Bar]:
    """A bar for each unit, or for neighbours of a kind that did the same; every one of them sums to the makespan."""
    named = [(name.rstrip(_NUMBERS), account_parts(account), name) for name, account in result.units.items()]
    return [
        Bar(_title_of_all([name for _, _, name in alike]), parts)
        for (_, parts), alike in groupby(named, key=itemgetter(0, 1))
    ]


def _title_of_all(names: list[str]) -> str:
    """One unit's title, or from the first number of *names* to the last: ``DRAM channels 0–1``."""
    title = unit_title(names[0])
    if len(names) == 1:
        return title
    kind, _, first = title.rpartition(" ")
    last = unit_title(names[-1]).rpartition(" ")[2]
    return f"{kind.removesuffix('s')}s {first.split('–')[0]}–{last.split('–')[-1]}"


def unit_title(unit: str) -> str:
    """A unit's name for people."""
    if unit.startswith("dram.channel"):
        return f"DRAM channel {unit.removeprefix('dram.channel')}"
    if unit.startswith("sram.banks"):
        return f"SRAM banks {unit.removeprefix('sram.banks').replace('-', '–')}"
    return {"mac_array": "MAC array", "simd": "SIMD", "dma": "DMA", "dram": "DRAM"}.get(unit, unit)


def class_title(kind: str) -> str:
    """A class of operations for people."""
    return kind.replace("_", " ")


def path_bars(result: Result) -> list[Bar]:
    """The critical path by unit and class of operation, the largest first, each by what its cycles were spent on."""
    spent: dict[tuple[str, str], dict[str, int]] = {}
    for part in result.critical_path or ():
        on = spent.setdefault((part.unit, part.operation_class), {})
        on[part.spent_on] = on.get(part.spent_on, 0) + part.cycles
    return [
        Bar(f"{class_title(kind)} on {unit_title(unit)}", _amounts(spent[unit, kind]))
        for unit, kind in path_shares(result)
    ]


@dataclass(frozen=True)
class OverTime:
    """A unit's cycles in each window of ``window_cycles``, by what they went to, in the order of the tree."""

    unit: str
    window_cycles: int
    parts: dict[str, list[int]]


def over_time(result: Result) -> list[OverTime]:
    """The accounts over time of every unit; empty without windows."""
    if result.windows is None:
        return []
    return [
        OverTime(unit, result.windows.window_cycles, {key: parts[key] for key in sorted(parts, key=ORDER.__getitem__)})
        for unit in result.units
        if (parts := result.windows.units.get(unit))
    ]


@dataclass(frozen=True)
class BufferBytes:
    """A buffer in SRAM: ``size_bytes`` are those of all its slots."""

    name: str
    role: str
    slots: int
    slot_bytes: int

    @property
    def size_bytes(self) -> int:
        """Bytes in all."""
        return self.slots * self.slot_bytes


def buffers(mapping: MappingReport) -> list[BufferBytes]:
    """The buffers in SRAM, the largest first; they sum to ``sram_bytes``."""
    found = [BufferBytes(each.name, each.role, each.slots, each.slot_bytes) for each in mapping.buffers]
    return sorted(found, key=lambda buffer: -buffer.size_bytes)
