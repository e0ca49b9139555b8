"""One point of a study."""

from __future__ import annotations

import pytest

from sim.files.limits import Limits
from sim.simulation import prepare, run
from sim.studies import evaluate as evaluated
from sim.studies.evaluate import evaluate, evaluate_all
from sim.studies.points import Point
from tests.support.sweeps import small_point

SMALL = small_point("simd.lanes=48").assignments
TINY = ("sequence_length=16", "layers=1")


def test_a_point_is_the_run_of_the_command() -> None:
    outcome = evaluate(Point("mamba2", "edge", (*TINY, "simd.lanes=48"), search="short", simulate_layers=1))
    job = prepare("mamba2", "edge", (*TINY, "simd.lanes=48"), Limits(search="short"))
    result = run(job, simulate_layers=1, certificate=True)
    assert outcome.result == result and not outcome.error and outcome.seconds > 0
    assert outcome.figures["makespan_cycles"] == result.makespan_cycles


def test_a_named_mapping_comes_before_what_is_set() -> None:
    outcome = evaluate(Point("mamba2", "edge_flexpe", (*TINY, "mapping.lanes=2"), "stream-like"))
    assert outcome.figures["mapping.lanes"] == 2 and outcome.figures["mapping.placement.update"] == "mac_array"


@pytest.mark.parametrize(
    ("assignments", "error"),
    [
        (("simd.lanes=0",), "--set simd.lanes=0: simd.lanes: found 0, expected 1 at least"),
        (("mapping.token_tile=100000",), "--set mapping.token_tile=100000: mapping: one layer needs"),
    ],
)
def test_what_cannot_be_run_is_an_error_in_one_line(assignments: tuple[str, ...], error: str) -> None:
    outcome = evaluate(Point("mamba2", "edge", assignments))
    assert outcome.error.startswith(error) and "\n" not in outcome.error
    assert not outcome.figures and not outcome.died


def test_a_fault_of_ours_ends_one_point_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(evaluated, "run", broken)
    first, second = evaluate_all([Point("mamba2", "edge", SMALL)] * 2)
    assert first.error == second.error == "RuntimeError: two\\nlines" and first.died
