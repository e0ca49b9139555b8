"""What SimPy itself can do: the rates that whole runs are compared with."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import simpy
from sim.engine import Engine

EVENTS = 300_000


def process_rate(events: int = EVENTS) -> float:
    """Events a second of a process that does nothing but wait for timeouts."""
    environment = simpy.Environment()

    def waits() -> Generator[simpy.Event, Any, None]:
        for _ in range(events):
            yield environment.timeout(1)

    environment.process(waits())
    return _rate(environment.run, events)


def schedule_rate(events: int = EVENTS) -> float:
    """Events a second when each does nothing but schedule the next."""
    environment = simpy.Environment()
    left = events

    def again(_: object) -> None:
        nonlocal left
        left -= 1
        if left:
            event = simpy.Event(environment)
            event._ok, event._value = True, None
            event.callbacks = [again]
            environment.schedule(event, delay=1)

    again(None)
    return _rate(environment.run, events)


def bucketed_rate(events: int = EVENTS, together: int = 6) -> float:
    """Callbacks a second of our engine, *together* of them in every cycle."""
    engine = Engine()
    left = events

    def again() -> None:
        nonlocal left
        left -= 1
        if left > 0:
            engine.at(engine.now + 1, again)

    for _ in range(together):
        engine.at(0, again)
    return _rate(engine.run, events)


def _rate(run: Any, events: int) -> float:
    start = time.perf_counter()
    run()
    return events / (time.perf_counter() - start)
