"""Channels: latency, turnaround, refresh, and where every clock went; against a cycle-accurate simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.dram import TIMINGS, Channel, Timing
from hw.reasons import COST_NAMES, reason_names

MIB = 2**20
SLOW = TIMINGS["lpddr5-6400"]
READ = SLOW.rcd + SLOW.rl  # 15 + 17 clocks until the first data of a read of a closed bank
WRITE = SLOW.rcd + SLOW.wl  # 24 for a write
PLACE = 8192  # bytes: rows of the four bank groups
ROW = 4 * PLACE  # from a row to the next of the same banks

NAMES = reason_names(["idle"])

Request = tuple[int, int, bool]  # arrival, bytes, write


def fetch(channel: Channel, arrival: int, address: int, size: int, write: bool) -> int:
    """Have *channel* serve a transfer; returns when its last data have moved."""
    channel.serve(arrival, address, size, write, NAMES.index("idle"))
    return channel.free


def costs(channel: Channel) -> dict[str, int]:
    """What the clocks of the last transfer went to."""
    spent = channel.data, channel.latency, channel.row_miss, channel.turnaround, channel.refresh
    return dict(zip(COST_NAMES, spent, strict=True))


def serve(requests: list[Request], refresh: bool = False, timing: Timing = SLOW) -> tuple[Channel, list[int]]:
    """Serve *requests*, each in a place of its own."""
    channel = Channel(timing, NAMES, refresh)
    return channel, [
        fetch(channel, arrival, number * PLACE, size, write) for number, (arrival, size, write) in enumerate(requests)
    ]


def stalls(**clocks: int) -> dict[str, int]:
    return {(name if name == "idle" else f"dram_{name}"): count for name, count in clocks.items()}


# 32 bytes a burst, two clocks a burst.
@pytest.mark.parametrize(
    ("requests", "ends", "expected"),
    [
        pytest.param([(0, 64, False)], [READ + 4], stalls(latency=17, row_miss=15), id="a lone read"),
        pytest.param([(0, 33, False)], [READ + 4], stalls(latency=17, row_miss=15), id="a part of a burst is a burst"),
        pytest.param([(0, 64, True)], [WRITE + 4], stalls(latency=9, row_miss=13, turnaround=2), id="a lone write"),
        pytest.param(
            [(100, 64, False)], [100 + READ + 4], stalls(idle=100, latency=17, row_miss=15), id="nothing to do before"
        ),
        pytest.param(
            [(0, 64, False), (0, 640, False)],
            [READ + 4, READ + 44],
            stalls(latency=17, row_miss=15),
            id="the second activation hides behind the first data",
        ),
        pytest.param(
            [(0, 64, False), (4, 64, False)],
            [READ + 4, READ + 8],
            stalls(latency=17, row_miss=15),
            id="just early enough to hide",
        ),
        pytest.param(
            [(0, 64, False), (5, 64, False)],
            [READ + 4, 5 + READ + 4],
            stalls(latency=17 + 1, row_miss=15),
            id="one clock too late to hide",
        ),
        pytest.param(
            [(0, 64, False), (61, 64, False)],
            [36, 61 + READ + 4],
            stalls(idle=25, latency=2 * 17, row_miss=2 * 15),
            id="after idle clocks all is paid again",
        ),
        pytest.param(
            [(0, 64, False), (0, 64, True)],
            [36, 36 + 2 + 4],
            stalls(latency=17, row_miss=15, turnaround=2),
            id="read to write: two clocks between the data",
        ),
        pytest.param(
            # the commands are WL 9 + 4 + WTR_L 10 = 23 apart, data follows them by 9 (and lasts 2) and by 17
            [(0, 64, False), (0, 64, True), (0, 64, False)],
            [36, 42, 42 + (23 + 17 - 9 - 2) + 4],
            stalls(latency=17, row_miss=15, turnaround=2 + 29),
            id="write to read: 29 clocks between the data",
        ),
        pytest.param(
            [(0, 64, False), (0, 64, True), (42 + 40, 64, False)],
            [36, 42, 42 + 40 + READ + 4],
            stalls(idle=40, latency=2 * 17, row_miss=2 * 15, turnaround=2),
            id="turned round while idle",
        ),
    ],
)
def test_ends_and_stalls(requests: list[Request], ends: list[int], expected: dict[str, int]) -> None:
    channel, found = serve(requests)
    assert (found, channel.stalls) == (ends, expected)


def test_costs_describe_the_last_transfer() -> None:
    channel, _ = serve([(0, 64, False), (0, 4096, True)])
    assert costs(channel) == {
        "dram_bandwidth": 4096 // 32 * 2,
        "dram_latency": 0,
        "dram_row_miss": 0,
        "dram_turnaround": 2,
        "dram_refresh": 0,
    }
    assert (channel.begin, channel.free) == (38, 38 + 256)
    assert (channel.bursts, channel.data_clocks) == (2 + 128, 4 + 256)


FIRST = READ + 4  # clocks of a lone read of two bursts: 36


@pytest.mark.parametrize(
    ("address", "arrival", "begin"),
    [
        pytest.param(64, 100, 100 + 17, id="open row"),
        pytest.param(64, 0, FIRST, id="open row, behind the first data"),
        pytest.param(PLACE, 100, 100 + 15 + 17, id="closed bank"),
        pytest.param(ROW, 100, 100 + 15 + 15 + 17, id="another row is open"),
        # the last read command was at 36 - 2 - 17, and RTP 8 after it the row may be closed
        pytest.param(ROW, 0, FIRST - 19 + 8 + 15 + 15 + 17, id="another row is still in use"),
    ],
)
def test_rows(address: int, arrival: int, begin: int) -> None:
    channel, _ = serve([(0, 64, False)])
    fetch(channel, arrival, address, 64, False)
    assert channel.begin == begin


def test_a_written_row_closes_later() -> None:
    channel, ends = serve([(0, 64, True)])
    fetch(channel, 0, ROW, 64, True)
    assert channel.begin == ends[0] + 28 + 15 + 15 + 9  # WR after the data, RP, RCD, WL


def test_a_stream_opens_its_rows_behind_its_data_and_leaves_the_last_four_open() -> None:
    channel, ends = serve([(0, 6 * PLACE, False)])
    assert ends == [READ + 6 * 512]
    for place, hit in ((5, True), (2, True), (1, False)):
        before = channel.stalls["dram_row_miss"]
        fetch(channel, channel.free + 1000, place * PLACE, 64, False)
        assert (channel.stalls["dram_row_miss"] == before) == hit


def test_a_refresh_closes_all_rows() -> None:
    channel, _ = serve([(0, 64, False)], refresh=True)
    fetch(channel, SLOW.refi + 1000, 64, 64, False)
    assert channel.stalls["dram_row_miss"] == 2 * 15


@pytest.mark.parametrize(
    ("ideal", "gone"),
    [
        pytest.param("dram_latency", {"dram_latency", "dram_row_miss"}, id="latency"),
        pytest.param("dram_turnaround", {"dram_turnaround"}, id="turnaround"),
        pytest.param("dram_refresh", {"dram_refresh"}, id="refresh"),
    ],
)
def test_what_is_ideal_costs_nothing(ideal: str, gone: set[str]) -> None:
    def stalled(effects: tuple[str, ...]) -> set[str]:
        channel = Channel(SLOW, NAMES, True, effects)
        for number in range(400):
            fetch(channel, 0, number * (ROW + 4096), 4096, number % 2 == 1)
        fetch(channel, channel.free + 1, 0, 64, False)
        return set(channel.stalls)

    assert stalled(()) - stalled((ideal,)) == gone


def test_data_takes_no_time_on_an_ideal_bus() -> None:
    channel = Channel(SLOW, NAMES, False, ("dram_bandwidth",))
    assert fetch(channel, 0, 0, MIB, False) == READ


WINDOW = SLOW.rp_ab + SLOW.rfc_ab + SLOW.rcd  # 17 + 168 + 15 = 200 clocks from every multiple of REFI = 3125


@pytest.mark.parametrize(
    ("arrival", "bursts", "end", "refresh"),
    [
        pytest.param(1, 1546, 3125, 0, id="ends as the window opens: 1 + 32 + 2 x 1546 = 3125"),
        pytest.param(1, 1547, 3125 + WINDOW + 2, WINDOW, id="one burst more waits through it"),
        pytest.param(3125, 1, 3125 + WINDOW + 2, WINDOW - READ, id="arrives as it opens: latency passes meanwhile"),
        pytest.param(3125 + WINDOW - READ, 1, 3125 + WINDOW + 2, 0, id="ready as it closes"),
        pytest.param(3124, 1, 3125 + WINDOW + 2, WINDOW - READ + 1, id="arrives one clock before"),
        pytest.param(
            1, 1546 + 1463, 2 * 3125 + WINDOW + 1, 2 * WINDOW, id="2926 clocks more: 2925 fit between windows"
        ),
    ],
)
def test_refresh_windows(arrival: int, bursts: int, end: int, refresh: int) -> None:
    channel, ends = serve([(arrival, 32 * bursts, False)], refresh=True)
    assert (ends, channel.stalls.get("dram_refresh", 0)) == ([end], refresh)


def walked(timing: Timing, begin: int, work: int) -> int:
    """The clock at which *work* clocks of data end, by looking at every clock."""
    window = timing.rp_ab + timing.rfc_ab + timing.rcd
    clock = begin
    while work:
        refreshing = clock >= timing.refi and clock % timing.refi < window
        work -= not refreshing
        clock += 1
    return clock


@settings(deadline=None)
@given(
    arrival=st.integers(0, 500),
    bursts=st.integers(1, 300),
    refi=st.integers(20, 120),
    rfc=st.integers(1, 12),
)
def test_refresh_equals_a_walk_over_every_clock(arrival: int, bursts: int, refi: int, rfc: int) -> None:
    timing = replace(SLOW, rl=3, rcd=2, rp_pb=1, rp_ab=4, refi=refi, rfc_ab=rfc)
    channel, ends = serve([(arrival, 32 * bursts, False)], refresh=True, timing=timing)
    assert ends == [walked(timing, channel.begin, 2 * bursts)]


@settings(deadline=None)
@given(
    requests=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 40_000), st.booleans()), min_size=1, max_size=40),
    refresh=st.booleans(),
    timing=st.sampled_from(sorted(TIMINGS)),
)
def test_every_clock_is_accounted_for(requests: list[Request], refresh: bool, timing: str) -> None:
    channel = Channel(TIMINGS[timing], NAMES, refresh)
    arrival = 0
    for gap, size, write in requests:
        arrival, before, idle_before = arrival + gap, channel.free, channel.stalls.get("idle", 0)
        end = fetch(channel, arrival, size * 7919 % 2**24, size, write)
        idle = channel.stalls.get("idle", 0) - idle_before
        assert channel.data_clocks + sum(channel.stalls.values()) == channel.free == end
        assert sum(costs(channel).values()) + idle == end - before
        assert min(costs(channel).values()) >= 0
        assert idle == max(0, arrival - before)
        assert before <= channel.begin <= end - channel.data
    o = TIMINGS[timing].organisation
    assert channel.data_clocks == sum(o.burst_clocks * -(-size // o.burst_bytes) for _, size, _ in requests)
    assert ("dram_refresh" in channel.stalls) <= refresh


# Total clocks of Ramulator 2.1 (FR-FCFS, open page, queues of 32 bursts) on one channel.
@pytest.mark.parametrize(
    ("timing", "refresh", "size", "piece", "alternate", "clocks"),
    [
        pytest.param("lpddr5-6400", True, 4 * MIB, 2048, False, 280_570, id="sequential read"),
        pytest.param("lpddr5-6400", True, 64 * MIB, 2048, False, 4_492_303, id="long sequential read"),
        pytest.param("lpddr5-6400", False, 4 * MIB, 2048, False, 262_179, id="sequential read without refresh"),
        pytest.param("lpddr5x-8533", True, 4 * MIB, 2048, False, 280_548, id="sequential read on the faster grade"),
        pytest.param("lpddr5-6400", True, 4 * MIB, 4096, True, 302_305, id="4 KiB reads and writes in turn"),
    ],
)
def test_streams_take_what_a_cycle_accurate_simulator_says(
    timing: str, refresh: bool, size: int, piece: int, alternate: bool, clocks: int
) -> None:
    channel = Channel(TIMINGS[timing], NAMES, refresh)
    for number in range(size // piece):
        write = alternate and number % 2 == 1
        place = (1 << 28) + PLACE + number // 2 * piece if write else number // (1 + alternate) * piece
        fetch(channel, 0, place, piece, write)
    assert channel.free == pytest.approx(clocks, rel=0.025)
