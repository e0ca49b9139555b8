"""Requests of a program as folds and passes, by hand arithmetic, and beside what the simulator counts of them."""

from __future__ import annotations

import pytest

from hw.mac_array import MacArraySpec
from hw.requests import Gemm, VectorPass
from hw.simd import SimdSpec
from sim.validation.rtl import programs
from sim.validation.rtl.works import ArrayWork, Fold, LanesWork, Pass, folds_of, pass_of

ARRAY = MacArraySpec(rows=8, columns=8, dataflow=["output_stationary"], folds="overlapped")
LANES = SimdSpec(lanes=8, pipeline_depth=4, fma=True, cycles={"add": 1, "exp": 4})


def test_folds_of_a_product() -> None:
    full, low, narrow, corner = Fold(20, 8, 8, 8), Fold(20, 8, 2, 8), Fold(20, 8, 8, 3), Fold(20, 8, 2, 3)
    assert folds_of(ARRAY, Gemm(10, 11, 20)) == (full, low, narrow, corner)
    work = ArrayWork((full, corner))
    assert work.elements == 64 + 6
    assert work.words == (20 * (8 + 2) * 2 // 8, -(-20 * (8 + 3) * 2 // 8), -(-70 * 2 // 8))


def test_ways_that_the_rtl_does_not_know_are_refused() -> None:
    packing = ARRAY.model_copy(update={"packing": True})
    with pytest.raises(ValueError, match="the RTL has output-stationary folds only"):
        folds_of(packing, Gemm(1, 64, 20))


@pytest.mark.parametrize(
    ("step", "passes"),
    [
        pytest.param(VectorPass("exp", 20, 20), [Pass(3, 4, 0, 0, 5, 6)], id="elementwise"),
        pytest.param(VectorPass("add", 64, 16), [Pass(8, 1, 2, 0, 5, 6)], id="sums side by side"),
        pytest.param(VectorPass("add", 64, 1), [Pass(8, 1, 1, 3, 5, 6)], id="one sum, a tree over eight lanes"),
        pytest.param(VectorPass("add", 64, 3), [Pass(8, 1, 1, 2, 5, 6)], id="three sums, some on three lanes"),
        pytest.param(
            VectorPass("add", 48, 48, 2), [Pass(3, 1, 0, 0, 5, 0), Pass(3, 1, 0, 0, 0, 6)], id="two that follow"
        ),
    ],
)
def test_passes_of_a_vector_pass(step: VectorPass, passes: list[Pass]) -> None:
    assert pass_of(LANES, step, 5, 6) == passes


def test_words_are_those_that_the_simulator_counts() -> None:
    """To a word for each operand, those of each fold included."""
    program = programs.recorded("Mamba-3 MIMO").program
    kinds = {"lanes": 0, "projections": 0, "contractions": 0}
    for rank, items in enumerate(program.streams):
        plan = program.program.streams[rank]
        projects = plan.name.startswith(("in_proj", "out_proj"))
        for item in items:
            if item.work is None:
                continue
            work = plan.requests[plan.numbers[item.heard.variant][item.heard.item]]
            counted, words = work.moved_bytes / 8, sum(item.work.words)  # type: ignore[union-attr]
            assert abs(words - counted) <= 3
            kinds["lanes" if isinstance(item.work, LanesWork) else "projections" if projects else "contractions"] += 1
    assert min(kinds.values()) > 10
