"""What SimPy itself can do: the rates that whole runs are compared with, in events a second of CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import simpy
from simpy.events import NORMAL

EVENTS = 300_000


def process_rate(events: int = EVENTS) -> float:
    """Of a process that does nothing but wait for timeouts."""
    environment = simpy.Environment()

    def waits() -> Generator[simpy.Event, Any, None]:
        for _ in range(events):
            yield environment.timeout(1)

    environment.process(waits())
    return _rate(environment.run, events)


def schedule_rate(events: int = EVENTS) -> float:
    """When each event does nothing but schedule the next, a new one."""
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


def floor_rate(events: int = EVENTS) -> float:
    """When one event is scheduled again and again: what a run pays for its SimPy events."""
    environment = simpy.Environment()
    event = simpy.Event(environment)
    event._ok, event._value = True, None
    left = events

    def again(_: object) -> None:
        nonlocal left
        left -= 1
        if left:
            event.callbacks = callbacks
            environment.schedule(event, NORMAL, 1)

    callbacks: list[Callable[[Any], None]] = [again]
    again(None)
    return _rate(environment.run, events)


def _rate(run: Callable[[], object], events: int) -> float:
    start = time.process_time()
    run()
    return events / (time.process_time() - start)
