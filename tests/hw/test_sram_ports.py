"""Units that share banks of SRAM, against arbiters that look at every cycle."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.sram import SramSpec
from hw.sram_ports import SramPorts
from sim.validation.arbiter import Work, done_by_arbiter
from sim.validation.sram import done_by_ports, random_mix
from tests.support.srams import sram

RATE = 64  # bytes a cycle of one cluster in the tests below
Occupation = tuple[str, int, int, dict[int, int]]  # unit, start, cycles, bytes by cluster


class Ports:
    """SRAM ports of which units ask by name, and for requests instead of loads."""

    def __init__(self, spec: SramSpec) -> None:
        self._ports = SramPorts(spec)
        self._users = {unit: self._ports.join() for unit in "abcdefg"}

    def occupy(self, unit: str, now: int, cycles: int, demand: dict[int, int]) -> int:
        return self._ports.occupy(self._users[unit], now, self._ports.load(cycles, demand))


# Clusters give 64 bytes a cycle. Each row ends with the occupation whose length is tested.
@pytest.mark.parametrize(
    ("occupations", "taken"),
    [
        pytest.param([("a", 0, 100, {0: 6400})], 100, id="alone, at the full rate"),
        pytest.param([("a", 0, 100, {0: 6401})], 101, id="alone, one byte more than 100 cycles give"),
        pytest.param([("a", 0, 10, {0: 64, 1: 1280})], 20, id="alone, the fullest cluster counts"),
        pytest.param([("a", 0, 100, {})], 100, id="no traffic"),
        pytest.param([("a", 0, 0, {})], 0, id="no time"),
        pytest.param([("a", 0, 100, {0: 3200}), ("b", 0, 50, {0: 1600})], 50, id="32 + 32 fit"),
        pytest.param([("a", 0, 100, {0: 6400}), ("b", 0, 50, {1: 3200})], 50, id="another cluster"),
        pytest.param([("a", 0, 100, {0: 6400}), ("b", 100, 50, {0: 3200})], 50, id="the other has ended"),
        pytest.param([("a", 0, 100, {0: 6400}), ("a", 100, 50, {0: 3200})], 50, id="its own last request"),
        # a leaves 40 of the 60 bytes that b wants: 2/3 of full speed
        pytest.param([("a", 0, 300, {0: 300 * 24}), ("b", 0, 100, {0: 6000})], 150, id="slowed all the time"),
        pytest.param([("a", 0, 300, {0: 300 * 24}), ("b", 270, 100, {0: 6000})], 110, id="slowed for 30 cycles"),
        pytest.param(
            [("a", 0, 300, {0: 300 * 24, 1: 300 * 14}), ("b", 0, 100, {0: 6000, 1: 6250})],
            150,
            id="the cluster that leaves least counts: 40/60 and 50/62.5",
        ),
        # a wants everything, so b gets an equal share: 32
        pytest.param([("a", 0, 100, {0: 6400}), ("b", 0, 100, {0: 3200})], 100, id="no more than its share"),
        pytest.param([("a", 0, 100, {0: 6400}), ("b", 0, 50, {0: 3200})], 100, id="half speed, 64 wanted"),
        pytest.param([("a", 0, 100, {0: 6400}), ("b", 0, 80, {0: 5120})], 160, id="half speed until done: a is late"),
        pytest.param([("a", 0, 60, {0: 3840}), ("b", 0, 80, {0: 5120})], 140, id="half speed until a has been served"),
        # what b took of a's share makes a's next request longer: 100 cycles at half its speed
        pytest.param(
            [("a", 0, 100, {0: 6400}), ("b", 0, 50, {0: 3200}), ("a", 100, 10, {0: 10})], 10 + 50, id="a pays later"
        ),
        pytest.param(
            [("a", 0, 100, {0: 6400}), ("b", 0, 50, {0: 3200}), ("a", 120, 10, {0: 10})], 10 + 30, id="idle time pays"
        ),
        pytest.param(
            [("a", 0, 100, {0: 6400}), ("b", 0, 50, {0: 3200}), ("a", 150, 10, {0: 10})], 10, id="all paid by idling"
        ),
        pytest.param(
            [("a", 0, 100, {0: 4800}), ("b", 0, 50, {0: 800}), ("a", 100, 10, {0: 10})], 10, id="nothing to pay"
        ),
        # b takes 2/3 of 48 bytes for 75 cycles, so a owes 37.5; 10 + 37.5 is rounded up to 48, and 10 - 0.5 are left
        pytest.param(
            [
                ("a", 0, 100, {0: 6400}),
                ("b", 0, 50, {0: 2400}),
                ("a", 100, 10, {}),
                ("b", 148, 100, {0: 6400}),
                ("a", 148, 10, {0: 640}),
            ],
            19,
            id="rounding up is made good",
        ),
        # a holds b to half its speed in cluster 1, so that b leaves half of cluster 0
        pytest.param(
            [("a", 0, 100, {1: 6400}), ("b", 0, 50, {0: 3200, 1: 3200}), ("c", 0, 40, {0: 2560})],
            80,
            id="a request that is slowed elsewhere leaves more",
        ),
        # of cluster 0, b, c and d get a third each: d ends at 75 when 25 of b are left; then a holds b to half its
        # speed in cluster 1, so that 12.5 are left at 100, where its end was foretold, and take 25
        pytest.param(
            [
                ("a", 0, 100, {1: 6400}),
                ("b", 0, 50, {0: 3200, 1: 3200}),
                ("c", 0, 100, {0: 2400}),
                ("d", 0, 25, {0: 1600}),
                ("b", 100, 10, {}),
            ],
            10 + 25,
            id="late in one cluster, then in the other",
        ),
        # a third each until c ends at 96, then half each until b ends at 128, and 48 of a are left
        pytest.param(
            [("a", 0, 96, {0: 6144}), ("b", 0, 48, {0: 3072}), ("c", 0, 32, {0: 2048}), ("a", 96, 10, {})],
            10 + 80,
            id="two newcomers: 32 cycles at half speed and 48 alone to make up for",
        ),
        pytest.param(
            [("a", 0, 99, {0: 99 * 64}), ("b", 0, 99, {0: 99 * 64}), ("c", 0, 33, {0: 33 * 64})],
            99,
            id="the third gets a third",
        ),
    ],
)
def test_occupation(occupations: list[Occupation], taken: int) -> None:
    ports = Ports(sram(2))
    assert [ports.occupy(*occupation) for occupation in occupations][-1] == taken


requests = st.tuples(st.integers(1, 400), st.integers(0, 30_000))  # cycles, bytes


@settings(deadline=None)
@given(first=requests, second=requests, start=st.integers(0, 400))
def test_a_second_request_takes_what_a_walk_over_every_cycle_says(
    first: tuple[int, int], second: tuple[int, int], start: int
) -> None:
    """Each cycle is shared fairly between what is left of the two; the last of a request is a cycle of its own."""
    ports = Ports(sram())
    first_end = ports.occupy("a", 0, first[0], {0: first[1]})
    assert first_end == max(first[0], -(-first[1] // RATE))
    alone = max(second[0], -(-second[1] // RATE))
    rates, left, time = (first[1] / first_end, second[1] / alone), [float(first_end), float(alone)], 0
    while left[1] > 1e-6:
        wanted = [rate if left[i] > 1e-6 and (i == 0 or time >= start) else 0.0 for i, rate in enumerate(rates)]
        for i in range(2):
            if left[i] > 1e-6 and (i == 0 or time >= start):
                room = max(RATE / 2, RATE - wanted[1 - i])
                left[i] -= min(1.0, room / wanted[i]) if wanted[i] else 1.0
        time += 1
    assert ports.occupy("b", start, second[0], {0: second[1]}) == pytest.approx(time - start, abs=1)


@settings(deadline=None)
@given(
    occupations=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(0, 60),
            st.integers(0, 500),
            st.dictionaries(st.integers(0, 1), st.integers(0, 40_000)),
        ),
        max_size=40,
    )
)
def test_no_request_is_faster_than_alone_on_the_banks(occupations: list[Occupation]) -> None:
    ports = Ports(sram(2))
    now, free = 0, dict.fromkeys("abc", 0)
    for unit, gap, cycles, demand in occupations:
        now = max(now, free[unit]) + gap
        taken = ports.occupy(unit, now, cycles, demand)
        assert taken >= max(cycles, -(-max(demand.values(), default=0) // RATE))
        free[unit] = now + taken


def mixed_work(seed: int) -> list[Work]:
    """Fifty requests of up to 300 cycles that want up to one and a half times what the banks give."""
    source = random.Random(seed)
    lengths = [source.randint(20, 300) for _ in range(50)]
    return [(cycles, {0: source.randint(0, cycles * RATE * 3 // 2)}) for cycles in lengths]


@pytest.mark.parametrize(
    "work",
    [
        pytest.param({"a": [(100, {0: 6400})], "b": [(100, {0: 6400})]}, id="both want everything"),
        pytest.param({"a": [(400, {0: 25_600})], "b": [(10, {0: 320})]}, id="long that want all, short that want half"),
        pytest.param({"a": [(400, {0: 25_600})], "b": [(10, {0: 160})]}, id="short ones that want a quarter"),
        pytest.param({"a": [(100, {0: 4800})], "b": [(37, {0: 37 * 48})]}, id="three quarters each"),
        pytest.param({"a": [(100, {0: 2400})], "b": [(37, {0: 37 * 48})]}, id="three eighths and three quarters"),
        pytest.param({"a": [(4, {0: 4 * 48})], "b": [(5, {0: 5 * 40})]}, id="requests of a few cycles"),
        pytest.param({"a": [(100, {0: 3200})], "b": [(60, {0: 1800})]}, id="enough for both"),
        *(pytest.param({"a": mixed_work(n), "b": mixed_work(n + 100)}, id=f"mixed {n}") for n in range(5)),
    ],
)
def test_busy_units_share_the_banks_like_under_a_fair_arbiter(work: dict[str, list[Work]]) -> None:
    expected = done_by_arbiter(RATE, work, 20_000)
    found = done_by_ports(sram(), work, 20_000)
    assert found == {unit: pytest.approx(count, rel=0.05) for unit, count in expected.items()}


@pytest.mark.parametrize("number", range(12))
def test_up_to_six_units_share_clusters_like_under_a_fair_arbiter(number: int) -> None:
    """Nothing is foretold for so long that it matters: the tolerance is what 20,000 cycles leave of a lag."""
    mix = random_mix(number)
    expected = done_by_arbiter(mix.spec.cluster_bytes_per_cycle, mix.work, 20_000)
    found = done_by_ports(mix.spec, mix.work, 20_000)
    assert found == {unit: pytest.approx(count, rel=0.08) for unit, count in expected.items()}


def test_banks_that_are_wanted_are_never_idle() -> None:
    done = done_by_ports(sram(), {"a": [(100, {0: 4800})], "b": [(37, {0: 37 * 48})]}, 100_000)
    assert done["a"] * 4800 + done["b"] * 37 * 48 == pytest.approx(100_000 * RATE, rel=0.01)


# The DMA engine moves 16 bytes a cycle, unless said otherwise. "a" asks for 100 cycles for *rate* bytes a cycle, from
# cycle 0 on.
@pytest.mark.parametrize(
    ("dma_rate", "rate", "moves", "taken"),
    [
        pytest.param(16, 64, [], 100, id="nothing moves"),
        pytest.param(16, 48, [(0, 40), (40, 80)], 100, id="room for both"),
        pytest.param(16, 64, [(0, 40)], 100, id="units go first: a transfer behind"),
        # in the second transfer the DMA engine has fallen behind by one: 40 cycles at 3/4 of full speed
        pytest.param(16, 64, [(0, 40), (40, 80)], 110, id="no more than one transfer behind"),
        pytest.param(16, 64, [(0, 40), (50, 90)], 110, id="it does not catch up where there is no room"),
        pytest.param(16, 64, [(0, 40), (40, 50)], 103, id="no more than the one at hand"),
        pytest.param(16, 64, [(0, 10), (10, 50)], 102.5, id="a long one behind a short one: 30 cycles later"),
        pytest.param(1000, 64, [(0, 40), (40, 80)], 120, id="never more than half"),
        # 8 of 16 bytes are left for it: 20 cycles behind after each of two, then 20 cycles are left at 48/56
        pytest.param(16, 56, [(0, 40), (40, 80), (80, 120)], 80 + 20 * 56 / 48, id="half of what it wants is left"),
        # 20 cycles behind, of which 10 are made good in the pause of 20; 10 + 20 behind at 100, just short of 40
        pytest.param(16, 56, [(0, 40), (60, 100)], 100, id="made good meanwhile"),
        pytest.param(16, 64, [(200, 240), (240, 280)], 100, id="later"),
    ],
)
def test_the_dma_engine_goes_first_when_it_is_a_transfer_behind(
    dma_rate: float, rate: int, moves: list[tuple[float, float]], taken: float
) -> None:
    ports = SramPorts(sram(), dma_rate)
    user, kind = ports.join(), ports.traffic({0: 64})
    for begin, end in moves:
        ports.move(0, kind, begin, end)
    assert ports.occupy(user, 0, ports.load(100, {0: 100 * rate})) == ceil(taken)


def test_what_is_told_after_a_request_has_started_is_served_before_the_next() -> None:
    ports = SramPorts(sram(), 16)
    user, kind = ports.join(), ports.traffic({0: 64})
    assert ports.occupy(user, 0, ports.load(100, {0: 6400})) == 100
    for begin in (10, 50):
        ports.move(10, kind, begin, begin + 40)
    assert ports.occupy(user, 100, ports.load(10, {0: 0})) == 10 + 10


def test_a_pause_of_units_lets_the_dma_engine_catch_up() -> None:
    ports = SramPorts(sram(), 16)
    user, kind, all_of_it = ports.join(), ports.traffic({0: 64}), ports.load(40, {0: 40 * RATE})
    for begin in (0, 60, 100):
        ports.move(0, kind, begin, begin + 40)
    assert ports.occupy(user, 0, all_of_it) == 40  # 40 behind
    # At 60 it has made good 20 of the 40 that it was behind at 40; at 80 it is 40 behind again.
    assert ports.occupy(user, 60, all_of_it) == ceil(20 + 20 * 4 / 3)
    assert ports.occupy(user, 200, all_of_it) == 40


def test_a_transfer_takes_from_the_clusters_of_its_buffer() -> None:
    """48 of 64 bytes in the first cluster: three quarters of DRAM's rate there, a quarter in the other."""
    ports = SramPorts(sram(2), 32)
    users, kind = [ports.join() for _ in range(2)], ports.traffic({0: 48, 1: 16})
    for begin in (0, 50):
        ports.move(0, kind, begin, begin + 50)
    loads = [ports.load(110, {cluster: 110 * RATE}) for cluster in range(2)]
    taken = [ceil(100 + 110 - 50 - 50 * (64 - rate) / 64) for rate in (24, 8)]
    assert [ports.occupy(user, 0, load) for user, load in zip(users, loads, strict=True)] == taken


