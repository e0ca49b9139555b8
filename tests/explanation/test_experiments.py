"""Experiments with a schedule as it is."""

from __future__ import annotations

from tests.support.explanations import laboratory


def test_a_schedule_that_does_not_fit_a_machine_is_no_run() -> None:
    assert laboratory("prefill").same_schedule(("sram.capacity=64KiB",)) is None
