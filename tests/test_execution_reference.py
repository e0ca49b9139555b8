"""Runs of programs against a plain SimPy model of what a program means, and corner cases worked out by hand.

The model has one process a stream, a unit and a result, and counters that they wait for. In the hand-made programs
every transfer is 64 bytes on one LPDDR5-6400 channel at 800 MHz, where a core cycle is a DRAM clock: two bursts take
4 clocks, and activation and CAS latency of 32 clocks come before the first data of a closed row when the bus is idle.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.requests import Transfer, Work
from sim.execution.run import STRIDES, Execution, Stride, run_program
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.errors import DeadlockError
from sim.lowering.order import BatchLayout
from sim.lowering.program import NOTHING, VARIANTS, Dependency, Pool, Program, StreamPlan, UnitName

DRAM, NO_BUFFER, RECURRENCE = Reason.DRAM, Reason.NO_BUFFER, "recurrence"

ALWAYS = -(1 << 60)
LATENCY, OPEN = 15 + 17, 17  # clocks before the first data: activation and CAS, or the row is open


@pytest.fixture(scope="module")
def spec() -> MachineSpec:
    document = read_document(find("machine", "edge"))
    for override in ("clock=800MHz", "dram.timing=lpddr5-6400", "dram.channels=1", "dram.refresh=none"):
        document.override(override)
    return document.check(MachineSpec)


def needs(producer: int, *table: int, reason: str = "data") -> Dependency:
    return Dependency(producer, np.array(table, np.int64), reason)


def compute(
    unit: UnitName,
    items: list[tuple[int, int] | None],
    *dependencies: Dependency,
    name: str = "",
    **variants: list[tuple[int, int] | None],
) -> StreamPlan:
    """A stream of (cycles, tail) items; *variants* such as ``first=`` or ``last=`` replace those of such tiles."""
    by_variant = [variants.get(key, items) for key in ("middle", "first", "last", "only")]
    works = {item: Work(*item, {}) for found in by_variant for item in found if item is not None}
    known = [*works]
    numbers = [[NOTHING if item is None else known.index(item) for item in found] for found in by_variant]
    layout, arrays = BatchLayout(len(items), 1, len(items)), tuple(np.array(each, np.int64) for each in numbers)
    return StreamPlan(name or unit, unit, (), layout, tuple(works.values()), arrays, dependencies=list(dependencies))


def load(items: int, *dependencies: Dependency, name: str = "load") -> StreamPlan:
    layout, numbers = BatchLayout(items, 1, items), (np.zeros(items, np.int64),) * len(VARIANTS)
    return StreamPlan(name, "dma", (), layout, (Transfer(64),), numbers, dependencies=list(dependencies))


def program(*streams: StreamPlan, pool: Pool | None = None, layers: int = 1, tiles: int = 1) -> Program:
    return Program(streams, (), pool, layers, tiles, 1, 1, contended=False)


def makespan(spec: MachineSpec, built: Program) -> int:
    """The makespan, which the cycles of every unit and channel sum to, whatever the stride."""
    execution = run_program(built, spec)
    for name, account in execution.units.items():
        assert account.busy + sum(account.stalls.values()) == execution.makespan, name
    coarse = run_program(built, spec, stride="tile")
    assert outcome(coarse) == outcome(execution)
    assert coarse.events <= execution.events
    return execution.makespan


def outcome(execution: Execution) -> dict[str, Any]:
    """All that is found out, but the number of events."""
    found = {**vars(execution), "events": None}
    found["units"] = {name: (account.busy, account.stalls) for name, account in execution.units.items()}
    found["streams"] = [
        (stream.last_completion, [(account.busy, account.stalls) for account in stream.layers])
        for stream in execution.streams
    ]
    return found


MAC: UnitName = "mac_array"
SIMD: UnitName = "simd"
RING = [ALWAYS, ALWAYS, 1, 2]  # item i may overwrite what item i - 2 has made


@pytest.mark.parametrize(
    ("built", "cycles"),
    [
        pytest.param(program(compute(MAC, [(5, 3)] * 3)), 15 + 3, id="tails overlap but for the last"),
        pytest.param(program(compute(MAC, [(5, 9), (5, 0)])), 5 + 9, id="results come in order"),
        pytest.param(program(compute(MAC, [(5, 0)] * 3), tiles=4, layers=2), 8 * 15, id="tiles of layers"),
        pytest.param(
            program(compute(MAC, [(5, 2)] * 3), compute(SIMD, [(3, 0)] * 3, needs(0, 1, 2, 3))),
            3 * 5 + 2 + 3,
            id="data waits for the tail",
        ),
        # Two slots: item 2 waits until the reader of item 0 has read it, at 5 + 9 (its tail does not count).
        pytest.param(
            program(
                compute(MAC, [(5, 0)] * 4, needs(1, *RING, reason=NO_BUFFER)),
                compute(SIMD, [(9, 50)] * 4, needs(0, 1, 2, 3, 4)),
            ),
            5 + 4 * 9 + 50,
            id="buffer space does not wait for the tail",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)] * 4, needs(1, *RING)), compute(SIMD, [(9, 50)] * 4, needs(0, 1, 2, 3, 4))),
            5 + (9 + 50) + 5 + 9 + 9 + 50,  # items 2 and 3 are made when results 0 and 1 are there, 9 cycles apart
            id="but a result does",
        ),
        pytest.param(
            program(
                compute(MAC, [(5, 0)], needs(1, 0, reason=NO_BUFFER)), compute(SIMD, [(9, 0)], needs(0, 1)), tiles=4
            ),
            4 * (5 + 9),
            id="one slot across tiles",
        ),
        pytest.param(
            program(compute(MAC, [(5, 4)], needs(0, 0, reason=RECURRENCE)), tiles=3, layers=2),
            6 * (5 + 4),
            id="recurrence across tiles and layers",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0), None, (5, 0)]), compute(SIMD, [(1, 0)] * 3, needs(0, 1, 2, 3))),
            10 + 1,
            id="nothing to do in an item",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)], first=[(50, 0)], last=[(500, 0)]), tiles=4, layers=2),
            2 * (50 + 5 + 5 + 500),
            id="first and last tiles of a layer",
        ),
        pytest.param(program(compute(MAC, [(5, 0)], only=[(7, 0)]), layers=3), 3 * 7, id="a tile that is both"),
        # The older stream's second item is not ready before 20; the younger fills the gap but does not delay more.
        pytest.param(
            program(
                compute(SIMD, [(20, 0)]), compute(MAC, [(5, 0), (5, 0)], needs(0, 0, 1)), compute(MAC, [(6, 0)] * 3)
            ),
            5 + 3 * 6 + 5,  # at 20 the third of them runs (17 to 23)
            id="a younger stream fills the gap",
        ),
        pytest.param(program(load(1), compute(MAC, [(5, 0)], needs(0, 1, reason=DRAM))), LATENCY + 4 + 5, id="load"),
        pytest.param(
            program(load(3), compute(MAC, [(5, 0)] * 3, needs(0, 1, 2, 3, reason=DRAM))),
            LATENCY + 4 + 3 * 5,
            id="loads follow each other on the bus",
        ),
    ],
)
def test_makespan(spec: MachineSpec, built: Program, cycles: int) -> None:
    assert makespan(spec, built) == cycles


def weights(slots: int, cycles: int, tiles: int = 1) -> Program:
    use = compute(MAC, [(cycles, 0)] * 4, needs(0, 1, 2, 3, 4, reason=DRAM))
    return program(load(4), use, pool=Pool(slots, ((0, 1),)), tiles=tiles)


@pytest.mark.parametrize(
    ("built", "cycles"),
    [
        # With one slot every tile is fetched on an idle bus, after the one before it has been used.
        pytest.param(weights(1, 100), LATENCY + 3 * OPEN + 4 * (4 + 100), id="one slot"),
        pytest.param(weights(2, 100), LATENCY + 4 + 4 * 100, id="two slots hide the fetch"),
        pytest.param(weights(3, 100), LATENCY + 4 + 4 * 100, id="a third is not needed"),
        pytest.param(weights(2, 100, tiles=3), LATENCY + 4 + 12 * 100, id="ahead into the next tile"),
        # With four slots all are fetched at once, 4 clocks apart.
        pytest.param(weights(4, 10), LATENCY + 4 + 4 * 10, id="four slots fetch all at once"),
    ],
)
def test_weight_pool(spec: MachineSpec, built: Program, cycles: int) -> None:
    assert makespan(spec, built) == cycles


def test_weights_that_wait_for_the_input_do_not_fill_the_pool(spec: MachineSpec) -> None:
    """The second user's weights must get a slot although the first, a tile ahead, waits for its own input."""
    built = program(
        load(1, needs(5, 0, reason=NO_BUFFER), name="load.input"),
        load(1, name="load.weights.in"),
        load(2, name="load.weights.out"),
        compute(MAC, [(5, 0)], needs(0, 1, reason=DRAM), needs(1, 1, reason=DRAM), name="in"),
        compute(SIMD, [(500, 0)], needs(3, 1), name="between"),
        compute(MAC, [(5, 0)] * 2, needs(4, 1, 1), needs(2, 1, 2, reason=DRAM), name="out"),
        pool=Pool(2, ((1, 3), (2, 5))),
        tiles=4,
    )
    assert makespan(spec, built) > 4 * (5 + 500 + 10)


