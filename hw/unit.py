"""A unit that does one request at a time, and the accounting of its every cycle.

A unit is offered *streams*, of each the next request. When free it starts, of those that are ready, the request of the
oldest work (lowest ``priority``). The cycles between two requests are put down to what the later one was last waiting
for; a request lengthened by busy SRAM banks puts the difference down to ``bank_conflict``.
"""

from __future__ import annotations

from array import array

from hw.engine import Engine, Task
from hw.ledger import Ledger
from hw.reasons import BANK_CONFLICT
from hw.sram_ports import SramPorts
from hw.stream import NEVER, Stream


class Server(Task):
    """What streams are offered to; its cycles are accounted for until ``free_at``."""

    __slots__ = (
        "_count", "_next_start", "_offers", "_priorities", "_ready_at", "_streams", "engine", "free_at", "ledger",
        "name",
    )  # fmt: skip

    def __init__(self, name: str, names: tuple[str, ...], engine: Engine) -> None:
        super().__init__(engine)
        self.name = name
        self.engine = engine
        self.ledger = Ledger(name, names)
        self.free_at = 0
        self._next_start = NEVER
        self._count = 0
        self._offers = 0  # how many streams offer something
        self._streams: list[Stream] = []
        self._ready_at = array("q", [NEVER])  # of each stream: when what it offers is ready; NEVER if it offers nothing
        self._priorities = array("q", [0])  # of what is offered

    def add(self, stream: Stream) -> None:
        """*stream*'s requests go to this unit; to be said before anything is offered."""
        stream.place = self._count
        self._streams.append(stream)
        self._count += 1
        self._ready_at = array("q", [NEVER]) * self._count
        self._priorities = array("q", [0]) * self._count

    def offer(self, stream: Stream) -> None:
        """*stream*'s next request will be ready at its ``ready_at``."""
        raise NotImplementedError

    def _start_by(self, cycle: int) -> None:
        """Start something at *cycle*, or now if that is past, unless an earlier start has been set."""
        now = self.engine.now
        cycle = max(cycle, now)
        if cycle < self._next_start:
            self._next_start = cycle
            if cycle > now:
                self.engine.start_at(cycle, self)
            else:
                self.engine.start_now(self)

    def _take(self, cycle: int) -> int:
        """Take from what is offered the oldest work that is ready at *cycle*; returns the place of its stream."""
        self._offers -= 1
        taken = -1
        for place in range(self._count):
            if self._ready_at[place] <= cycle and (taken < 0 or self._priorities[place] < self._priorities[taken]):
                taken = place
        if taken < 0:
            raise AssertionError(f"{self.name} starts in cycle {cycle}, but nothing is ready")
        self._ready_at[taken] = NEVER
        return taken

    def _earliest(self) -> int:
        """When the first of what is offered is, or was, ready; NEVER if nothing is."""
        earliest = NEVER
        if self._offers:
            for place in range(self._count):
                earliest = min(earliest, self._ready_at[place])
        return earliest

    def _note(self, stream: Stream) -> None:
        """*stream* offers its next request."""
        self._offers += 1
        self._ready_at[stream.place] = stream.ready_at
        self._priorities[stream.place] = stream.priority


class Unit(Server):
    """One server: the MAC array or the SIMD unit, whose requests read and write through the SRAM *ports*, if given."""

    __slots__ = ("_ports", "_user")

    def __init__(self, name: str, names: tuple[str, ...], engine: Engine, ports: SramPorts | None = None) -> None:
        super().__init__(name, names, engine)
        self._ports = ports
        self._user = ports.join() if ports is not None else 0  # its number among the users of the ports

    def offer(self, stream: Stream) -> None:
        self._note(stream)
        self._start_by(max(stream.ready_at, self.free_at))

    def start(self) -> None:
        start = self.engine.now
        if start != self._next_start:
            return  # an earlier start has been set meanwhile
        stream = self._streams[self._take(start)]
        ledger = self.ledger
        if start > self.free_at:
            ledger.wait(stream.tally, stream.reason, stream.landing(), self.free_at, start)
        served = start + stream.cycles
        stream.tally.busy += stream.cycles
        if ledger.observer is not None:
            ledger.observer.busy(self.name, stream.view, start, served)
        end = served
        if self._ports is not None:
            end = start + self._ports.occupy(self._user, start, stream.load)
            if end > served:
                ledger.stall(stream.tally, BANK_CONFLICT, served, end)
        self.free_at = end
        earliest = self._earliest()
        self._next_start = max(earliest, end) if earliest < NEVER else NEVER
        if self._next_start < NEVER:
            self.engine.start_at(self._next_start, self)
        stream.issued(end, end + stream.tail_cycles, None)
