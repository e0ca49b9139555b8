"""Results as rows."""

from __future__ import annotations

import pytest

from sim.api.frames import frame
from sim.simulation import simulate

pytest.importorskip("pandas")


def test_a_row_for_each_result_with_its_figures() -> None:
    results = [simulate("mamba2", layers=1, sequence_length=32, simd__lanes=lanes) for lanes in (16, 64)]
    found = frame(results)
    assert list(found["makespan_cycles"]) == [result.makespan_cycles for result in results]
    assert list(found["utilisation.simd"]) == [result.utilisation("simd") for result in results]
    assert frame(results[0]).shape[0] == 1
