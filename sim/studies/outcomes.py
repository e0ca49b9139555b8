"""Outcomes of points: what a store knows, and what workers compute, which is kept as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

from sim.files.progress import ProgressCallback
from sim.studies.evaluate import Outcome
from sim.studies.points import Point
from sim.studies.store import Store
from sim.studies.workers import Workers

Ready = Callable[[], AbstractContextManager[Workers]]
"""Workers that begin when there is something to compute."""


class Keyed(NamedTuple):
    """A point and its key in a store."""

    key: str
    point: Point


class Outcomes:
    """Asks a *store*, and *workers* for the rest, which are there from the first such time until *stack* is left.

    *progress* is called with (runs done, runs known to be needed). What died while it was computed is not kept in the
    store, and not tried again here.
    """

    def __init__(
        self,
        store: Store,
        workers: Ready,
        stack: ExitStack,
        progress: ProgressCallback = lambda done, needed: None,
    ) -> None:
        self._store, self._ask, self._stack, self._progress = store, workers, stack, progress
        self._workers: Workers | None = None
        self._died: dict[str, Outcome] = {}
        self._done = self._needed = 0

    def of(self, wanted: Sequence[Keyed]) -> list[Outcome]:
        """What each of those *wanted* comes to, in their order."""
        known = self._store.known(each.key for each in wanted) | self._died
        missing = list({each.key: each for each in wanted if each.key not in known}.values())
        if missing:
            known |= self._computed(missing)
        return [known[each.key] for each in wanted]

    def _computed(self, missing: Sequence[Keyed]) -> dict[str, Outcome]:
        if self._workers is None:
            self._workers = self._stack.enter_context(self._ask())
        self._needed += len(missing)
        found: dict[str, Outcome] = {}
        for number, outcome in self._workers.outcomes([each.point for each in missing]):
            key, point = missing[number]
            found[key] = outcome
            if outcome.died:
                self._died[key] = outcome
            else:
                self._store.add([(key, point, outcome)])
            self._done += 1
            self._progress(self._done, self._needed)
        return found
