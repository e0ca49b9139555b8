"""The window of a run that a timeline shows is filled to the cycle."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.presentation.figures.timeline_recorder import MOST_SLICES, TimelineRecorder
from sim.simulation import run
from tests.support.figures import job

# ---------------------------------------------------------------------------------------------------------- timeline


@pytest.mark.parametrize(
    ("more", "tiles"),
    [
        pytest.param((), 2, id="prefill"),
        pytest.param(("layers=1", "sequence_length=16"), 1, id="one-tile"),
        pytest.param(("head=true", "vocabulary=512"), 2, id="head"),
        pytest.param(("phase=decode", "mapping.token_tile=1"), 2, id="decode"),
    ],
)
def test_window_is_filled_to_the_cycle(more: tuple[str, ...], tiles: int) -> None:
    prepared = job(*more)
    recorder = TimelineRecorder(prepared.sections[0])
    result = run(prepared, observer=recorder)
    found = recorder.timeline()
    assert found.tiles == tiles
    assert 0 <= found.start < found.end <= result.makespan_cycles
    for unit in ("mac_array", "simd", "dma"):
        slices = found.slices[unit]
        assert (slices[0].start, slices[-1].end) == (found.start, found.end)
        for before, after in pairwise(slices):
            assert before.end == after.start
    assert sum(map(len, found.slices.values())) <= MOST_SLICES


def test_recording_changes_no_cycle() -> None:
    assert run(job()) == run(job(), observer=TimelineRecorder(job().sections[0]))


def test_a_run_of_one_tile_is_recorded_whole() -> None:
    prepared = job("layers=1", "sequence_length=16")
    recorder = TimelineRecorder(prepared.sections[0])
    result = run(prepared, observer=recorder)
    found = recorder.timeline()
    busy = sum(each.end - each.start for each in found.slices["mac_array"] if not each.label.wait)
    assert found.end == result.makespan_cycles
    assert busy == result.units["mac_array"].busy_cycles
