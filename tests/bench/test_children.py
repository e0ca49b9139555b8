"""Processes whose time and memory are measured."""

from __future__ import annotations

import pytest

from bench import children


def test_peak_and_time_are_those_of_the_process() -> None:
    mine = bytearray(200_000_000)  # a process that starts another counts in its peak
    small, large = (children.python("-c", f"print(len(bytearray({size})))") for size in (1, 10**8))
    assert len(mine) > 2 * small.peak_bytes
    assert large.peak_bytes - small.peak_bytes == pytest.approx(10**8, rel=0.1)
    assert (small.output, large.output) == ("1\n", "100000000\n")
    assert 0 < small.cpu_s < 10
