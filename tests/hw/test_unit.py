"""Units and the DMA engine on a real engine: order, accounting of every cycle, limits, and a plain SimPy model."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.accounts import Accounts
from hw.dma import Dma
from hw.dram import TRANSFER_TIMINGS, Channel, DramSpec
from hw.engine import Engine
from hw.integers import apportion
from hw.ledger import Landing
from hw.observer import Observer
from hw.reasons import COST_NAMES, reason_names
from hw.requests import Transfer, Work
from hw.sram import SramSpec
from hw.sram_ports import SramPorts
from hw.stream import Stream
from hw.unit import Server, Unit

NAMES = reason_names(
    ["late", "first", "second", "no gap before it", *(f"reason {number}" for number in range(3))],
)


class Script(Stream):
    """A stream that reads from a list: each request is ready at its cycle, once the one before has been issued.

    It is offered *ahead* cycles before it is ready, or as soon after that as the one before has been issued.
    """

    def __init__(
        self,
        unit: Server,
        requests: Sequence[tuple[int, Work | Transfer]],
        priority: int = 0,
        reason: str = "late",
        landing: Landing | None = None,
        name: str = "script",
        ahead: int = 0,
        ports: SramPorts | None = None,
    ) -> None:
        super().__init__(name, priority, unit.ledger.open(), unit.engine)
        unit.add(self)
        self.reason = NAMES.index(reason)
        self.view = name
        self._landing = landing
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.completions: list[int] = []
        self.landings: list[Landing | None] = []
        self._unit = unit
        self._ahead = ahead
        self._ports = ports
        self._requests = list(requests)
        self._await_next()

    def _await_next(self) -> None:
        if self._requests:
            self.ready_at, request = self._requests.pop(0)
            self._ask_for(request)
            now = self._unit.engine.now
            self._unit.engine.at(max(now, self.ready_at - self._ahead), self)

    def _ask_for(self, request: Work | Transfer) -> None:
        if isinstance(request, Transfer):
            self.size_bytes, self.address, self.write = request.size_bytes, request.address, request.write
        else:
            self.cycles, self.tail_cycles = request.cycles, request.tail_cycles
            self.load = self._ports.load(request.cycles, request.demand) if self._ports is not None else 0

    def wake(self) -> None:
        self._unit.offer(self)

    def landing(self) -> Landing | None:
        return self._landing

    def issued(self, end: int, completion: int, landing: Landing | None) -> None:
        self.starts.append(self._unit.engine.now)
        self.ends.append(end)
        self.completions.append(completion)
        self.landings.append(landing)
        self._await_next()


class Tape(Observer):
    """An observer that keeps what it hears: (unit, what, start, end)."""

    def __init__(self) -> None:
        self.intervals: list[tuple[str, str, int, int]] = []

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        self.intervals.append((unit, offered, start, end))

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        self.intervals.append((unit, reason, start, end))

    def of(self, unit: str) -> list[tuple[str, int, int]]:
        return [(what, start, end) for name, what, start, end in self.intervals if name == unit]


def work(cycles: int, tail: int = 0, **demand: int) -> Work:
    return Work(cycles, tail, {int(cluster.removeprefix("cluster")): size for cluster, size in demand.items()})


def landed(issued: int, late_reason: str, *costs: int, before: Landing | None = None) -> Landing:
    """A transfer, with the clocks that it spent on the kinds of COST_NAMES."""
    landing = Landing()
    landing.issued, landing.late_reason, landing.before = issued, NAMES.index(late_reason), before
    landing.data, landing.latency, landing.row_miss, landing.turnaround, landing.refresh = costs
    return landing


def account(accounts: Accounts) -> tuple[int, dict[str, int]]:
    return accounts.busy, accounts.stalls


@pytest.fixture
def unit() -> Unit:
    return Unit("simd", NAMES, Engine())


def one(unit: Unit, ready: int, cycles: int, priority: int = 0, ahead: int = 0) -> Script:
    return Script(unit, [(ready, work(cycles))], priority, ahead=ahead)


class TestOrder:
    """What a free unit starts."""

    def test_the_lowest_priority_value_comes_first(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10, priority) for priority in (2, 0, 1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[20], [0], [10]]

    def test_the_stream_added_first_comes_first_among_equals(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10), one(unit, 5, 10), one(unit, 3, 10)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [10], [20]]

    def test_any_number_of_streams_and_priorities(self, unit: Unit) -> None:
        """Of 300 streams, the last of the first tile goes before the first of the second."""
        scripts = [Script(unit, [(0, work(1))], number) for number in range(300)]
        again = [Script(unit, [(0, work(1))], len(scripts) + number) for number in range(300)]
        unit.engine.run()
        assert [script.starts for script in (*scripts, *again)] == [[number] for number in range(600)]

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
        assert account(unit.ledger.close(50)) == (30, {"first": 5, "second": 5, "nothing_left": 10})

    def test_every_stream_has_a_tally_of_its_own(self, unit: Unit) -> None:
        scripts = [Script(unit, [(5, work(10))], reason="first"), Script(unit, [(20, work(7))], reason="second")]
        unit.engine.run()
        accounts = [unit.ledger.accounts(script.tally) for script in scripts]
        assert [*map(account, accounts)] == [(10, {"first": 5}), (7, {"second": 5})]

    def test_stalls_of_a_stream_come_in_the_order_of_the_numbers_of_their_reasons(self, unit: Unit) -> None:
        landing = landed(0, "late", 1, 1, 1, 1, 1, before=landed(0, "second", 1, 1, 1, 1, 1))
        script = Script(unit, [(5, work(10)), (90, work(10))], reason="second", landing=landing)
        unit.engine.run()
        stalls = unit.ledger.accounts(script.tally).stalls
        assert list(stalls) == sorted(stalls, key=NAMES.index)

    def test_a_unit_without_work_has_nothing_left(self, unit: Unit) -> None:
        assert account(unit.ledger.close(50)) == (0, {"nothing_left": 50})

    def test_busy_banks_make_a_request_longer(self) -> None:
        spec = SramSpec.model_validate(
            {"capacity": "4KiB", "banks": 1, "bank_width": "64B", "ports": 1, "interleave": 1}
        )
        engine, ports = Engine(), SramPorts(spec)
        array, simd = Unit("mac_array", NAMES, engine, ports), Unit("simd", NAMES, engine, ports)
        first = Script(array, [(0, work(100, cluster0=6400))], ports=ports)  # all that the bank gives
        second = Script(simd, [(10, work(20, cluster0=20 * 64))], ports=ports)  # gets half of it: twice as long
        engine.run()
        assert (first.ends, second.ends) == ([100], [50])
        assert account(array.ledger.close(100)) == (100, {})
        assert account(simd.ledger.close(100)) == (20, {"late": 10, "bank_conflict": 20, "nothing_left": 50})

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
        landing = landed(10 + issued, "no_buffer", 300, 200, 100, 0, 0)
        one(unit, 0, 10)
        Script(unit, [(110, work(5))], reason="dram", landing=landing)
        unit.engine.run()
        assert account(unit.ledger.close(115)) == (15, expected)

    def test_a_wait_for_a_transfer_that_waited_for_another_is_shared_over_both(self, unit: Unit) -> None:
        """Idle from 0 to 100: a transfer issued at 10 held up another one until 70, which then took refreshes."""
        before = landed(10, "no_buffer", 2, 0, 0, 1, 0)
        landing = landed(70, "dram", 0, 0, 0, 0, 30, before=before)
        Script(unit, [(100, work(5))], reason="dram", landing=landing)
        unit.engine.run()
        expected = {"no_buffer": 10, "dram_bandwidth": 40, "dram_turnaround": 20, "dram_refresh": 30}
        assert account(unit.ledger.close(105)) == (5, expected)

    def test_an_observer_hears_of_the_parts_of_a_wait_in_order_of_time(self, unit: Unit) -> None:
        """What both transfers spent time on is one part, where the first of them did."""
        unit.ledger.observer = tape = Tape()
        before = landed(10, "no_buffer", 30, 20, 0, 0, 0)
        Script(unit, [(100, work(5))], reason="dram", landing=landed(60, "dram", 30, 0, 10, 0, 0, before=before))
        unit.engine.run()
        assert tape.of("simd") == [
            ("no_buffer", 0, 10),
            ("dram_bandwidth", 10, 70),
            ("dram_latency", 70, 90),
            ("dram_row_miss", 90, 100),
            ("script", 100, 105),
        ]

    def test_an_observer_hears_of_every_cycle(self, unit: Unit) -> None:
        unit.ledger.observer = tape = Tape()
        Script(unit, [(5, work(10, tail=3)), (0, work(2)), (30, work(1))], name="work")
        unit.engine.run()
        unit.ledger.close(40)
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
    unit = Unit("simd", NAMES, Engine())
    unit.ledger.observer = tape = Tape()
    scripts = [
        Script(
            unit, [(ready, work(cycles, tail)), (0, work(cycles))], priority, reason=f"reason {ready % 3}", ahead=ahead
        )
        for ready, cycles, tail, priority, ahead in items
    ]
    unit.engine.run()
    makespan = max(max(script.completions) for script in scripts)
    busy, stalls = account(unit.ledger.close(makespan))
    assert busy == 2 * sum(cycles for _, cycles, _, _, _ in items)
    assert busy + sum(stalls.values()) == makespan
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
    unit = Unit("simd", NAMES, Engine())
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
    return Dma(outstanding, dram, clock_hz, NAMES, Engine())


def read(engine: Dma, size: int, ready: int = 0, priority: int = 0, reason: str = "late") -> Script:
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

    def test_the_stream_added_first_comes_first_among_equals(self) -> None:
        engine = dma(outstanding=1)
        scripts = [read(engine, 3200), read(engine, 3200, ready=9), read(engine, 3200, ready=4)]
        engine.engine.run()
        assert scripts[0].ends < scripts[1].ends < scripts[2].ends

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
        assert (landing.issued, NAMES[landing.late_reason]) == (30, "no_buffer")
        assert landing.costs == (200, 17, 15, 0, 0)  # bandwidth, latency, row miss, turnaround, refresh

    def test_accounts(self) -> None:
        engine = dma()
        engine.ledger.observer = tape = Tape()
        read(engine, 3200, ready=10, reason="first")
        Script(engine, [(300, Transfer(3200, write=True))], reason="second")
        engine.engine.run()
        busy, stalls = account(engine.ledger.close(600))
        first, second = 10 + 232, 300 + 9 + 200  # a write to an open row waits WL; the bus was turned round while idle
        assert busy == 232 + 209
        assert stalls == {"first": 10, "second": 300 - first, "nothing_left": 600 - second}
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
    busy, stalls = account(engine.ledger.close(makespan))
    assert busy + sum(stalls.values()) == makespan
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
    channel = Channel(TRANSFER_TIMINGS["lpddr5-6400"], NAMES, refresh=False)
    for script, (ready, size, write, _, _) in zip(scripts, items, strict=True):
        channel.serve(ready, 0, size, write, NAMES.index("late"))
        assert script.ends == [channel.free]


# Of lpddr5-6400, at 800 MHz: the ratio of the clocks needs more than a machine word for the first three.
@pytest.mark.parametrize("clock_hz", [333_333_333, 999_999_937, 1_000_000_007, 799_992_000, 250_000_000, 10**12])
@pytest.mark.parametrize("far", [0, 10**6, 2**45 - 3])
def test_two_clocks_are_converted_exactly(clock_hz: int, far: int) -> None:
    """Arrivals and ends are those of exact fractions, rounded up, however odd the clock and however late."""
    engine = dma(outstanding=8, clock_hz=clock_hz, refresh="all-bank")
    items = [(far + 37 * number, 64 + 1000 * number, number % 3 == 0) for number in range(8)]
    scripts = [Script(engine, [(ready, Transfer(size, write))]) for ready, size, write in items]
    engine.engine.run()
    channel = Channel(TRANSFER_TIMINGS["lpddr5-6400"], NAMES)
    clocks = Fraction(800_000_000, clock_hz)  # a cycle
    for script, (ready, size, write) in zip(scripts, items, strict=True):
        channel.serve(ceil(ready * clocks), 0, size, write, NAMES.index("late"))
        assert (script.starts, script.ends) == ([ready], [ceil(channel.free / clocks)])
    assert engine.refresh_cycles == ceil(channel.refresh_clocks / clocks)
    makespan = scripts[-1].ends[0]
    busy, stalls = account(engine.ledger.close(makespan))
    assert busy + sum(stalls.values()) == makespan
    busy, stalls = account(engine.channel_accounts(makespan)["dram.channel0"])
    assert busy + sum(stalls.values()) == makespan


costs = st.lists(st.integers(0, 10**6), min_size=len(COST_NAMES), max_size=len(COST_NAMES))


@given(chain=st.lists(st.tuples(st.integers(-50, 450), costs), min_size=1, max_size=4), cycles=st.integers(1, 400))
def test_a_shared_wait_is_as_long_as_before_and_shared_in_proportion(
    chain: list[tuple[int, list[int]]], cycles: int
) -> None:
    """Parts follow each other without a gap; of a single transfer each kind gets its share, rounded up or down."""
    unit = Unit("simd", NAMES, Engine())
    unit.ledger.observer = tape = Tape()
    landing = None
    for issued, spent in chain:
        landing = landed(issued, "no_buffer", *spent, before=landing)
    Script(unit, [(cycles, work(5))], reason="dram", landing=landing)
    unit.engine.run()
    *waits, _ = tape.of("simd")
    assert [start for _, start, _ in waits] == [0, *(end for _, _, end in waits[:-1])]
    assert waits[-1][2] == cycles
    assert len({what for what, _, _ in waits}) == len(waits)
    if len(chain) == 1 and any(chain[0][1]):
        shared = cycles - min(max(chain[0][0], 0), cycles)
        found = {what: end - start for what, start, end in waits}
        assert found.get("no_buffer", 0) == cycles - shared
        for name, clocks in zip(COST_NAMES, chain[0][1], strict=True):
            assert abs(found.get(name, 0) - Fraction(shared * clocks, sum(chain[0][1]))) < 1


@given(weights=costs, cycles=st.integers(1, 10**6))
def test_a_wait_is_shared_by_largest_remainders(weights: list[int], cycles: int) -> None:
    unit = Unit("simd", NAMES, Engine())
    Script(unit, [(cycles, work(5))], reason="dram", landing=landed(0, "late", *weights))
    unit.engine.run()
    _, stalls = account(unit.ledger.close(cycles + 5))
    spent = dict(zip(COST_NAMES, weights if any(weights) else [1, 0, 0, 0, 0], strict=True))
    assert stalls == {name: share for name, share in apportion(cycles, spent).items() if share}
