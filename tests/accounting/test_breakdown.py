"""Accounts by layer, class and window, and the critical path: of shipped models and of random ones on random machines,
with any effects ideal, they sum to the cycle, and looking changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hw.effects import Effect
from hw.machine import MachineSpec
from sim.accounting.result import Result
from sim.simulation import Job, prepare, run
from sim.trace import TraceWriter
from tests.support.conservation import UNITS, check_parts, check_path, check_windows, unrecorded
from tests.support.random_models import Recipe, check, machines, prepared, recipes, specs
from workloads.workload import Workload, WorkloadSpec

SMALL = ("layers=2", "sequence_length=64")
PINNED = ("mapping.blocks=4", "mapping.lanes=1", "mapping.weight_slot_kib=64")
PREFILL = (*SMALL, *PINNED, "mapping.token_tile={tile}")
DECODE = (*SMALL, *PINNED, "mapping.token_tile=1", "phase=decode")
PLACED = {"edge": "mapping.placement=simd", "edge_flexpe": "mapping.placement=mac_array"}
SHIPPED = {  # tokens of a tile: two tiles, but a chunk of 64 is one
    "mamba1": 32,
    "mamba2": 32,
    "mamba3_mimo": 32,
    "mamba2_ssd": 64,
    "mamba1_pscan": 32,
    "mamba3_mimo_ssd": 32,
    "mamba-130m": 32,
}
HEAD = {"mamba-130m": ("head=true",)}

Case = tuple[str, str, tuple[str, ...]]  # workload, machine, assignments
RUNS = {
    f"{workload}-{machine}-{phase}": (
        workload,
        machine,
        (*(text.format(tile=tile) for text in settings_), PLACED[machine], *HEAD.get(workload, ())),
    )
    for workload, tile in SHIPPED.items()
    for machine in PLACED
    for phase, settings_ in {"prefill": PREFILL, "decode": DECODE}.items()
} | {
    "ragged": ("mamba2", "edge", ("layers=3", "sequence_length=37", *PINNED, "mapping.token_tile=16")),
    "spilled": ("mamba2", "edge", (*SMALL, *PINNED, "mapping.token_tile=32", "mapping.spill=true")),
    "batch": ("mamba2", "edge", (*DECODE, "batch=4", "mapping.spill=true")),
    "narrow-banks": ("mamba2", "edge", (*SMALL, *PINNED, "mapping.token_tile=32", "sram.bank_width=4B")),
    "one-bank": (
        "mamba3_mimo",
        "edge_flexpe",
        (*SMALL, *PINNED, "mapping.token_tile=32", "sram.banks=1", "sram.interleave=1"),
    ),
    "nothing-costs": (
        "mamba2",
        "edge",
        (*SMALL, *PINNED, "mapping.token_tile=32", f"ideal=[{', '.join(get_args(Effect))}]"),
    ),
}


@cache
def done(case: str) -> tuple[Job, Result]:
    """The job of a row of RUNS, and its result."""
    workload, machine, assignments = RUNS[case]
    job = prepare(workload, machine, assignments)
    return job, run(job)


@pytest.mark.parametrize("case", RUNS)
class TestEveryRun:
    def test_parts_sum_to_the_whole(self, case: str) -> None:
        job, result = done(case)
        check_parts(result)
        assert len(result.by_layer) == result.layers + len(job.sections) - 1

    def test_recording_finds_every_cycle_and_changes_none(self, case: str) -> None:
        job, silent = done(case)
        recorded = run(job, windows=50, critical_path=True)
        check_windows(recorded, 50)
        check_path(recorded)
        assert unrecorded(recorded) == silent


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


@pytest.mark.parametrize("case", ["mamba1-edge_flexpe-prefill", "mamba-130m-edge-decode", "narrow-banks"])
def test_a_trace_and_all_else_together_change_nothing(tmp_path: Path, case: str) -> None:
    job, silent = done(case)
    recorder = TraceWriter(tmp_path / "t.json.gz")
    with recorder.writing(job.machine) as observer:
        recorded = run(job, observer=observer, windows=9, critical_path=True)
    assert unrecorded(recorded) == silent
    assert recorded == run(job, windows=9, critical_path=True)


def test_layers_are_alike_but_for_where_they_begin_and_end() -> None:
    """Each layer does the same work, so only its stalls may differ."""
    _, result = done("ragged")
    for unit in UNITS[:2]:
        works = {(layer[unit].busy_cycles, layer[unit].useful_cycles) for layer in result.by_layer}
        assert len(works) == 1


CLASSES = [
    pytest.param("mamba2-edge-prefill", "mac_array", {"projection"}, id="projections-alone-on-the-array"),
    pytest.param("mamba2-edge-prefill", "dma", {"weights", "parameters", "state", "activations"}, id="what-is-moved"),
    pytest.param("mamba-130m-edge-decode", "mac_array", {"projection"}, id="head-too"),
]


@pytest.mark.parametrize(("case", "unit", "classes"), CLASSES)
def test_classes_of_a_unit(case: str, unit: str, classes: set[str]) -> None:
    _, result = done(case)
    assert {kind for kind, units in result.by_class.items() if unit in units} == classes


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
    recorded = run(job, windows=most, critical_path=True)
    check_windows(recorded, most)
    check_path(recorded)
    assert unrecorded(recorded) == silent
