"""The event engine: SimPy's environment with everything that happens in one cycle in one SimPy event.

Components are callback state machines, not processes: in process style a whole model would take minutes. Within a
cycle, first all wake-ups set for it are called in the order of their setting, then the units that have become free or
have got work choose what to start; so a choice does not depend on the order in which news arrive. Time is an integer
count of core cycles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy
from simpy.events import NORMAL

Callback = Callable[[], None]


class _Tick(simpy.Event):
    """The event of one cycle; lighter than SimPy's own, since nothing ever waits for its value, and used again."""

    __slots__ = ()
    _ok = True

    def __init__(self) -> None:  # without callbacks until it is scheduled
        pass


class Engine:
    """Time, and what happens next; ``now`` is the current cycle."""

    __slots__ = ("_buckets", "_callbacks", "_environment", "_schedule", "_spare", "_starts", "now")

    def __init__(self) -> None:
        self._environment = simpy.Environment(initial_time=0)
        self._schedule = self._environment.schedule
        self._callbacks: list[Callable[[Any], None]] = [self._live]
        self._buckets: dict[int, tuple[list[Callback], list[Callback]]] = {}
        self._starts: list[Callback] = []
        self._spare: list[_Tick] = []
        self.now = 0

    def at(self, cycle: int, wake: Callback) -> None:
        """Call *wake* at *cycle*, which must not lie in the past."""
        bucket = self._buckets.get(cycle)
        if bucket is None:
            self._buckets[cycle] = ([wake], [])
            self._tick(cycle)
        else:
            bucket[0].append(wake)

    def start_at(self, cycle: int, start: Callback) -> None:
        """Call *start* at *cycle*, a later one, after all wake-ups of that cycle."""
        bucket = self._buckets.get(cycle)
        if bucket is None:
            self._buckets[cycle] = ([], [start])
            self._tick(cycle)
        else:
            bucket[1].append(start)

    def start_now(self, start: Callback) -> None:
        """Call *start* in this cycle, after all its wake-ups."""
        self._starts.append(start)

    def _tick(self, cycle: int) -> None:
        tick = self._spare.pop() if self._spare else _Tick()
        tick.callbacks = self._callbacks
        self._schedule(tick, NORMAL, cycle - self.now)

    def _live(self, tick: Any) -> None:
        """One cycle."""
        now: int = self._environment._now  # type: ignore[assignment]  # an integer, since every delay is one
        self.now = now
        wakes, self._starts = self._buckets.pop(now)
        for wake in wakes:
            wake()
        for start in self._starts:  # grows as starts have consequences within the cycle
            start()
        self._spare.append(tick)

    def run(self) -> None:
        """Run until nothing is left to happen."""
        self._environment.run()
