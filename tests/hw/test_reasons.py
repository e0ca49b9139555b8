"""Reasons to wait: their names and numbers."""

from __future__ import annotations

from hw.reasons import BANDWIDTH, COST_NAMES, DRAM, NAMES, NO_BUFFER, Reason, reason_names


def test_numbers_are_places_of_names() -> None:
    assert (NAMES[DRAM], NAMES[NO_BUFFER]) == (Reason.DRAM, Reason.NO_BUFFER)
    assert NAMES[BANDWIDTH : BANDWIDTH + len(COST_NAMES)] == COST_NAMES


def test_a_program_adds_its_own_behind_them_once() -> None:
    own = [Reason.waits_for("simd"), Reason.DRAM, Reason.recurrence_on("simd"), Reason.waits_for("simd")]
    assert reason_names(own) == (*NAMES, "waits_for_simd", "recurrence_on_simd")


def test_recurrences_are_told_from_other_waits() -> None:
    assert Reason.is_recurrence(Reason.recurrence_on("mac_array"))
    assert not any(map(Reason.is_recurrence, (*NAMES, Reason.waits_for("mac_array"))))