@pytest.mark.parametrize(
    ("built", "lines"),
    [
        pytest.param(
            program(
                compute(MAC, [(5, 0)], needs(1, 1), name="left"), compute(SIMD, [(5, 0)], needs(0, 1), name="right")
            ),
            ["left tile 0 item 0: data: right 0/1", "right tile 0 item 0: data: left 0/1"],
            id="two wait for each other",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)] * 3, needs(0, 0, 1, 3, reason=RECURRENCE), name="self"), tiles=2),
            ["self tile 0 item 2: recurrence: self 2/3"],
            id="one waits for itself",
        ),
        pytest.param(
            program(
                compute(MAC, [(5, 0)] * 2, needs(1, 0, 1, reason=NO_BUFFER), name="writer"),
                compute(SIMD, [(5, 0)], needs(0, 2), name="reader"),
            ),
            ["writer tile 0 item 1: no_buffer: reader 0/1", "reader tile 0 item 0: data: writer 1/2"],
            id="too few slots",
        ),
        pytest.param(
            program(load(2, name="weights"), compute(MAC, [(5, 0)], needs(0, 2, reason=DRAM)), pool=Pool(1, ((0, 1),))),
            ["weights tile 0 item 1: no_buffer: no slot for weights", "mac_array tile 0 item 0: dram: weights 1/2"],
            id="two weight tiles at once in one slot",
        ),
        pytest.param(
            program(compute(MAC, [(5, 0)] * 2, needs(0, 0, -1), name="self"), compute(SIMD, [(1, 0)], needs(0, 5))),
            ["simd tile 0 item 0: data: self 2/5"],
            id="more than there will ever be: those that have ended are not named",
        ),
    ],
)
def test_a_deadlock_names_who_waits_for_what(spec: MachineSpec, built: Program, lines: list[str]) -> None:
    with pytest.raises(DeadlockError) as caught:
        makespan(spec, built)
    assert str(caught.value).splitlines() == ["the schedule cannot go on:", *lines]


