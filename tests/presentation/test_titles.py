"""What keys are called: a transfer without a free buffer is ahead, a compute unit without one waits."""

from __future__ import annotations

import pytest

from sim.presentation.titles import AHEAD, TITLES, result_key, shown


@pytest.mark.parametrize(
    ("unit", "key", "expected"),
    [
        pytest.param("dma", "no_buffer", "ahead (waits for space)", id="dma"),
        pytest.param("dram.channel1", "no_buffer", "ahead (waits for space)", id="channel"),
        pytest.param("mac_array", "no_buffer", "no free buffer", id="array"),
        pytest.param("simd", "no_buffer", "no free buffer", id="simd"),
        pytest.param("dma", "waits_for_simd", "waits for SIMD", id="another reason of dma"),
    ],
)
def test_only_transfers_are_ahead(unit: str, key: str, expected: str) -> None:
    assert TITLES[shown(unit, key)] == expected
    assert result_key(shown(unit, key)) == key


def test_what_is_ahead_stands_before_what_is_idle_and_after_all_other_waits() -> None:
    keys = list(TITLES)
    assert keys[keys.index(AHEAD) - 1] == "recurrence_on_simd"
    assert keys[keys.index(AHEAD) + 1 :][:3] == ["start", "nothing_left", "no_access"]
