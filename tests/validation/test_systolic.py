"""The systolic suite."""

from __future__ import annotations

from importlib.resources import files

from sim.validation import systolic


def test_systolic_suite_is_exact_and_whole() -> None:
    cases = systolic.cases()
    assert len(cases) == 9
    assert all(each.error == 0 for each in cases)
    assert files("sim.validation").joinpath("data", "scalesim_32x32.csv").is_file()
