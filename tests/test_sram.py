"""SRAM: what lies in which cluster, and units that share banks, against arbiters that look at every cycle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.sram import SramPorts, SramSpec
from sim.documents import Document
from sim.errors import InputError

RATE = 64  # bytes a cycle of one cluster in the tests below


def sram(banks: int = 1, interleave: int = 1, ports: int = 1, width: str = "64B", capacity: str = "4KiB") -> SramSpec:
    values = {"capacity": capacity, "banks": banks, "bank_width": width, "ports": ports, "interleave": interleave}
    return Document(values, [("sram.yaml", values)]).check(SramSpec)


@pytest.mark.parametrize(
    ("spec", "clusters", "cluster_bytes", "rate"),
    [
        pytest.param(sram(16, 16, 1), 1, 4096, 16 * 64, id="all banks in one cluster"),
        pytest.param(sram(16, 4, 1), 4, 1024, 4 * 64, id="four clusters"),
        pytest.param(sram(16, 1, 2), 16, 256, 2 * 64, id="a bank each, two ports"),
    ],
)
def test_clusters(spec: SramSpec, clusters: int, cluster_bytes: int, rate: int) -> None:
    assert (spec.clusters, spec.cluster_bytes, spec.cluster_bytes_per_cycle) == (clusters, cluster_bytes, rate)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param({"capacity": "0B"}, "capacity and bank_width must be positive", id="no capacity"),
        pytest.param({"width": "0B"}, "capacity and bank_width must be positive", id="no width"),
        pytest.param(
            {"banks": 6, "interleave": 4},
            "banks (6) must divide the capacity and be a multiple of interleave",
            id="interleave that does not fit",
        ),
        pytest.param(
            {"banks": 3}, "banks (3) must divide the capacity and be a multiple of interleave", id="uneven banks"
        ),
        pytest.param({"ports": 0}, "ports: found 0, expected greater than 0", id="no port"),
        pytest.param({"capacity": "4"}, "capacity: must be a quantity with a unit such as '2MiB', not '4'", id="unit"),
    ],
)
def test_a_bad_memory_is_refused(spec: dict[str, int | str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        sram(**spec)  # type: ignore[arg-type]
    assert str(caught.value) == f"sram.yaml:1: {message}"


# Four clusters of 1024 bytes.
@pytest.mark.parametrize(
    ("start", "size", "traffic", "shares"),
    [
        pytest.param(0, 1024, 500, {0: 500}, id="fills one cluster"),
        pytest.param(1024, 1, 500, {1: 500}, id="starts where the second does"),
        pytest.param(1000, 24, 500, {0: 500}, id="ends where the first does"),
        pytest.param(512, 1024, 500, {0: 250, 1: 250}, id="half and half"),
        pytest.param(768, 1024, 1000, {0: 250, 1: 750}, id="a quarter and the rest"),
        pytest.param(0, 4096, 400, {0: 100, 1: 100, 2: 100, 3: 100}, id="everywhere"),
        pytest.param(512, 3072, 600, {0: 100, 1: 200, 2: 200, 3: 100}, id="over four"),
        pytest.param(512, 1024, 1, {0: 1, 1: 1}, id="shares are rounded up"),
        pytest.param(512, 1024, 0, {0: 0, 1: 0}, id="no traffic"),
        pytest.param(512, 0, 0, {}, id="empty buffer"),
    ],
)
def test_traffic_spreads_over_clusters_like_the_buffer(
    start: int, size: int, traffic: int, shares: dict[int, int]
) -> None:
    assert sram(4).spread(start, size, traffic) == shares


@pytest.mark.parametrize(
    ("start", "size"), [pytest.param(3072, 1025, id="one byte too long"), pytest.param(4096, 1, id="outside")]
)
def test_a_buffer_must_lie_in_the_memory(start: int, size: int) -> None:
    with pytest.raises(ValueError) as caught:
        sram(4).spread(start, size, 1)
    assert str(caught.value) == f"buffer at {start} of {size} bytes ends behind the SRAM"


Occupation = tuple[str, int, int, dict[int, int]]  # unit, start, cycles, bytes by cluster


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
        pytest.param([("a", 0, 100, {0: 6400}), ("b", 0, 80, {0: 5120})], 130, id="half speed for 100, then full"),
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
        # of cluster 0, b takes 32 bytes and c 24; d takes a quarter, 16, of which 8 are left; b loses 1/7 of its speed
        pytest.param(
            [
                ("a", 0, 100, {1: 6400}),
                ("b", 0, 50, {0: 3200, 1: 3200}),
                ("c", 0, 100, {0: 2400}),
                ("d", 0, 25, {0: 1600}),
                ("b", 100, 10, {}),
            ],
            10 + 8,
            id="a request that is slowed owes less: 1/7 of 50 cycles",
        ),
        # b takes half of a's speed, 48 cycles; c takes 21.3 of the 96 bytes that a and b move, so 2/9 of 96 cycles
        pytest.param(
            [("a", 0, 96, {0: 6144}), ("b", 0, 48, {0: 3072}), ("c", 0, 32, {0: 2048}), ("a", 96, 10, {})],
            10 + 70,
            id="two newcomers: 48 and 21.3 cycles to pay",
        ),
        pytest.param(
            [("a", 0, 99, {0: 99 * 64}), ("b", 0, 99, {0: 99 * 64}), ("c", 0, 33, {0: 33 * 64})],
            99,
            id="the third gets a third",
        ),
    ],
)
def test_occupation(occupations: list[Occupation], taken: int) -> None:
    ports = SramPorts(sram(2))
    assert [ports.occupy(*occupation) for occupation in occupations][-1] == taken


requests = st.tuples(st.integers(1, 400), st.integers(0, 30_000))  # cycles, bytes


@settings(deadline=None)
@given(first=requests, second=requests, start=st.integers(0, 400))
def test_a_second_request_takes_what_a_walk_over_every_cycle_says(
    first: tuple[int, int], second: tuple[int, int], start: int
) -> None:
    """The first request keeps its rate; the second gets what is left, or half if that is more."""
    ports = SramPorts(sram())
    first_end = ports.occupy("a", 0, first[0], {0: first[1]})
    assert first_end == max(first[0], -(-first[1] // RATE))
    alone = max(second[0], -(-second[1] // RATE))
    wanted, used = second[1] / alone, first[1] / first_end
    left, time = float(alone), start
    while left > 1e-6:
        room = max(RATE - used, RATE / 2) if time < first_end else RATE
        left -= min(1.0, room / wanted) if wanted else 1.0
        time += 1
    assert ports.occupy("b", start, second[0], {0: second[1]}) == time - start


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
    ports = SramPorts(sram(2))
    now, free = 0, dict.fromkeys("abc", 0)
    for unit, gap, cycles, demand in occupations:
        now = max(now, free[unit]) + gap
        taken = ports.occupy(unit, now, cycles, demand)
        assert taken >= max(cycles, -(-max(demand.values(), default=0) // RATE))
        free[unit] = now + taken


Work = tuple[int, int]  # cycles, bytes


def done_by_ports(work: dict[str, list[Work]], horizon: int) -> dict[str, float]:
    """Requests that each unit finishes until *horizon* if it does its *work* over and over."""
    ports = SramPorts(sram())
    free, done = dict.fromkeys(work, 0), dict.fromkeys(work, 0.0)
    items: dict[str, Iterator[Work]] = {unit: cycle(requests) for unit, requests in work.items()}
    while min(free.values()) < horizon:
        unit = min(free, key=lambda name: free[name])
        cycles, size = next(items[unit])
        taken = ports.occupy(unit, free[unit], cycles, {0: size})
        done[unit] += min(1.0, (horizon - free[unit]) / taken)
        free[unit] += taken
    return done


def done_by_arbiter(work: dict[str, list[Work]], horizon: int) -> dict[str, float]:
    """The same by giving out each cycle's bytes: the least demanding unit first, an equal share of the rest each."""
    done = dict.fromkeys(work, 0.0)
    for _ in range(horizon):
        running = {unit: requests[int(done[unit]) % len(requests)] for unit, requests in work.items()}
        alone = {unit: max(cycles, size / RATE) for unit, (cycles, size) in running.items()}
        wanted = {unit: size / alone[unit] for unit, (_, size) in running.items()}
        room = float(RATE)
        for place, unit in enumerate(sorted(work, key=lambda name: wanted[name])):
            given_bytes = min(wanted[unit], room / (len(work) - place))
            room -= given_bytes
            done[unit] += (given_bytes / wanted[unit] if wanted[unit] else 1.0) / alone[unit]
    return done


