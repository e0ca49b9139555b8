"""Every fault that is planted into a recorded run is noticed, by the check that is there for it."""

from __future__ import annotations

import pytest

from tests.support.legality.trace import read_trace
from tests.support.legality.verdict import check, read_json
from tests.support.planted import FAULTS, Recorded
from tests.support.recorded import SMALL, recorded


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A legal run of two layers in three tiles, the last a short one, with blocks and slots for weights."""
    trace, result, program = recorded(tmp_path_factory.mktemp("run"), SMALL)
    return Recorded(read_trace(trace), read_json(result), read_json(program))


def test_the_run_itself_is_legal(run: Recorded) -> None:
    verdict = check(run.slices, run.result, run.program)
    assert verdict.legal, verdict.words()


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(run: Recorded, name: str) -> None:
    noticing, kind, fault = FAULTS[name]
    changed = run.copy()
    fault(changed)
    verdict = check(changed.slices, changed.result, changed.program)
    assert (noticing, kind) in verdict.counted, verdict.words()
