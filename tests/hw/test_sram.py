"""SRAM as a machine's file describes it: what lies in which cluster, and mistakes."""

from __future__ import annotations

import pytest

from hw.sram import SramSpec
from sim.files.errors import InputError
from tests.support.srams import sram


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
        pytest.param({"capacity": "0B"}, "capacity: found '0B', expected 1B to 64GiB", id="no capacity"),
        pytest.param({"width": "0B"}, "bank_width: found '0B', expected 1B to 64KiB", id="no width"),
        pytest.param(
            {"banks": 6, "interleave": 4},
            "banks: banks = 6 must be a multiple of interleave = 4",
            id="interleave that does not fit",
        ),
        pytest.param({"banks": 3}, "banks: capacity = 4096 B must be a multiple of banks = 3", id="uneven banks"),
        pytest.param({"ports": 0}, "ports: found 0, expected 1 at least", id="no port"),
        pytest.param({"banks": 8192}, "banks: found 8192, expected 4096 at most", id="many banks"),
        pytest.param(
            {"capacity": "4"}, "capacity: found '4', expected a quantity with a unit such as '2MiB'", id="unit"
        ),
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
