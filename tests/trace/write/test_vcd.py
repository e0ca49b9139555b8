"""Value change dumps: their ticks."""

from __future__ import annotations

import pytest

from sim.trace.write.vcd import time_scale


@pytest.mark.parametrize(
    ("clock_hz", "scale"),
    [
        pytest.param(250_000_000, ("1 ns", 4), id="250 MHz"),
        pytest.param(1_000_000_000, ("1 ns", 1), id="1 GHz"),
        pytest.param(100_000_000, ("10 ns", 1), id="100 MHz"),
        pytest.param(800_000_000, ("10 ps", 125), id="800 MHz"),
        pytest.param(1_830_000_000, ("1 ns", 1), id="not exact: a tick is a cycle"),
    ],
)
def test_a_cycle_is_a_whole_number_of_ticks(clock_hz: int, scale: tuple[str, int]) -> None:
    assert time_scale(clock_hz) == scale
