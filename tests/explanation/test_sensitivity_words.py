"""Sensitivities in words: each kind of sentence, from figures that are made up."""

from __future__ import annotations

import pytest

from sim.explanation.elasticity import Duration, Point, Sensitivities, Sensitivity, Side
from sim.explanation.sensitivity_words import told


def known(*classes: Sensitivity) -> Sensitivities:
    return Sensitivities(makespan_cycles=100, simulated_layers=2, requests=9, lagging=0, classes=list(classes))


def sensitivity(duration: Duration, faster: Side, slower: Side, *points: Point) -> Sensitivity:
    unit, stream, part = duration
    return Sensitivity(
        unit=unit, stream=stream, part=part, cycles=50, faster=faster, slower=slower, points=list(points)
    )


LANES = Duration("simd", "", "work")
SIDE, TO_ARRAY = Side(elasticity=0.5), Side(elasticity=0.5, right_until=-0.12, leaves_to="in_proj on mac_array")
CASES = [
    pytest.param(
        sensitivity(LANES, TO_ARRAY, SIDE),
        "1% faster simd gives 0.50% until it is 12.0% faster; beyond, in_proj on mac_array is critical.",
        id="until another takes over",
    ),
    pytest.param(
        sensitivity(LANES, SIDE, Side(elasticity=0.7)),
        "1% faster simd gives 0.50%. 1% slower costs 0.70%.",
        id="two derivatives",
    ),
    pytest.param(
        sensitivity(Duration("simd", "update", "work"), SIDE, Side(elasticity=0.5, right_until=0.2)),
        "1% faster update on simd gives 0.50%. 1% slower costs 0.50% until it is 20.0% slower.",
        id="a stream",
    ),
    pytest.param(
        sensitivity(LANES, SIDE, SIDE, Point(change=-0.1, held=-0.05, free=-0.02), Point(change=0.5, held=1, free=9)),
        "1% faster simd gives 0.50%. Run again, with units free to choose, what is farthest from that is 10.0% faster "
        "simd: 3.0% of the time above it.",
        id="run again",
    ),
]


@pytest.mark.parametrize(("each", "words"), CASES)
def test_words(each: Sensitivity, words: str) -> None:
    assert told(known(each)) == f"With the order of requests kept: {words}"


def test_nothing_is_worth_a_word() -> None:
    each = sensitivity(LANES, Side(elasticity=0.001), Side(elasticity=0.001))
    assert told(known(each)).startswith("Nothing by itself")


LABELS = [
    (Duration("", "", "work"), "all compute units"),
    (Duration("dma", "", "work"), "DRAM transfers"),
    (Duration("dma", "load.input", "work"), "load.input on dma"),
    (Duration("dma", "", "rest"), "DRAM latency, turnaround and refresh"),
    (Duration("simd", "", "rest"), "bank conflicts of simd"),
    (Duration("simd", "", "tail"), "pipeline latency of simd"),
]


@pytest.mark.parametrize(("duration", "label"), LABELS)
def test_labels(duration: Duration, label: str) -> None:
    assert duration.label == label
