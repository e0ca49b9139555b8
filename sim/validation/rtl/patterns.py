"""Requesters on word-level banks in RTL, beside hw/sram_ports.py.

Each of two or three reads consecutive words of 16 banks, so many a cycle, from an address of its own, and fetches 32
words ahead or none. What counts is when the last of them is done. Where each is in its turn of the banks is not
modelled: requesters that fetch nothing ahead and are alike can be in step for ever, and lose half of their time, or
never meet, and lose nothing. The model has something between, so no tolerance is claimed for those.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from sim.validation.cases import Case
from sim.validation.rtl.build import run
from sim.validation.rtl.draw import Draw
from sim.validation.rtl.models import BANKS, banks
from sim.validation.sram import ends_by_ports

PATTERNS = 150  # for each number of requesters
TOLERANCE = {32: 0.06, 0: inf}  # by words fetched ahead
CYCLES = (50, 200, 500, 1000)


def patterns(requesters: int, count: int) -> list[list[tuple[int, int, int]]]:
    """Words a cycle, cycles and first address of each requester, the same every time."""
    draw = Draw(requesters)
    return [
        [(draw.whole(1, BANKS), draw.one_of(CYCLES), draw.whole(0, BANKS - 1)) for _ in range(requesters)]
        for _ in range(count)
    ]


def cases(count: int = PATTERNS, units: tuple[int, ...] = (2, 3)) -> Iterator[Case]:
    """When the last of so many *units* is done, for each of these numbers, with words fetched ahead and without."""
    for requesters in units:
        found = patterns(requesters, count)
        for ahead in (32, 0):
            lines = [" ".join(map(str, [ahead, *(n for each in pattern for n in each)])) for pattern in found]
            for pattern, answer in zip(found, run(banks(requesters), lines), strict=True):
                want, cycles, _ = zip(*pattern, strict=True)
                yield Case(
                    "rtl",
                    f"banks, {requesters} units, {ahead or 'no'} words ahead",
                    " and ".join(f"{times} x {words} from {place}" for words, times, place in pattern),
                    "cycles until all words are used",
                    max(map(int, answer.split(","))),
                    max(ends_by_ports(want, cycles, ahead)),
                    TOLERANCE[ahead],
                )
