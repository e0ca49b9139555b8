"""The event engine: SimPy's environment with the work of one cycle bucketed into one SimPy event.

Components are callback state machines, not processes: a process style run of a whole model would take minutes.
Within a cycle everything that ends is told first (``at`` callbacks, in the order of their scheduling), then units
that have become free or got work choose what to start (``dispatches``), so the choice does not depend on the order
in which ends are told. Time is an integer count of core cycles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy

Callback = Callable[[], None]


class Engine:
    """Time, and what happens next; ``now`` is the current cycle."""

    __slots__ = ("_buckets", "_environment", "dispatches", "now")

    def __init__(self) -> None:
        self._environment = simpy.Environment(initial_time=0)
        self._buckets: dict[int, list[Callback]] = {}
        self.dispatches: list[Callback] = []
        self.now = 0

    def at(self, cycle: int, callback: Callback) -> None:
        """Call *callback* at *cycle*, which must not lie in the past."""
        bucket = self._buckets.get(cycle)
        if bucket is not None:
            bucket.append(callback)
            return
        self._buckets[cycle] = [callback]
        environment = self._environment
        tick = simpy.Event(environment)
        tick._ok, tick._value = True, None
        tick.callbacks = [self._fire]
        environment.schedule(tick, delay=cycle - self.now)

    def _fire(self, _: simpy.Event[Any]) -> None:
        now = self.now = int(self._environment.now)
        for callback in self._buckets.pop(now):
            callback()
        self.settle()

    def settle(self) -> None:
        """Let units start what they can in this cycle; called once before :meth:`run`, then by every event."""
        dispatches = self.dispatches
        while dispatches:
            self.dispatches = []
            for dispatch in dispatches:
                dispatch()
            dispatches = self.dispatches

    def run(self) -> int:
        """Run until nothing is left to happen; returns the last cycle at which something did."""
        self.settle()
        self._environment.run()
        return self.now
