"""Requests and their costs: what is counted of them, and two costs one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.requests import Cost, Gemm, Transfer, Work


def test_a_gemm_accumulates_every_product() -> None:
    assert Gemm(3, 5, 7).macs == 3 * 5 * 7
    assert Gemm(3, 5, 7, batch=2).macs == 2 * 3 * 5 * 7


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        pytest.param(Cost(10), Cost(5), Cost(15), id="cycles"),
        pytest.param(Cost(10, 4), Cost(5), Cost(15), id="the first tail ends within the second request"),
        pytest.param(Cost(10, 8), Cost(5), Cost(15, 3), id="or three cycles after it"),
        pytest.param(Cost(10, 8), Cost(5, 2), Cost(15, 3), id="later than that of the second"),
        pytest.param(Cost(10, 8), Cost(5, 6), Cost(15, 6), id="earlier"),
        pytest.param(Cost(10, 8), Cost(0, 6), Cost(10, 8), id="a second request of no time"),
        pytest.param(Cost(10, 0, 6, 1), Cost(5, 0, 2, 3), Cost(15, 0, 8, 4), id="useful cycles, fill and drain"),
    ],
)
def test_two_requests_one_after_the_other(first: Cost, second: Cost, both: Cost) -> None:
    assert first + second == both


costs = st.builds(Cost, st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))


@given(costs, costs, costs)
def test_in_whatever_order_they_are_added(first: Cost, second: Cost, third: Cost) -> None:
    assert (first + second) + third == first + (second + third)
    assert Cost(0) + first == first == first + Cost(0)


def test_bytes_moved() -> None:
    assert Work(10, 3, {0: 64, 2: 100}).moved_bytes == 64 + 100
    assert Work(10, 3, {}).moved_bytes == 0
    assert Transfer(4096, write=True, address=7).moved_bytes == 4096


def test_a_transfer_reads_from_the_start_of_dram_unless_told() -> None:
    transfer = Transfer(64)
    assert (transfer.write, transfer.address) == (False, 0)
