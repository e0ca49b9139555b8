"""What a machine's file says about its DRAM."""

from __future__ import annotations

import pytest

from hw.dram import TIMINGS, Channel, DramSpec
from tests.support.scripts import NAMES


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


@pytest.mark.parametrize("timing", TIMINGS)
def test_every_speed_grade_can_be_named_by_a_machine(timing: str) -> None:
    spec = DramSpec.model_validate({"timing": timing, "channels": 1})
    assert spec.grade is TIMINGS[timing]
    assert spec.bytes_per_second == TIMINGS[timing].bytes_per_second


def test_an_unknown_speed_grade_is_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'lpddr4-3200', .*'ddr4-3200', .*'hbm3-5200' or 'hbm3-6400'"):
        DramSpec.model_validate({"timing": "ddr4", "channels": 1})


class TestPlainMemories:
    """Memories of which only a bandwidth is known."""

    @pytest.mark.parametrize(
        ("said", "gigabytes"),
        [
            pytest.param({"bandwidth": "50GB/s"}, 50, id="one channel unless given"),
            pytest.param({"bandwidth": "50GB/s", "efficiency": 0.8}, 40, id="what transfers reach of it"),
            pytest.param({"bandwidth": "12.5GB/s", "channels": 4}, 50, id="of each channel"),
            pytest.param({"bandwidth": "10TB/s"}, 10_000, id="a clock is still a thousand femtoseconds"),
        ],
    )
    def test_peak_bandwidth(self, said: dict[str, object], gigabytes: float) -> None:
        spec = DramSpec.model_validate(said)
        assert spec.bytes_per_second / 1e9 == pytest.approx(gigabytes, rel=3e-4)
        assert not spec.refreshed

    def test_transfers_take_the_latency_once_and_the_bandwidth(self) -> None:
        spec = DramSpec.model_validate({"bandwidth": "32GB/s", "latency": "100ns"})  # a clock is half a nanosecond
        channel = Channel(spec.grade, NAMES, spec.refreshed)
        for number, write in enumerate([False, True, False]):
            channel.serve(0, 64_000 * number, 6400, write, 0)
        assert channel.free == 2 * 100 + 3 * 2 * 200
        assert channel.stalls == {"dram_latency": 200}

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            pytest.param({"channels": 2}, "a speed grade .timing. or a bandwidth", id="neither"),
            pytest.param({"timing": "lpddr5-6400", "bandwidth": "1GB/s"}, "one of them", id="both"),
            pytest.param({"timing": "lpddr5-6400", "latency": "4ns"}, "latency goes with a bandwidth", id="latency"),
            pytest.param({"timing": "lpddr5-6400", "efficiency": 0.8}, "efficiency goes with", id="efficiency"),
            pytest.param({"bandwidth": "1GB/s", "figures": {"rl": 3}}, "figures go with a speed grade", id="figures"),
        ],
    )
    def test_what_does_not_go_together_is_said(self, said: dict[str, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            DramSpec.model_validate(said)