@pytest.mark.parametrize("stride", STRIDES)
def test_every_tile_of_the_last_stream_is_told_when_its_last_item_starts(spec: MachineSpec, stride: Stride) -> None:
    heard: list[tuple[int, int]] = []
    built = program(compute(MAC, [(5, 0)]), compute(SIMD, [(7, 0)], needs(0, 1)), tiles=3)
    run_program(built, spec, stride=stride, on_tile=lambda done, cycle: heard.append((done, cycle)))
    assert heard == [(1, 5), (2, 12), (3, 19)]


# ------------------------------------------------------------------------------------------- a plain SimPy model


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
                    counters = operands if dependency.reason == NO_BUFFER else results
                    need = tile * built.streams[dependency.producer].items + int(dependency.table[item])
                    yield counters[dependency.producer].reached(need)
                finished = yield servers[plan.unit].request(tile * len(built.streams) + number)
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


item = st.none() | st.tuples(st.integers(1, 9), st.integers(0, 6))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Random programs that cannot lock up: what is needed of one's own or a younger stream lies in earlier tiles."""
    streams = []
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    for number, size in enumerate(sizes):
        dependencies = []
        for producer, items in enumerate(sizes):
            if not draw(st.booleans()):
                continue
            if producer == number:
                table = [i - draw(st.integers(0, 2)) for i in range(size)]
            else:
                most = items if producer < number else 0
                table = draw(st.lists(st.integers(most - items - 1, most), min_size=size, max_size=size))
            dependencies.append(needs(producer, *table, reason=draw(st.sampled_from(["data", NO_BUFFER]))))
        variants = {
            key: draw(st.lists(item, min_size=size, max_size=size)) for key in ("middle", "first", "last", "only")
        }
        unit: UnitName = draw(st.sampled_from([MAC, SIMD]))
        streams.append(compute(unit, variants["middle"], *dependencies, name=f"s{number}", **variants))
    return program(*streams, layers=draw(st.integers(1, 2)), tiles=draw(st.integers(1, 3)))


@settings(max_examples=200)
@given(built=programs())
def test_random_programs_take_what_a_plain_simpy_model_takes(spec: MachineSpec, built: Program) -> None:
    assert makespan(spec, built) == reference_makespan(built)
