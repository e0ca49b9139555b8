"""What a machine's file says about its DRAM."""

from __future__ import annotations

import pytest

from hw.dram import TRANSFER_TIMINGS, DramSpec


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


@pytest.mark.parametrize("timing", TRANSFER_TIMINGS)
def test_every_speed_grade_can_be_named_by_a_machine(timing: str) -> None:
    spec = DramSpec.model_validate({"timing": timing, "channels": 1})
    assert spec.bytes_per_second == 32 / (2 * TRANSFER_TIMINGS[timing].tck_fs * 1e-15)


def test_an_unknown_speed_grade_is_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'lpddr5-6400', 'lpddr5-6400-16gb', 'lpddr5x-8533' or 'hbm3-5200'"):
        DramSpec.model_validate({"timing": "ddr4", "channels": 1})
