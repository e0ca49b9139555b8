"""Whoever listens to units and overrides nothing hears nothing."""

from __future__ import annotations

from hw.observer import Observer


def test_an_observer_of_units_hears_nothing_by_default() -> None:
    observer = Observer()
    assert observer.busy("simd", None, 0, 1) is None
    assert observer.stalled("simd", "start", 0, 1) is None
