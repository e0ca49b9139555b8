"""LPDDR5 channels: latency, turnaround, refresh, and where every clock went; against a cycle-accurate simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.lpddr5 import COST_NAMES, TIMINGS, Channel, DramSpec, Timing

MIB = 2**20
SLOW = TIMINGS["lpddr5-6400"]
ACTIVATE = SLOW.rp_pb + SLOW.rcd  # 15 + 15 clocks: close the old row, open the new one
READ = ACTIVATE + SLOW.rl  # 47 clocks until the first data of a read
WRITE = ACTIVATE + SLOW.wl  # 39 for a write

Request = tuple[int, int, bool]  # arrival, bytes, write


def serve(requests: list[Request], refresh: bool = False, timing: Timing = SLOW) -> tuple[Channel, list[int]]:
    channel = Channel(timing, refresh)
    return channel, [channel.serve(arrival, size, write, "idle") for arrival, size, write in requests]


def stalls(**clocks: int) -> dict[str, int]:
    return {(name if name == "idle" else f"dram_{name}"): count for name, count in clocks.items()}


# 32 bytes a burst, two clocks a burst.
@pytest.mark.parametrize(
    ("requests", "ends", "expected"),
    [
        pytest.param([(0, 64, False)], [READ + 4], stalls(latency=17, row_miss=30), id="a lone read"),
        pytest.param([(0, 33, False)], [READ + 4], stalls(latency=17, row_miss=30), id="a part of a burst is a burst"),
        pytest.param([(0, 64, True)], [WRITE + 4], stalls(latency=9, row_miss=28, turnaround=2), id="a lone write"),
        pytest.param(
            [(100, 64, False)], [100 + READ + 4], stalls(idle=100, latency=17, row_miss=30), id="nothing to do before"
        ),
        pytest.param(
            [(0, 64, False), (0, 640, False)],
            [READ + 4, READ + 44],
            stalls(latency=17, row_miss=30),
            id="the second activation hides behind the first data",
        ),
        pytest.param(
            [(0, 64, False), (4, 64, False)],
            [READ + 4, READ + 8],
            stalls(latency=17, row_miss=30),
            id="just early enough to hide",
        ),
        pytest.param(
            [(0, 64, False), (5, 64, False)],
            [READ + 4, 5 + READ + 4],
            stalls(latency=17 + 1, row_miss=30),
            id="one clock too late to hide",
        ),
        pytest.param(
            [(0, 64, False), (61, 64, False)],
            [51, 61 + READ + 4],
            stalls(idle=10, latency=2 * 17, row_miss=2 * 30),
            id="after ten idle clocks all is paid again",
        ),
        pytest.param(
            [(0, 64, False), (0, 64, True)],
            [51, 51 + 2 + 4],
            stalls(latency=17, row_miss=30, turnaround=2),
            id="read to write: two clocks between the data",
        ),
        pytest.param(
            # the commands are WL 9 + 4 + WTR_L 10 = 23 apart, data follows them by 9 (and lasts 2) and by 17
            [(0, 64, False), (0, 64, True), (0, 64, False)],
            [51, 57, 57 + (23 + 17 - 9 - 2) + 4],
            stalls(latency=17, row_miss=30, turnaround=2 + 29),
            id="write to read: 29 clocks between the data",
        ),
        pytest.param(
            [(0, 64, False), (0, 64, True), (57 + 40, 64, False)],
            [51, 57, 57 + 40 + READ + 4],
            stalls(idle=40, latency=2 * 17, row_miss=2 * 30, turnaround=2),
            id="turned round while idle",
        ),
    ],
)
def test_ends_and_stalls(requests: list[Request], ends: list[int], expected: dict[str, int]) -> None:
    channel, found = serve(requests)
    assert (found, channel.stalls) == (ends, expected)


def test_costs_describe_the_last_transfer() -> None:
    channel, _ = serve([(0, 64, False), (0, 4096, True)])
    assert dict(zip(COST_NAMES, channel.costs, strict=True)) == {
        "dram_bandwidth": 4096 // 32 * 2,
        "dram_latency": 0,
        "dram_row_miss": 0,
        "dram_turnaround": 2,
        "dram_refresh": 0,
    }
    assert (channel.begin, channel.free) == (53, 53 + 256)
    assert (channel.bursts, channel.rows_opened, channel.data_clocks) == (2 + 128, 1 + 2, 4 + 256)


WINDOW = SLOW.rp_ab + SLOW.rfc_ab + SLOW.rcd  # 17 + 168 + 15 = 200 clocks from every multiple of REFI = 3125


@pytest.mark.parametrize(
    ("arrival", "bursts", "end", "refresh"),
    [
        pytest.param(0, 1539, 3125, 0, id="ends as the window opens: 47 + 2 x 1539 = 3125"),
        pytest.param(0, 1540, 3125 + WINDOW + 2, WINDOW, id="one burst more waits through it"),
        pytest.param(3125, 1, 3125 + WINDOW + 2, WINDOW - READ, id="arrives as it opens: latency passes meanwhile"),
        pytest.param(3125 + WINDOW - READ, 1, 3125 + WINDOW + 2, 0, id="ready as it closes"),
        pytest.param(3124, 1, 3125 + WINDOW + 2, WINDOW - READ + 1, id="arrives one clock before"),
        pytest.param(
            0, 1539 + 1463, 2 * 3125 + WINDOW + 1, 2 * WINDOW, id="2926 clocks more: 2925 fit between windows"
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
    channel = Channel(TIMINGS[timing], refresh)
    arrival = 0
    for gap, size, write in requests:
        arrival, before, idle_before = arrival + gap, channel.free, channel.stalls.get("idle", 0)
        end = channel.serve(arrival, size, write, "idle")
        idle = channel.stalls.get("idle", 0) - idle_before
        assert channel.data_clocks + sum(channel.stalls.values()) == channel.free == end
        assert sum(channel.costs) + idle == end - before
        assert min(channel.costs) >= 0
        assert idle == max(0, arrival - before)
        assert before <= channel.begin <= end - channel.costs[0]
    assert channel.data_clocks == sum(2 * -(-size // 32) for _, size, _ in requests)
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
    requests = [(0, piece, alternate and number % 2 == 1) for number in range(size // piece)]
    channel, _ = serve(requests, refresh, TIMINGS[timing])
    assert channel.free == pytest.approx(clocks, rel=0.02)


@pytest.mark.parametrize(
    ("timing", "channels", "gigabytes"),
    [
        pytest.param("lpddr5x-8533", 2, 34.13, id="the two channels of the edge machine"),
        pytest.param("lpddr5-6400", 1, 12.8, id="16 data lines x 6400 MT/s / 8"),
        pytest.param("lpddr5-6400", 2, 25.6, id="two of them"),
    ],
)
def test_peak_bandwidth(timing: str, channels: int, gigabytes: float) -> None:
    spec = DramSpec.model_validate({"timing": timing, "channels": channels})
    assert spec.bytes_per_second / 1e9 == pytest.approx(gigabytes, abs=0.005)
