"""The window of a run that a timeline shows is filled to the cycle."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.accounting.breakdown import operation_weights
from sim.presentation.figures.timeline import key_titles
from sim.presentation.figures.timeline_recorder import MOST_SLICES, Label, TimelineRecorder
from sim.presentation.titles import class_title
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


def test_a_fused_request_has_the_class_with_most_of_its_cycles() -> None:
    """Mamba-2's step on the SIMD unit: what its operations cost alone decides, and the title has all of it."""
    prepared = job()
    recorder = TimelineRecorder(prepared.sections[0])
    run(prepared, observer=recorder)
    section, found = prepared.sections[0], recorder.timeline()
    labels = {each.label for slices in found.slices.values() for each in slices if not each.label.wait}
    mixed = {label for label in labels if label.mixed}
    assert mixed
    for label in mixed:
        unit = section.mapping.placement[label.name.split(", ")[0]]
        weights = operation_weights(section, unit, label.name.split(", "))
        assert weights == dict(label.classes)
        assert weights[label.kind] == max(weights.values())
        assert label.title.count("%") == len(weights)
    for (wait, kind), words in key_titles(found).items():
        if not wait:
            alone = kind not in {label.kind for label in mixed}
            assert words == (class_title(kind) if alone else f"mostly {class_title(kind)}")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        pytest.param(Label(False, "state", "update", "", (("state", 9),)), "state", id="one class"),
        pytest.param(
            Label(False, "state", "a, b", "", (("state", 3), ("gate", 1))), "state 75%, gate 25%", id="two classes"
        ),
        pytest.param(Label(False, "weights", "load", ""), "weights", id="a transfer"),
        pytest.param(Label(True, "no_buffer", "no_buffer", ""), "no free buffer", id="a wait"),
        pytest.param(Label(True, "ahead", "no_buffer", ""), "ahead (waits for space)", id="a wait of a transfer"),
    ],
)
def test_titles_of_slices(label: Label, expected: str) -> None:
    assert label.title == expected


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
