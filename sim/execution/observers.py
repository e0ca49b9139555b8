"""Whoever follows a run, request by request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hw.ledger import Landing
from hw.observer import Observer
from sim.execution.offered import Offered

if TYPE_CHECKING:
    from sim.lowering.section import Section


class RunObserver(Observer):
    """Hears what happens in a run, section by section; a subclass listens to what it overrides.

    Of a request one hears that it is offered, how long its unit waited for it and is busy with it, then that it is
    issued. What happens between two calls follows from the first of them.
    """

    __slots__ = ()

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; its cycles count from *start* of the run."""

    def offered(self, offered: Offered) -> None:
        """A stream offers its next request now."""

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        """The *offered* request starts *now*: operands are read by *end*, the result is there at *completion*.

        *landing* is what it was, if it was a transfer.
        """

    def released(self, rank: int) -> None:
        """The oldest weight tile that the loading stream *rank* holds has been used now."""


class Observers(RunObserver):
    """Several that hear the same."""

    __slots__ = ("_all",)

    def __init__(self, observers: Sequence[RunObserver]) -> None:
        self._all = list(observers)

    def begin(self, section: Section, start: int) -> None:
        for observer in self._all:
            observer.begin(section, start)

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        for observer in self._all:
            observer.busy(unit, offered, start, end)

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        for observer in self._all:
            observer.stalled(unit, reason, start, end)

    def offered(self, offered: Offered) -> None:
        for observer in self._all:
            observer.offered(offered)

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        for observer in self._all:
            observer.issued(offered, now, end, completion, landing)

    def released(self, rank: int) -> None:
        for observer in self._all:
            observer.released(rank)
