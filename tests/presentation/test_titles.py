"""What keys are called: a transfer without a free buffer is ahead, a compute unit without one waits."""

from __future__ import annotations

import pytest

from sim.presentation.titles import AHEAD, KEYS, known, place, result_key, shown, title, unit_title


@pytest.mark.parametrize(
    ("unit", "key", "expected"),
    [
        pytest.param("dma", "no_buffer", "ahead (waits for space)", id="dma"),
        pytest.param("dram.channel1", "no_buffer", "ahead (waits for space)", id="channel"),
        pytest.param("mac_array", "no_buffer", "no free buffer", id="array"),
        pytest.param("simd", "no_buffer", "no free buffer", id="simd"),
        pytest.param("dma", "waits_for_simd", "waits for SIMD", id="another reason of dma"),
        pytest.param("simd", "waits_for_sfu", "waits for sfu", id="a unit of another name"),
        pytest.param("sfu", "recurrence_on_sfu", "recurrence (sfu)", id="its recurrence"),
    ],
)
def test_only_transfers_are_ahead(unit: str, key: str, expected: str) -> None:
    assert title(shown(unit, key)) == expected
    assert result_key(shown(unit, key)) == key


def test_what_is_ahead_stands_before_what_is_idle_and_after_all_other_waits() -> None:
    keys = list(KEYS)
    assert keys[keys.index(AHEAD) - 1] == "recurrence_on_simd"
    assert keys[keys.index(AHEAD) + 1 :][:3] == ["start", "nothing_left", "no_access"]


def test_waits_for_units_of_other_names_stand_behind_those_of_their_kind() -> None:
    keys = [
        "no_buffer",
        "waits_for_simd",
        "waits_for_b",
        "waits_for_a",
        "waits_for_dma",
        "recurrence_on_simd",
        "useful",
    ]
    assert sorted(keys, key=place) == [
        "useful", "no_buffer", "waits_for_simd", "waits_for_dma", "waits_for_a", "waits_for_b", "recurrence_on_simd",
    ]  # fmt: skip


@pytest.mark.parametrize(("key", "is_known"), [("waits_for_a", True), ("waits_for_", False), ("waits", False)])
def test_what_is_known(key: str, is_known: bool) -> None:
    assert known(key) == is_known


def test_a_unit_goes_by_its_name() -> None:
    assert [unit_title(unit) for unit in ("mac_array", "mac_array_2")] == ["MAC array", "mac_array_2"]
