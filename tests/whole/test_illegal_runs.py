"""Every fault that is planted into a recorded run is noticed, by the check that is there for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.folders import ROOT
from tests.support.legality.trace import read_trace
from tests.support.legality.verdict import check, read_json
from tests.support.planted import in_contents, in_order, in_other_runs
from tests.support.planted.fault import FAULTS, Recorded
from tests.support.recorded import SAMPLE, recorded

MODULES = in_order, in_contents, in_other_runs
RUNS = sorted({fault.run for fault in FAULTS.values()})


@cache
def run_of(name: str) -> Recorded:
    """A legal run, recorded once."""
    with TemporaryDirectory() as folder:
        trace, result, program = recorded(Path(folder), SAMPLE[name])
        return Recorded(read_trace(trace), read_json(result), read_json(program))


@pytest.mark.parametrize("name", RUNS)
def test_the_run_itself_is_legal(name: str) -> None:
    run = run_of(name)
    verdict = check(run.slices, run.result, run.program)
    assert verdict.legal, verdict.words()


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(name: str) -> None:
    fault = FAULTS[name]
    changed = run_of(fault.run).copy()
    fault.plant(changed)
    verdict = check(changed.slices, changed.result, changed.program)
    assert (fault.check, fault.kind) in verdict.counted, verdict.words()


def test_every_check_has_faults_that_it_notices() -> None:
    run = run_of(RUNS[0])
    verdict = check(run.slices, run.result, run.program)
    assert {fault.check for fault in FAULTS.values()} == set(verdict.compared)


def test_the_modules_of_faults_have_all_of_them() -> None:
    assert {fault.plant.__module__ for fault in FAULTS.values()} == {module.__name__ for module in MODULES}


def test_the_page_says_how_many_there_are() -> None:
    assert f"`tests/support/planted/` has {len(FAULTS)} of them" in (ROOT / "docs" / "legality.md").read_text()
