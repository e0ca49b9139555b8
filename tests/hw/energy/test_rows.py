"""Rows that transfers open: 8 KiB regions of four rows of 2 KiB, in each channel."""

from __future__ import annotations

import numpy as np
import pytest

from hw.dram.lpddr5 import X16
from hw.energy.rows import rows_opened


@pytest.mark.parametrize(
    ("addresses", "sizes", "channels", "opened"),
    [
        pytest.param([0], [8192], 1, [4], id="a region"),
        pytest.param([0], [8193], 1, [8], id="a byte more"),
        pytest.param([0, 4096, 8192], [4096, 4096, 4096], 1, [4, 0, 4], id="a stream goes on in what is open"),
        pytest.param([0, 65536, 0], [4096, 4096, 4096], 1, [4, 4, 4], id="back and forth"),
        pytest.param([0], [64], 1, [1], id="one bank group"),
        pytest.param([0], [65], 1, [2], id="two bank groups"),
        pytest.param([0, 16384], [16384, 16384], 2, [8, 8], id="two channels, half of it each"),
        pytest.param([12288], [8192], 2, [16], id="across a border in both channels"),
        pytest.param([], [], 2, [], id="nothing"),
    ],
)
def test_rows(addresses: list[int], sizes: list[int], channels: int, opened: list[int]) -> None:
    found = rows_opened(np.array(addresses, np.int64), np.array(sizes, np.int64), channels, X16)
    assert found.tolist() == opened


def test_a_long_stream_opens_each_of_its_rows_once() -> None:
    sizes = np.full(1000, 12_000, np.int64)
    addresses = np.cumsum(sizes) - sizes
    assert rows_opened(addresses, sizes, 1, X16).sum() == 4 * -(-12_000_000 // 8192)
