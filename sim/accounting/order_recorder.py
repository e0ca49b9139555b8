"""Keeps every request of a run in the order in which they were issued: what a fixed order's constraints are made from.

Of each request: which it is, when it started, had its operands read and had its result there, and, if it loads into the
slots of the weight pool, how many slots had been granted before it and what had just happened when it got its own.
"""

from __future__ import annotations

from array import array
from typing import Any, Final

import numpy as np

from hw.ledger import Landing
from sim.accounting.moments import (
    CAUSE,
    COMPLETED,
    DATA,
    ENDED,
    GRANT,
    NONE,
    NUMBER,
    RANK,
    REQUEST,
    STARTED,
    WIDTH,
)  # fmt: skip
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.lowering.order import Numbers
from sim.lowering.program import Program
from sim.lowering.section import Section

ROOM: Final = 1024


class OrderRecorder(RunObserver):
    """Remembers the requests of one section in the order of their issue, WIDTH numbers each."""

    __slots__ = (
        "_causes", "_granted", "_grants", "_loads", "_now", "_rows", "_slots", "_slots_back", "count",
    )  # fmt: skip

    def __init__(self) -> None:
        self.count = 0
        self._slots_back = 0
        self._rows = array("q", [0]) * (ROOM * WIDTH)
        self._slots = array("q", [0]) * ROOM

    def begin(self, section: Section, start: int) -> None:
        """*section* begins."""
        self.follow(section.program)

    def follow(self, program: Program) -> None:
        """A run of *program* begins."""
        streams = len(program.streams)
        self.count = self._slots_back = self._granted = 0
        self._now = NONE
        self._loads = array("q", [0]) * streams  # whether a stream loads into the pool
        for load, _ in program.pool.members if program.pool is not None else ():
            self._loads[load] = 1
        self._grants = array("q", [NONE]) * streams
        self._causes = array("q", [NONE]) * streams

    def offered(self, offered: Offered) -> None:
        rank = offered.rank
        if self._loads[rank]:
            self._grants[rank] = self._granted
            self._causes[rank] = self._now
            self._granted += 1

    def released(self, rank: int) -> None:
        if self._slots_back == len(self._slots):
            self._slots = self._longer(self._slots)
        self._slots[self._slots_back] = rank
        self._now = 2 * self._slots_back + 1
        self._slots_back += 1

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        row = self.count * WIDTH
        if row == len(self._rows):
            self._rows = self._longer(self._rows)
        rank = offered.rank
        self._rows[row + RANK] = rank
        self._rows[row + NUMBER] = offered.number
        self._rows[row + REQUEST] = offered.request_number
        self._rows[row + STARTED] = now
        self._rows[row + ENDED] = end
        self._rows[row + COMPLETED] = completion
        self._rows[row + DATA] = 0 if landing is None else landing.data
        self._rows[row + GRANT] = self._grants[rank]
        self._rows[row + CAUSE] = self._causes[rank]
        self._now = 2 * self.count
        self.count += 1

    def _longer(self, numbers: array[int]) -> array[int]:
        """The same *numbers*, with room for as many again."""
        kept: Any = np.asarray(numbers)
        longer = array("q", [0]) * (2 * len(numbers))
        np.asarray(longer)[: len(numbers)] = kept
        return longer

    def rows(self) -> Numbers:
        """The requests in the order of their issue, WIDTH columns."""
        return np.asarray(self._rows)[: self.count * WIDTH].reshape(-1, WIDTH)

    def slots_back(self) -> Numbers:
        """Which loading stream each slot was given back by, in the order in which they were."""
        return np.asarray(self._slots)[: self._slots_back]
