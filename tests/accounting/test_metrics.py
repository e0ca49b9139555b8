"""Results: what holds of every one, and that it is the same whatever else is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hw.effects import Effect
from hw.machine import MachineSpec
from sim.simulation import run
from sim.trace import TraceWriter
from tests.support.accounted import RUNS, done, recorded
from tests.support.conservation import check_path, check_windows, unrecorded
from tests.support.random_models import Recipe, check, machines, prepared, recipes, specs
from workloads.workload import Workload, WorkloadSpec


@pytest.mark.parametrize("case", RUNS)
def test_what_is_recorded_changes_nothing_else(case: str) -> None:
    assert unrecorded(recorded(case)) == done(case)[1]


@pytest.mark.parametrize("case", ["mamba1-edge_flexpe-prefill", "mamba-130m-edge-decode", "narrow-banks"])
def test_a_trace_and_all_else_together_change_nothing(tmp_path: Path, case: str) -> None:
    job, silent = done(case)
    recorder = TraceWriter(tmp_path / "t.json.gz")
    with recorder.writing(job.machine):
        traced = run(job, observer=recorder, windows=9, critical_path=True)
    assert unrecorded(traced) == silent
    assert traced == run(job, windows=9, critical_path=True)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    recipe=recipes,
    spec=specs,
    machine=machines(),
    ideal=st.lists(st.sampled_from(get_args(Effect)), unique=True),
    most=st.integers(1, 40),
)
def test_random_models_on_random_machines_with_any_effects_ideal(
    recipe: Recipe, spec: WorkloadSpec, machine: MachineSpec, ideal: Sequence[Effect], most: int
) -> None:
    """The bounds hold, accounts, windows and path sum up, and recording changes nothing."""
    machine = machine.model_copy(update={"ideal": list(ideal)})
    workload = Workload.alike(spec, recipe.graph())
    job = prepared(workload, machine)
    if job is None:
        event("does not fit")
        return
    silent = run(job)
    check(silent, workload, machine)
    full = run(job, windows=most, critical_path=True)
    check_windows(full, most)
    check_path(full)
    assert unrecorded(full) == silent
