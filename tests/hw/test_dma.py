"""The DMA engine on a real engine: order, limits, two clocks, and accounting of every cycle."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.dma import Dma
from hw.dram import TIMINGS, Channel, DramSpec
from hw.engine import Engine
from hw.requests import Transfer
from tests.support.scripts import NAMES, Script, Tape, account

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
    channel = Channel(TIMINGS["lpddr5-6400"], NAMES, refresh=False)
    for script, (ready, size, write, _, _) in zip(scripts, items, strict=True):
        channel.serve(ready, 0, size, write, NAMES.index("late"))
        assert script.ends == [channel.free]


# Of lpddr5-6400, at 800 MHz: the ratio of the clocks needs more than a machine word for the first three.
@pytest.mark.parametrize("clock_hz", [333_333_333, 999_999_937, 1_000_000_007, 799_992_000, 250_000_000, 10**12])
@pytest.mark.parametrize("far", [0, 10**6, 2**45 - 3, 2**52])
def test_two_clocks_are_converted_exactly(clock_hz: int, far: int) -> None:
    """Arrivals and ends are those of exact fractions, rounded up, however odd the clock and however late."""
    engine = dma(outstanding=8, clock_hz=clock_hz, refresh="all-bank")
    items = [(far + 37 * number, 64 + 1000 * number, number % 3 == 0) for number in range(8)]
    scripts = [Script(engine, [(ready, Transfer(size, write))]) for ready, size, write in items]
    engine.engine.run()
    channel = Channel(TIMINGS["lpddr5-6400"], NAMES)
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
