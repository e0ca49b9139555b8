"""Rates beside the peaks of the shipped machine that is such a card."""

from __future__ import annotations

import pytest

from sim.paper.gpu.rates import peaks, rates_section
from sim.paper.runs import Runs
from tests.support.gpus import card, measurements


def test_peaks_are_those_of_the_machine() -> None:
    found = peaks(measurements())
    assert found is not None
    assert (found.bytes_per_second, 2 * found.macs_per_second) == pytest.approx((3.35e12, 989.4e12), rel=2e-3)
    assert peaks(measurements(card=card("Another GPU", ""))) is None


def test_rates_follow_from_seconds() -> None:
    """A GiB read and written at 3 TB/s; a matrix of 4096 x 4096 read in 13.4 µs, with two vectors."""
    page = rates_section({"gpu/a.json": measurements()}, Runs())
    assert "| [a](gpu/a.json) | copy | 1 GiB | 715.8 µs | 3 TB/s | 89.6% |  |  |" in page
    assert "| GEMV | 1 x 4096 x 4096, 8 in turn | 13.42 µs | 2.501 TB/s | 74.7% | 2.5 TOP/s | 0.3% |" in page
    assert "| GEMM | 8192 x 8192 x 8192, 1 in turn | 1.833 ms |" in page and "| 600 TOP/s | 60.6% |" in page


def test_an_unknown_card_has_no_peaks() -> None:
    page = rates_section({"gpu/a.json": measurements(card=card("Another GPU", ""))}, Runs())
    assert "| copy | 1 GiB | 715.8 µs | 3 TB/s |  |  |  |" in page and "Peaks" not in page
