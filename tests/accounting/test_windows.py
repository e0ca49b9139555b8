"""Accounts over time: every cycle is in its window, however many windows there may be."""

from __future__ import annotations

import pytest

from sim.simulation import prepare, run
from tests.support.accounted import RUNS, WINDOWS, done, recorded
from tests.support.conservation import check_windows


@pytest.mark.parametrize("case", RUNS)
def test_windows_have_every_cycle_of_a_run(case: str) -> None:
    check_windows(recorded(case), WINDOWS)


@pytest.mark.parametrize("most", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("case", ["mamba2-edge-prefill", "mamba-130m-edge-decode"])
def test_any_number_of_windows(case: str, most: int) -> None:
    job, _ = done(case)
    check_windows(run(job, windows=most), most)


def test_windows_of_a_cycle() -> None:
    """A run that is shorter than the windows that it may have gets one for each of its cycles."""
    job = prepare("mamba2", "edge", ["layers=1", "sequence_length=1", "dimensions.d_model=16", "dimensions.head_dim=8"])
    result = run(job, windows=100_000)
    assert result.windows is not None
    assert result.windows.window_cycles == 1
    check_windows(result, 100_000)
