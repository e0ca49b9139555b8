"""Hears a run of one section, and keeps of each request when it began, when its unit was free and its result there."""

from __future__ import annotations

from dataclasses import dataclass

from hw.ledger import Landing
from sim.execution.observers import RunObserver
from sim.execution.offered import Offered
from sim.lowering.section import Section


@dataclass(frozen=True)
class HeardRequest:
    """Request ``item`` of ``tile`` of stream ``rank``; cycles of the run."""

    rank: int
    tile: int
    item: int
    variant: int
    start: int
    free: int
    result: int


class Recording(RunObserver):
    """The requests of a run that has one section, in the order of their issue."""

    def __init__(self) -> None:
        self.section: Section | None = None
        self.requests: list[HeardRequest] = []

    def begin(self, section: Section, start: int) -> None:
        if self.section is not None:
            raise ValueError("the RTL machine runs programs of one section")
        self.section = section

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        self.requests.append(
            HeardRequest(offered.rank, offered.tile, offered.item, offered.variant, now, end, completion)
        )
