"""What a program of compute streams means, as a plain SimPy model.

It has one process a stream, a unit and a result, and counters that they wait for.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import simpy

from hw.reasons import Reason
from hw.requests import Work
from sim.lowering.program import Program, StreamPlan
from tests.support.programs import MAC, SIMD


@dataclass
class Counter:
    """Items done so far, and events for those who wait for more."""

    environment: simpy.Environment
    done: int = 0
    waiting: list[tuple[int, simpy.Event]] = field(default_factory=list)

    def reached(self, count: int) -> simpy.Event:
        event = self.environment.event()
        self.waiting.append((count, event))
        self._wake()
        return event

    def add(self) -> None:
        self.done += 1
        self._wake()

    def _wake(self) -> None:
        for count, event in list(self.waiting):
            if count <= self.done:
                self.waiting.remove((count, event))
                event.succeed()


@dataclass
class Server:
    """A unit that takes, whenever it is free, the oldest of the requests that are ready by the end of the cycle."""

    environment: simpy.Environment
    ready: list[tuple[int, simpy.Event]] = field(default_factory=list)
    news: simpy.Event | None = None

    def serve(self) -> Generator[simpy.Event, simpy.Event, None]:
        while True:
            yield from settle(self.environment)
            if not self.ready:
                self.news = self.environment.event()
                yield self.news
                continue
            self.ready.sort(key=lambda entry: entry[0])
            _, granted = self.ready.pop(0)
            finished = self.environment.event()
            granted.succeed(finished)
            yield finished

    def request(self, priority: int) -> simpy.Event:
        granted = self.environment.event()
        self.ready.append((priority, granted))
        if self.news is not None and not self.news.triggered:
            self.news.succeed()
        return granted


def settle(environment: simpy.Environment) -> Generator[simpy.Event, simpy.Event, None]:
    """Let everything else that happens in this cycle happen first."""
    for _ in range(60):
        yield environment.timeout(0)


def reference_makespan(built: Program) -> int:
    """The makespan of a program of compute streams: one process a stream, one a result, one a unit."""
    environment = simpy.Environment()
    results = [Counter(environment) for _ in built.streams]
    operands = [Counter(environment) for _ in built.streams]
    servers = {unit: Server(environment) for unit in (MAC, SIMD)}
    ends: list[int] = [0]

    def later(cycle: int, counter: Counter) -> Generator[simpy.Event, simpy.Event, None]:
        yield environment.timeout(cycle - environment.now)
        counter.add()
        ends.append(int(environment.now))

    def stream(number: int, plan: StreamPlan) -> Generator[simpy.Event, simpy.Event, None]:
        completion = end = 0
        for tile in range(built.tiles):
            for item in range(plan.items):
                request = plan.request(built.variant(tile), item)
                now = int(environment.now)
                if request is None:
                    completion, end = max(completion, now), max(end, now)
                    environment.process(later(end, operands[number]))
                    environment.process(later(completion, results[number]))
                    continue
                assert isinstance(request, Work)
                for dependency in plan.dependencies:
                    counters = operands if dependency.reason == Reason.NO_BUFFER else results
                    need = tile * built.streams[dependency.producer].items + int(dependency.table[item])
                    yield counters[dependency.producer].reached(need)
                finished = yield servers[plan.unit].request(built.priority(number, tile))
                start = int(environment.now)
                end = start + request.cycles
                completion = max(completion, end + request.tail_cycles)
                environment.process(later(end, operands[number]))
                environment.process(later(completion, results[number]))
                environment.process(free(end, finished))

    def free(cycle: int, finished: simpy.Event) -> Generator[simpy.Event, simpy.Event, None]:
        yield environment.timeout(cycle - environment.now)
        finished.succeed()

    for server in servers.values():
        environment.process(server.serve())
    for number, plan in enumerate(built.streams):
        environment.process(stream(number, plan))
    environment.run()
    assert all(counter.done == built.tiles * plan.items for counter, plan in zip(results, built.streams, strict=True))
    return max(ends)
