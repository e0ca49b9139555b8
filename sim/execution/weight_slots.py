"""Slots for weight tiles: who may load ahead, and when a slot is given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hw.engine import Engine, Task
from hw.ledger import Tally
from hw.reasons import DRAM, START
from hw.stream import Stream
from sim.execution.observers import RunObserver

KEPT_FREE: Final = 2  # slots of the pool that loading ahead leaves: one to use, one to fill


class Member(Stream):
    """A stream that loads weights into slots or uses what is in them; ``rank`` is its place in the program.

    Of one that loads, ``user`` is who uses what it loads; it has ``held`` slots now and ``wants`` another one.
    """

    __slots__ = ("held", "rank", "user", "wants")

    def __init__(self, name: str, rank: int, tally: Tally, engine: Engine) -> None:
        super().__init__(name, rank, tally, engine)
        self.rank = rank
        self.user: Member = self
        self.held = 0
        self.wants = False

    def lacks(self, load: Member) -> bool:
        """Whether what the next item was last found to wait for is a transfer of *load*."""
        raise NotImplementedError


class SlotPool:
    """Slots that streams share which load weights.

    A stream whose user waits for nothing but weights takes slots first, the oldest work before the rest, and a second
    one only if no other such stream is without any. What cannot be used yet must not fill the pool: a stream whose user
    waits for something else as well loads ahead only while more than KEPT_FREE slots are free.
    """

    __slots__ = ("_free", "_granted", "_loads", "_wanting")

    def __init__(self, slots: int, loads: Sequence[Member]) -> None:
        self._free = slots
        self._loads = list(loads)
        self._wanting = 0  # how many want a slot
        self._granted: Member | None = None  # the stream that is just being told to take a slot

    def take(self, load: Member) -> bool:
        """Take a slot for *load*'s next tile; if it may not have one, it is woken when it has got one."""
        if load is self._granted or (self._free and self._may_take(load)):
            self._granted = None
            load.held += 1
            self._free -= 1
            return True
        load.wants = True
        self._wanting += 1
        return False

    def _may_take(self, load: Member) -> bool:
        user = load.user
        reason = user.reason
        if reason != START and not (reason == DRAM and user.lacks(load)):
            return self._free > KEPT_FREE
        if not load.held:
            return True
        left = self._free
        for other in self._loads:
            if other.wants and not other.held and other is not load:
                user = other.user
                if user.reason == DRAM:
                    left -= 1
        return left > 0

    def release(self, load: Member) -> None:
        """The oldest tile that *load* holds has been used."""
        load.held -= 1
        self._free += 1
        self.offer()

    def offer(self) -> None:
        """Let those who want a slot take what is free, the oldest work first."""
        while self._free and self._wanting:
            first = None
            for load in self._loads:
                if load.wants and (first is None or load.priority < first.priority) and self._may_take(load):
                    first = load
            if first is None:
                break
            first.wants = False
            self._wanting -= 1
            self._granted = first
            first.wake()


class Release(Task):
    """Gives back a slot of *load*'s when an item has used it."""

    __slots__ = ("_load", "_observer", "_pool")

    def __init__(self, engine: Engine, pool: SlotPool, load: Member, observer: RunObserver | None) -> None:
        super().__init__(engine)
        self._pool = pool
        self._load = load
        self._observer = observer

    def wake(self) -> None:
        if self._observer is not None:
            self._observer.released(self._load.rank)
        self._pool.release(self._load)
