"""Accounts over time: every cycle is in its window, however many windows there may be."""

from __future__ import annotations

from typing import Any

import pytest

from hw.requests import Cost
from sim.accounting.windows import WindowRecorder
from sim.execution.offered import Offered
from sim.simulation import prepare, run
from tests.support.accounted import RUNS, WINDOWS, done, recorded
from tests.support.conservation import check_windows
from tests.support.programs import MAC, compute, load


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


# --------------------------------------------------------------------------------------------- interval by interval

NO_SECTION: Any = None  # of which only the beginning counts


def offered(cost: Cost | None) -> Offered:
    """A request of that cost, or a transfer."""
    plan = load(1) if cost is None else compute(MAC, [(cost.cycles, cost.tail_cycles)])
    if cost is not None:
        plan.costs = (cost,)
    return Offered(plan, 0, ("start",))


@pytest.mark.parametrize(
    ("most", "length", "cycles"),
    [
        pytest.param(16, 1, [1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], id="a window a cycle"),
        pytest.param(11, 1, [1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], id="just enough"),
        pytest.param(10, 2, [2, 1, 1, 2, 2, 1], id="the last one is not full"),
        pytest.param(6, 2, [2, 1, 1, 2, 2, 1], id="six"),
        pytest.param(5, 4, [3, 3, 3], id="five: an odd number of windows is merged too"),
        pytest.param(3, 4, [3, 3, 3], id="three"),
        pytest.param(2, 8, [6, 3], id="two"),
        pytest.param(1, 16, [9], id="one"),
    ],
)
def test_windows_double_in_length_as_a_run_outgrows_them(most: int, length: int, cycles: list[int]) -> None:
    """Three cycles of waiting, two that are another unit's, six of waiting."""
    recorder = WindowRecorder(most)
    recorder.stalled("simd", "late", 0, 3)
    recorder.stalled("dma", "late", 3, 5)
    recorder.stalled("simd", "late", 5, 11)
    assert recorder.window_cycles == length
    assert recorder.units["simd"] == {"late": cycles}
    assert sum(recorder.units["dma"]["late"]) == 2
    assert recorder.end == 11


@pytest.mark.parametrize(
    ("cost", "parts"),
    [
        pytest.param(None, {"useful": [4, 4, 2]}, id="a transfer is useful"),
        pytest.param(Cost(10, 7, 10), {"useful": [4, 4, 2]}, id="nothing but useful; the tail is not the unit's"),
        # of each four cycles 2, 1.2 and 0.8; the last two are what is left
        pytest.param(
            Cost(10, 0, 5, 2), {"useful": [2, 2, 1], "edge": [1, 1, 1], "fill_drain": [1, 1, 0]}, id="spread evenly"
        ),
        pytest.param(Cost(10, 0, 0, 10), {"fill_drain": [4, 4, 2]}, id="nothing but fill"),
        pytest.param(Cost(10, 0, 5, 0), {"useful": [2, 2, 1], "edge": [2, 2, 1]}, id="half at edges"),
    ],
)
def test_a_request_is_cut_at_the_borders_of_windows(cost: Cost | None, parts: dict[str, list[int]]) -> None:
    """It takes the cycles 0 to 10, in windows of four."""
    recorder = WindowRecorder(4)
    recorder.stalled("dma", "late", 0, 16)
    recorder.busy("simd", offered(cost), 0, 10)
    assert recorder.window_cycles == 4
    assert recorder.units["simd"] == {what: [*cycles, 0] for what, cycles in parts.items()}


def test_cycles_count_from_where_a_section_begins() -> None:
    recorder = WindowRecorder(4)
    recorder.begin(NO_SECTION, 0)
    recorder.busy("simd", offered(None), 0, 3)
    recorder.begin(NO_SECTION, 3)
    recorder.busy("simd", offered(None), 0, 1)
    recorder.stalled("simd", "late", 1, 5)
    assert recorder.window_cycles == 2
    assert recorder.units == {"simd": {"useful": [2, 2, 0, 0], "late": [0, 0, 2, 2]}}


def test_an_interval_of_no_cycles_leaves_nothing() -> None:
    recorder = WindowRecorder(4)
    recorder.stalled("simd", "late", 2, 2)
    assert recorder.units == {}
    assert recorder.end == 2
