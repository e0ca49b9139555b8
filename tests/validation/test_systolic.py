"""The systolic suite."""

from __future__ import annotations

from importlib.resources import files

from sim.validation import systolic


def test_systolic_suite_is_exact_and_whole() -> None:
    cases = systolic.cases()
    assert len(cases) == 9 + 2 * 399
    assert all(each.error == 0 for each in cases)
    for name in ("scalesim_32x32.csv", "rtl_os_array.csv"):
        assert files("sim.validation").joinpath("data", name).is_file()
