"""The event engine: SimPy's environment with everything that happens in one cycle in one SimPy event.

Components are callback state machines, not processes: in process style a whole model would take minutes. Within a
cycle, first all callbacks set for it are called in the order of their setting, then the units that have become free
or have got work choose what to start; so a choice does not depend on the order in which news arrive. Time is an
integer count of core cycles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy

Callback = Callable[[object], None]  # is passed the SimPy event, which nobody needs


class _Tick(simpy.Event):
    """The event of one cycle; lighter than SimPy's own, since nothing ever waits for its value."""

    _ok = True

    def __init__(self, callbacks: list[Any]) -> None:
        self.callbacks = callbacks


class Engine:
    """Time, and what happens next; ``now`` is the current cycle."""

    __slots__ = ("_bucket", "_buckets", "_dispatches", "_environment", "now")

    def __init__(self) -> None:
        self._environment = simpy.Environment(initial_time=0)
        self._buckets: dict[int, list[Callback]] = {}
        self._bucket: list[Callback] = []
        self._dispatches: list[Callable[[], None]] = []
        self.now = 0

    def at(self, cycle: int, callback: Callback) -> None:
        """Call *callback* at *cycle*, which must not lie in the past."""
        bucket = self._buckets.get(cycle)
        if bucket is not None:
            bucket.append(callback)
            return
        bucket = self._buckets[cycle] = [self._open, callback]
        self._environment.schedule(_Tick(bucket), delay=cycle - self.now)

    def dispatch(self, choose: Callable[[], None]) -> None:
        """Call *choose* at the end of this cycle."""
        if not self._dispatches:
            self._bucket.append(self._settle)  # SimPy is going through this very list
        self._dispatches.append(choose)

    def _open(self, _: object) -> None:
        now: int = self._environment._now  # type: ignore[assignment]  # an integer, since every delay is one
        self.now = now
        self._bucket = self._buckets.pop(now)

    def _settle(self, _: object) -> None:
        dispatches, self._dispatches = self._dispatches, []
        for choose in dispatches:
            choose()

    def run(self) -> None:
        """Run until nothing is left to happen."""
        self._environment.run()
