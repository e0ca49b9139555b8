"""What a machine's file says about its DRAM."""

from __future__ import annotations

import pytest

from hw.dram import DramSpec


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
