"""Units and the DMA engine on a real engine: order, accounting of every cycle, limits, and a plain SimPy model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accounts import Landing
from hw.dma import Dma
from hw.dram import Channel, DramSpec
from hw.ports import SramPorts
from hw.requests import Transfer, Work
from hw.sram import SramSpec
from hw.unit import Stream, Unit
from sim.engine import Engine

RequestType = TypeVar("RequestType", Work, Transfer)


class Script(Stream[RequestType]):
    """A stream that reads from a list: each request is ready at its cycle, once the one before has been issued.

    It is offered *ahead* cycles before it is ready, or as soon after that as the one before has been issued.
    """

    def __init__(
        self,
        unit: Unit | Dma,
        requests: list[tuple[int, RequestType]],
        priority: int = 0,
        reason: str = "late",
        landing: Landing | None = None,
        name: str = "script",
        ahead: int = 0,
    ) -> None:
        super().__init__(name, priority, unit.ledger.open_account(), reason)
        self._landing = landing
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.completions: list[int] = []
        self.landings: list[Landing | None] = []
        self._unit = unit
        self._ahead = ahead
        self._requests: list[tuple[int, RequestType]] = list(requests)
        self._await_next()

    def _await_next(self) -> None:
        if self._requests:
            self.ready_at, self.request = self._requests.pop(0)
            now = self._unit.engine.now
            self._unit.engine.at(max(now, self.ready_at - self._ahead), self._offer)

    def _offer(self) -> None:
        self._unit.offer(self)  # type: ignore[arg-type]  # the caller gives each unit requests of its kind

    def landing(self) -> Landing | None:
        return self._landing

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        self.starts.append(self._unit.engine.now)
        self.ends.append(end)
        self.completions.append(completion)
        self.landings.append(landing)
        self._await_next()


@dataclass
class Tape:
    """A recorder that keeps what it hears: (unit, what, start, end)."""

    intervals: list[tuple[str, str, int, int]] = field(default_factory=list)

    def busy(self, unit: str, stream: Stream[Work] | Stream[Transfer], start: int, end: int) -> None:
        self.intervals.append((unit, stream.name, start, end))

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        self.intervals.append((unit, reason, start, end))

    def of(self, unit: str) -> list[tuple[str, int, int]]:
        return [(what, start, end) for name, what, start, end in self.intervals if name == unit]


def work(cycles: int, tail: int = 0, **demand: int) -> Work:
    return Work(cycles, tail, {int(cluster.removeprefix("cluster")): size for cluster, size in demand.items()})


@pytest.fixture
def unit() -> Unit:
    return Unit("simd", Engine(), None)


def one(unit: Unit, ready: int, cycles: int, priority: int = 0, ahead: int = 0) -> Script[Work]:
    return Script(unit, [(ready, work(cycles))], priority, ahead=ahead)


class TestOrder:
    """What a free unit starts."""

    def test_the_lowest_priority_value_comes_first(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10, priority) for priority in (2, 0, 1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[20], [0], [10]]

    def test_the_oldest_offer_comes_first_among_equals(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10), one(unit, 5, 10), one(unit, 3, 10)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [20], [10]]

    def test_a_running_request_is_not_interrupted(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10, priority=5), one(unit, 1, 10, priority=0)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [10]]

    def test_what_gets_ready_as_the_unit_gets_free_takes_part(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10), one(unit, 4, 10, priority=7), one(unit, 10, 10, priority=1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [20], [10]]

    def test_what_gets_ready_in_the_cycle_of_a_start_takes_part(self, unit: Unit) -> None:
        scripts = [one(unit, 3, 10, priority=7), one(unit, 3, 10, priority=1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[13], [3]]

    def test_what_is_offered_ahead_does_not_hold_up_what_is_ready(self, unit: Unit) -> None:
        ahead, ready, late = one(unit, 30, 10, ahead=30), one(unit, 5, 10, priority=3), one(unit, 8, 30, priority=7)
        unit.engine.run()
        assert (ready.starts, late.starts, ahead.starts) == ([5], [15], [45])

    def test_what_is_offered_ahead_starts_when_it_is_ready(self, unit: Unit) -> None:
        scripts = [one(unit, 30, 10, ahead=30), one(unit, 20, 5, ahead=3), one(unit, 20, 2, priority=1, ahead=20)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[30], [20], [25]]

    def test_the_next_request_overlaps_the_tail(self, unit: Unit) -> None:
        script = Script(unit, [(0, work(10, tail=4)), (0, work(10, tail=4))])
        unit.engine.run()
        assert (script.starts, script.ends, script.completions) == ([0, 10], [10, 20], [14, 24])

    def test_a_request_of_no_cycles_passes(self, unit: Unit) -> None:
        scripts = [one(unit, 5, 0), one(unit, 5, 3, priority=1)]
        unit.engine.run()
        assert [script.completions for script in scripts] == [[5], [8]]


class TestAccounts:
    """Where the cycles of a unit went."""

    def test_gaps_go_to_what_the_later_request_waited_for(self, unit: Unit) -> None:
        Script(unit, [(5, work(10))], reason="first")
        Script(unit, [(20, work(10))], reason="second")
        Script(unit, [(22, work(10))], reason="no gap before it")
        unit.engine.run()
        unit.finish(50)
        assert unit.ledger.accounts.busy == 30
        assert unit.ledger.accounts.stalls == {"first": 5, "second": 5, "nothing_left": 10}

    def test_a_unit_without_work_has_nothing_left(self, unit: Unit) -> None:
        unit.finish(50)
        assert (unit.ledger.accounts.busy, unit.ledger.accounts.stalls) == (0, {"nothing_left": 50})

    def test_busy_banks_make_a_request_longer(self) -> None:
        spec = SramSpec.model_validate(
            {"capacity": "4KiB", "banks": 1, "bank_width": "64B", "ports": 1, "interleave": 1}
        )
        engine, ports = Engine(), SramPorts(spec)
        array, simd = Unit("mac_array", engine, ports), Unit("simd", engine, ports)
        first = Script(array, [(0, work(100, cluster0=6400))])  # all that the bank gives
        second = Script(simd, [(10, work(20, cluster0=20 * 64))])  # gets half of it: twice as long
        engine.run()
        for unit in (array, simd):
            unit.finish(100)
        assert (first.ends, second.ends) == ([100], [50])
        assert array.ledger.accounts.stalls == {}
        assert simd.ledger.accounts.busy == 20
        assert simd.ledger.accounts.stalls == {"late": 10, "bank_conflict": 20, "nothing_left": 50}

    # The unit is idle for 100 cycles; the transfer's own time went 3 : 2 : 1 to bandwidth, latency and row misses.
    @pytest.mark.parametrize(
        ("issued", "expected"),
        [
            pytest.param(
                0, {"dram_bandwidth": 50, "dram_latency": 33, "dram_row_miss": 17}, id="issued as the wait began"
            ),
            pytest.param(
                40,
                {"no_buffer": 40, "dram_bandwidth": 30, "dram_latency": 20, "dram_row_miss": 10},
                id="issued late: 40 to the reason for that",
            ),
            pytest.param(-50, {"dram_bandwidth": 50, "dram_latency": 33, "dram_row_miss": 17}, id="issued before"),
            pytest.param(100, {"no_buffer": 100}, id="issued at the end"),
        ],
    )
    def test_a_wait_for_dram_is_shared_over_its_causes(self, unit: Unit, issued: int, expected: dict[str, int]) -> None:
        landing = Landing(10 + issued, "no_buffer", (300, 200, 100, 0, 0))
        one(unit, 0, 10)
        Script(unit, [(110, work(5))], reason="dram", landing=landing)
        unit.engine.run()
        unit.finish(115)
        assert (unit.ledger.accounts.busy, unit.ledger.accounts.stalls) == (15, expected)

    def test_a_recorder_hears_of_every_cycle(self, unit: Unit) -> None:
        unit.ledger.recorder = tape = Tape()
        Script(unit, [(5, work(10, tail=3)), (0, work(2)), (30, work(1))], name="work")
        unit.engine.run()
        unit.finish(40)
        assert tape.of("simd") == [
            ("late", 0, 5),
            ("work", 5, 15),
            ("work", 15, 17),
            ("late", 17, 30),
            ("work", 30, 31),
            ("nothing_left", 31, 40),
        ]


Item = tuple[int, int, int, int, int]  # ready, cycles, tail, priority, offered so many cycles ahead
items = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15), st.integers(0, 5), st.integers(0, 3), st.integers(0, 20)),
    min_size=1,
    max_size=25,
)


@settings(deadline=None)
@given(items=items)
def test_busy_and_stalls_are_the_makespan(items: list[Item]) -> None:
    unit = Unit("simd", Engine(), None)
    unit.ledger.recorder = tape = Tape()
    scripts = [
        Script(
            unit, [(ready, work(cycles, tail)), (0, work(cycles))], priority, reason=f"reason {ready % 3}", ahead=ahead
        )
        for ready, cycles, tail, priority, ahead in items
    ]
    unit.engine.run()
    makespan = max(max(script.completions) for script in scripts)
    unit.finish(makespan)
    assert unit.ledger.accounts.busy == 2 * sum(cycles for _, cycles, _, _, _ in items)
    assert unit.ledger.accounts.busy + sum(unit.ledger.accounts.stalls.values()) == makespan
    edges = [0] + [end for _, _, end in tape.of("simd")]
    assert [start for _, start, _ in tape.of("simd")] == edges[:-1]
    assert edges[-1] == makespan


def finishes_in_process_style(items: list[Item]) -> list[int]:
    """When each of independent requests completes if each is a SimPy process that queues for a PriorityResource.

    Among equal priorities the earlier item comes first. A resource serves whoever asks first, so processes ask in
    order of priority, and the one that ends lets those that get ready in that very cycle ask before it releases.
    """
    environment = simpy.Environment()
    server = simpy.PriorityResource(environment)
    completions = [0] * len(items)

    def process(number: int) -> Generator[simpy.Event, object, None]:
        ready, cycles, tail, _, _ = items[number]
        yield environment.timeout(ready)
        with server.request(priority=order.index(number)) as turn:
            yield turn
            yield environment.timeout(cycles)
            completions[number] = int(environment.now) + tail
            yield environment.timeout(0)

    order = sorted(range(len(items)), key=lambda number: (items[number][3], number))
    for number in order:
        environment.process(process(number))
    environment.run()
    return completions


@settings(deadline=None)
@given(items=items)
def test_independent_requests_end_as_in_a_plain_simpy_model(items: list[Item]) -> None:
    unit = Unit("simd", Engine(), None)
    scripts = [
        Script(unit, [(ready, work(cycles, tail))], priority * len(items) + number, ahead=ahead)
        for number, (ready, cycles, tail, priority, ahead) in enumerate(items)
    ]
    unit.engine.run()
    assert [script.completions[0] for script in scripts] == finishes_in_process_style(items)


# A core clock of 800 MHz is the clock of lpddr5-6400, so that a cycle is a clock: a lone read takes 32 and its data.
LATENCY = 32


def dma(outstanding: int = 8, channels: int = 1, clock_hz: int = 800_000_000, refresh: str = "none") -> Dma:
    dram = DramSpec.model_validate({"timing": "lpddr5-6400", "channels": channels, "refresh": refresh})
    return Dma(outstanding, dram, clock_hz, Engine())


def read(engine: Dma, size: int, ready: int = 0, priority: int = 0, reason: str = "late") -> Script[Transfer]:
    return Script(engine, [(ready, Transfer(size))], priority, reason)


class TestDma:
    """The DMA engine."""

    @pytest.mark.parametrize(
        ("channels", "clock_mhz", "size", "end"),
        [
            pytest.param(1, 800, 3200, LATENCY + 200, id="100 bursts of two clocks"),
            pytest.param(2, 800, 3200, LATENCY + 100, id="cut over two channels"),
            pytest.param(2, 800, 3201, LATENCY + 102, id="one byte over is a burst"),
            pytest.param(1, 250, 3200, 73, id="232 clocks of 1.25 ns are 72.5 cycles of 4 ns"),
        ],
    )
    def test_a_lone_transfer(self, channels: int, clock_mhz: int, size: int, end: int) -> None:
        engine = dma(channels=channels, clock_hz=clock_mhz * 10**6)
        script = read(engine, size)
        engine.engine.run()
        assert (script.ends, script.completions) == ([end], [end])

    def test_arrival_is_rounded_up_to_a_clock(self) -> None:
        engine = dma(clock_hz=250_000_000)
        script = read(engine, 3200, ready=3)  # 12 ns are 9.6 clocks: 10 + 232 = 242 clocks = 75.6 cycles
        engine.engine.run()
        assert script.ends == [76]

    def test_oldest_work_first(self) -> None:
        engine = dma()
        scripts = [read(engine, 3200, priority=priority) for priority in (2, 0, 1)]
        engine.engine.run()
        assert [script.ends for script in scripts] == [[LATENCY + 600], [LATENCY + 200], [LATENCY + 400]]

    def test_the_oldest_offer_first_among_equals(self) -> None:
        engine = dma(outstanding=1)
        scripts = [read(engine, 3200), read(engine, 3200, ready=9), read(engine, 3200, ready=4)]
        engine.engine.run()
        assert scripts[0].ends < scripts[2].ends < scripts[1].ends

    def test_no_more_than_outstanding_are_issued(self) -> None:
        engine = dma(outstanding=2)
        scripts = [read(engine, 3200) for _ in range(4)]
        engine.engine.run()
        first, second = LATENCY + 200, LATENCY + 400
        assert [script.starts for script in scripts] == [[0], [0], [first], [second]]

    def test_one_outstanding_transfer_pays_latency_every_time(self) -> None:
        engine = dma(outstanding=1)
        scripts = [read(engine, 3200) for _ in range(3)]
        engine.engine.run()
        assert [script.ends[0] for script in scripts] == [232, 232 + 217, 232 + 2 * 217]  # then the row is open

    def test_a_transfer_that_waits_for_its_turn_gives_way_to_older_work(self) -> None:
        engine = dma(outstanding=1)
        running, young, old = read(engine, 3200), read(engine, 3200, 1, priority=9), read(engine, 3200, 2, priority=1)
        engine.engine.run()
        assert running.ends < old.ends < young.ends

    def test_a_transfer_offered_ahead_does_not_hold_up_one_that_is_ready(self) -> None:
        engine = dma(outstanding=1)
        ahead = Script(engine, [(400, Transfer(3200))], ahead=400)
        scripts = [read(engine, 3200, 20, priority=5), read(engine, 3200, 20, priority=6), ahead]
        engine.engine.run()
        assert [script.starts for script in scripts] == [[20], [20 + 232], [20 + 232 + 217]]

    def test_a_landing_tells_of_its_transfer(self) -> None:
        engine = dma()
        script = read(engine, 3200, ready=30, reason="no_buffer")
        engine.engine.run()
        landing = script.landings[0]
        assert landing is not None
        assert (landing.issued, landing.late_reason) == (30, "no_buffer")
        assert landing.costs == (200, 17, 15, 0, 0)  # bandwidth, latency, row miss, turnaround, refresh

    def test_accounts(self) -> None:
        engine = dma()
        engine.ledger.recorder = tape = Tape()
        read(engine, 3200, ready=10, reason="first")
        Script(engine, [(300, Transfer(3200, write=True))], reason="second")
        engine.engine.run()
        engine.finish(600)
        first, second = 10 + 232, 300 + 9 + 200  # a write to an open row waits WL; the bus was turned round while idle
        assert engine.ledger.accounts.busy == 232 + 209
        assert engine.ledger.accounts.stalls == {"first": 10, "second": 300 - first, "nothing_left": 600 - second}
        assert tape.of("dma") == [
            ("first", 0, 10),
            ("script", 10, first),
            ("second", first, 300),
            ("script", 300, second),
            ("nothing_left", second, 600),
        ]
        assert tape.of("dram.channel0") == [("script", 10 + 32, first), ("script", 300 + 9, second)]
        channel = engine.channel_accounts(600)["dram.channel0"]
        assert channel.busy == 400
        assert channel.stalls == {
            "first": 10,
            "second": 300 - first,
            "dram_latency": 17 + 9,
            "dram_row_miss": 15,
            "nothing_left": 600 - second,
        }


transfers = st.lists(
    st.tuples(
        st.integers(0, 3000), st.integers(1, 20_000), st.booleans(), st.integers(0, 3), st.sampled_from([0, 50, 3000])
    ),
    min_size=1,
    max_size=25,
)


@settings(deadline=None)
@given(
    items=transfers,
    outstanding=st.integers(1, 4),
    channels=st.integers(1, 3),
    clock=st.sampled_from([250_000_000, 800_000_000, 1_000_000_007]),
    slack=st.integers(0, 100),
)
def test_a_dma_engine_keeps_its_limit_and_accounts_for_every_cycle(
    items: list[tuple[int, int, bool, int, int]], outstanding: int, channels: int, clock: int, slack: int
) -> None:
    engine = dma(outstanding, channels, clock, refresh="all-bank")
    scripts = [
        Script(engine, [(ready, Transfer(size, write)), (0, Transfer(size))], priority, ahead=ahead)
        for ready, size, write, priority, ahead in items
    ]
    engine.engine.run()
    assert all(script.starts[0] >= item[0] for script, item in zip(scripts, items, strict=True))
    flights = [flight for script in scripts for flight in zip(script.starts, script.ends, strict=True)]
    assert len(flights) == 2 * len(items)
    assert all(sum(begin <= start < end for begin, end in flights) <= outstanding for start, _ in flights)
    makespan = max(end for _, end in flights) + slack
    engine.finish(makespan)
    assert engine.ledger.accounts.busy + sum(engine.ledger.accounts.stalls.values()) == makespan
    accounts = engine.channel_accounts(makespan)
    assert len(accounts) == channels
    for channel in accounts.values():
        assert channel.busy + sum(channel.stalls.values()) == makespan
        assert min(channel.stalls.values(), default=0) >= 0


@settings(deadline=None)
@given(items=transfers)
def test_with_room_for_all_a_dma_engine_issues_at_once_what_is_ready(
    items: list[tuple[int, int, bool, int, int]],
) -> None:
    engine = dma(outstanding=len(items))
    items = sorted(items, key=lambda item: item[0])
    scripts = [
        Script(engine, [(ready, Transfer(size, write))], priority=number, ahead=ahead)
        for number, (ready, size, write, _, ahead) in enumerate(items)
    ]
    engine.engine.run()
    assert [script.starts[0] for script in scripts] == [item[0] for item in items]
    channel = Channel(engine.channel.timing, refresh=False)
    ends = [channel.serve(ready, 0, size, write, "late") for ready, size, write, _, _ in items]
    assert [script.ends[0] for script in scripts] == ends