def mixed_work(seed: int) -> list[Work]:
    """Fifty requests of up to 300 cycles that want up to one and a half times what the banks give."""
    source = random.Random(seed)
    lengths = [source.randint(20, 300) for _ in range(50)]
    return [(cycles, source.randint(0, cycles * RATE * 3 // 2)) for cycles in lengths]


@pytest.mark.parametrize(
    "work",
    [
        pytest.param({"a": [(100, 6400)], "b": [(100, 6400)]}, id="both want everything"),
        pytest.param({"a": [(400, 25_600)], "b": [(10, 320)]}, id="long ones that want all, short ones that want half"),
        pytest.param({"a": [(400, 25_600)], "b": [(10, 160)]}, id="short ones that want a quarter"),
        pytest.param({"a": [(100, 4800)], "b": [(37, 37 * 48)]}, id="three quarters each"),
        pytest.param({"a": [(100, 2400)], "b": [(37, 37 * 48)]}, id="three eighths and three quarters"),
        pytest.param({"a": [(4, 4 * 48)], "b": [(5, 5 * 40)]}, id="requests of a few cycles"),
        pytest.param({"a": [(100, 3200)], "b": [(60, 1800)]}, id="enough for both"),
        *(pytest.param({"a": mixed_work(n), "b": mixed_work(n + 100)}, id=f"mixed {n}") for n in range(5)),
    ],
)
def test_busy_units_share_the_banks_like_under_a_fair_arbiter(work: dict[str, list[Work]]) -> None:
    expected = done_by_arbiter(work, 20_000)
    found = done_by_ports(work, 20_000)
    assert found == {unit: pytest.approx(count, rel=0.05) for unit, count in expected.items()}


def test_banks_that_are_wanted_are_never_idle() -> None:
    done = done_by_ports({"a": [(100, 4800)], "b": [(37, 37 * 48)]}, 100_000)
    assert done["a"] * 4800 + done["b"] * 37 * 48 == pytest.approx(100_000 * RATE, rel=0.01)


@pytest.mark.parametrize(
    ("dma_bytes_per_cycle", "cycles"),
    [
        pytest.param(0.0, 100, id="no-dma"),
        pytest.param(16.0, ceil(100 * 64 / 48), id="a-quarter-of-the-cluster"),
        pytest.param(1000.0, 200, id="never-more-than-half"),
    ],
)
def test_dma_takes_its_share_first(dma_bytes_per_cycle: float, cycles: int) -> None:
    """A request that needs all 64 bytes a cycle of its cluster gets what the DMA engine leaves."""
    spec = SramSpec(capacity="1KiB", banks=1, bank_width="64B", ports=1, interleave=1)
    assert SramPorts(spec, dma_bytes_per_cycle).occupy("simd", 0, 100, {0: 6400}) == cycles