def test_kinds_of_traffic_are_numbered_by_what_they_take() -> None:
    ports = SramPorts(sram(4), 16)
    lies = [{0: 8}, {0: 16}, {0: 8, 1: 8}, {1: 4, 0: 4}, {}, {1: 3}]
    assert [ports.traffic(each) for each in lies] == [1, 1, 2, 2, 0, 3]


def test_any_number_of_transfers_is_taken_note_of() -> None:
    """Many more than there is room for at first, none of which is over: each but the first takes a quarter."""
    ports = SramPorts(sram(), 16)
    user, kind = ports.join(), ports.traffic({0: 1})
    for number in range(1000):
        ports.move(0, kind, 10 * number, 10 * number + 10)
    assert ports.occupy(user, 0, ports.load(7510, {0: 7510 * RATE})) == ceil(10_000 + 7510 - 10 - 9990 * 3 / 4)


def test_transfers_that_are_over_are_forgotten() -> None:
    """Data move all the time, half of which a unit wants all: after two requests the DMA engine is a transfer behind,
    and from then on gets a quarter."""
    ports = SramPorts(sram(), 16)
    user, kind, load = ports.join(), ports.traffic({0: 1}), ports.load(5, {0: 5 * RATE})
    taken = []
    for now in range(0, 10_000, 10):
        if now % 100 == 0:
            for begin in range(now, now + 100, 10):
                ports.move(now, kind, begin, begin + 10)
        taken.append(ports.occupy(user, now, load))
    assert taken == [5, 5, *[ceil(5 * 4 / 3)] * 998]


def test_requests_that_ask_for_the_same_are_one_load() -> None:
    ports = SramPorts(sram(2))
    loads = [ports.load(*request) for request in [(10, {0: 64}), (10, {1: 64}), (10, {0: 64}), (11, {0: 64}), (10, {})]]
    assert loads == [0, 1, 0, 2, 3]


def test_units_are_numbered_as_they_join() -> None:
    ports = SramPorts(sram())
    assert [ports.join() for _ in range(3)] == [0, 1, 2]


def test_any_number_of_late_requests() -> None:
    """While a is served another unit comes, which lasts and gets as much as each of the others; so a's request is
    late, and behind it what a starts as the next unit comes: a cycle each without the banks."""
    ports = Ports(sram())
    left, now = Fraction(10**6), 0
    taken = ports.occupy("a", now, 10**6, {0: 10**6 * RATE})
    for users, unit in enumerate("bcdefg", 2):
        ports.occupy(unit, now, 10**8, {0: 10**8 * RATE})
        now += taken
        left -= Fraction(taken, users)
        taken = ports.occupy("a", now, 1, {})
        assert taken == ceil(left * users) + users - 1
