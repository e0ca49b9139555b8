"""Counters of what has been done, and who waits for them to go on."""

from __future__ import annotations

from array import array
from typing import Final

from hw.engine import Engine, Task
from hw.ledger import Landing

LANDINGS: Final = 256  # records kept of a stream of transfers; no ring of weights is deeper in use
LAST_LANDING: Final = LANDINGS - 1  # a power of two less one: & is %


class Progress:
    """A counter of finished items that others wait for: results that can be used, or operands that are done with.

    When an item is issued it is known when it will finish, so no event marks it: ``done`` is brought up to date when
    somebody asks, and who needs an item that is not issued yet is woken when it is. ``last`` is when the last item
    issued finishes.
    """

    __slots__ = (
        "_count", "_engine", "_head", "_needs", "_pending", "_room", "_tasks", "_waiting", "done", "issued", "last",
    )  # fmt: skip

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.done = self.issued = self.last = 0
        self._room = 16  # a power of two
        self._pending = array("q", [0]) * 16  # ring: when the issued items that ``done`` does not count yet finish
        self._head = self._count = 0
        self._waiting = 0  # how many wait
        self._tasks = array("q", [0]) * 8  # who
        self._needs = array("q", [0]) * 8  # how many items each of them needs

    def issue(self, cycle: int) -> None:
        """The next item is issued, and will finish at *cycle*."""
        if self._count == self._room:
            self._settle()
            if self._count == self._room:
                self._grow()
        self._pending[(self._head + self._count) & (self._room - 1)] = cycle
        self._count += 1
        self.issued += 1
        self.last = cycle
        if self._waiting:
            self._call_waiters()

    def issue_done(self, items: int) -> None:
        """The next *items* are issued, and done at once."""
        self.issued += items
        self.done = self.issued
        self._count = 0
        if self._waiting:
            self._call_waiters()

    def when(self, need: int) -> int:
        """When the first *need* items, all of them issued, are done; 0 if they are."""
        self._settle()
        if self.done >= need:
            return 0
        return self._pending[(self._head + need - self.done - 1) & (self._room - 1)]

    def wait(self, need: int, task: Task) -> None:
        """Wake *task* when *need* items are issued."""
        if self._waiting == len(self._tasks):
            more = array("q", [0]) * self._waiting
            self._tasks = array("q", self._tasks) + more
            self._needs = array("q", self._needs) + more
        self._tasks[self._waiting] = task.number
        self._needs[self._waiting] = need
        self._waiting += 1

    def _settle(self) -> None:
        """Count what has finished by now."""
        now = self._engine.now
        while self._count and self._pending[self._head] <= now:
            self._head = (self._head + 1) & (self._room - 1)
            self._count -= 1
            self.done += 1

    def _grow(self) -> None:
        ring = [self._pending[(self._head + place) & (self._room - 1)] for place in range(self._room)]
        self._pending = array("q", ring) + array("q", [0]) * self._room
        self._room *= 2
        self._head = 0

    def _call_waiters(self) -> None:
        """Wake those who wait for what has just been issued, in the order in which they began to wait."""
        place = 0
        while place < self._waiting:
            if self._needs[place] > self.issued:
                place += 1
                continue
            task = self._tasks[place]
            self._waiting -= 1
            for after in range(place, self._waiting):
                self._tasks[after] = self._tasks[after + 1]
                self._needs[after] = self._needs[after + 1]
            self._engine.call(task)
            place = 0


class Landings:
    """The latest transfers of a stream, by how many of its items had been issued with each."""

    __slots__ = ("_count", "_issued", "_landings")

    def __init__(self) -> None:
        self._count = 0
        self._issued = array("q", [0]) * LANDINGS  # rings
        self._landings: list[Landing | None] = [None] * LANDINGS

    def add(self, issued: int, landing: Landing) -> None:
        """The transfer that is the item number *issued*."""
        place = self._count & LAST_LANDING
        self._issued[place] = issued
        self._landings[place] = landing
        self._count += 1

    def last(self, count: int) -> Landing | None:
        """The last transfer among the first *count* items of the stream, if it is still known."""
        number = self._count - 1
        while number >= 0 and number >= self._count - LANDINGS:
            if self._issued[number & LAST_LANDING] <= count:
                return self._landings[number & LAST_LANDING]
            number -= 1
        return None
