"""Streams that read what they ask for from a list, requests to put in it, and an observer that keeps what it hears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from hw.accounts import Accounts
from hw.ledger import Landing
from hw.observer import Observer
from hw.reasons import reason_names
from hw.requests import Transfer, Work
from hw.sram_ports import SramPorts
from hw.stream import Stream
from hw.unit import Server, Unit

NAMES = reason_names(
    ["late", "first", "second", "no gap before it", *(f"reason {number}" for number in range(3))],
)


class Script(Stream):
    """A stream that reads from a list: each request is ready at its cycle, once the one before has been issued.

    It is offered *ahead* cycles before it is ready, or as soon after that as the one before has been issued.
    """

    def __init__(
        self,
        unit: Server,
        requests: Sequence[tuple[int, Work | Transfer]],
        priority: int = 0,
        reason: str = "late",
        landing: Landing | None = None,
        name: str = "script",
        ahead: int = 0,
        ports: SramPorts | None = None,
    ) -> None:
        super().__init__(name, priority, unit.ledger.open(), unit.engine)
        unit.add(self)
        self.reason = NAMES.index(reason)
        self.view = name
        self._landing = landing
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.completions: list[int] = []
        self.landings: list[Landing | None] = []
        self._unit = unit
        self._ahead = ahead
        self._ports = ports
        self._requests = list(requests)
        self._await_next()

    def _await_next(self) -> None:
        if self._requests:
            self.ready_at, request = self._requests.pop(0)
            self._ask_for(request)
            now = self._unit.engine.now
            self._unit.engine.at(max(now, self.ready_at - self._ahead), self)

    def _ask_for(self, request: Work | Transfer) -> None:
        if isinstance(request, Transfer):
            self.size_bytes, self.address, self.write = request.size_bytes, request.address, request.write
        else:
            self.cycles, self.tail_cycles = request.cycles, request.tail_cycles
            self.load = self._ports.load(request.cycles, request.demand) if self._ports is not None else 0

    def wake(self) -> None:
        self._unit.offer(self)

    def landing(self) -> Landing | None:
        return self._landing

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        self.starts.append(self._unit.engine.now)
        self.ends.append(end)
        self.completions.append(completion)
        self.landings.append(landing)
        self._await_next()


class Tape(Observer):
    """An observer that keeps what it hears: (unit, what, start, end)."""

    def __init__(self) -> None:
        self.intervals: list[tuple[str, str, int, int]] = []

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        self.intervals.append((unit, offered, start, end))

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        self.intervals.append((unit, reason, start, end))

    def of(self, unit: str) -> list[tuple[str, int, int]]:
        return [(what, start, end) for name, what, start, end in self.intervals if name == unit]


def work(cycles: int, tail: int = 0, **demand: int) -> Work:
    """A request of *cycles* that asks each ``clusterN`` of banks for so many bytes."""
    return Work(cycles, tail, {int(cluster.removeprefix("cluster")): size for cluster, size in demand.items()})


def landed(issued: int, late_reason: str, *costs: int, before: Landing | None = None) -> Landing:
    """A transfer, with the clocks that it spent on the kinds of COST_NAMES."""
    landing = Landing()
    landing.issued, landing.late_reason, landing.before = issued, NAMES.index(late_reason), before
    landing.data, landing.latency, landing.row_miss, landing.turnaround, landing.refresh = costs
    return landing


def account(accounts: Accounts) -> tuple[int, dict[str, int]]:
    """Busy cycles, and stalls by reason."""
    return accounts.busy, accounts.stalls


def one(unit: Unit, ready: int, cycles: int, priority: int = 0, ahead: int = 0) -> Script:
    """A stream of one request."""
    return Script(unit, [(ready, work(cycles))], priority, ahead=ahead)


Item = tuple[int, int, int, int, int]  # ready, cycles, tail, priority, offered so many cycles ahead
items = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15), st.integers(0, 5), st.integers(0, 3), st.integers(0, 20)),
    min_size=1,
    max_size=25,
)
