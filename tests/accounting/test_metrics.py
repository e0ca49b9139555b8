"""Results: a small one by hand, what holds of every one, and that it is the same whatever else is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hw.effects import Effect
from hw.machine import MachineSpec
from sim.accounting.result import BufferReport, Result
from sim.simulation import Job, run, simulate
from sim.trace import TraceWriter
from tests.support.accounted import RUNS, done, recorded
from tests.support.conservation import check_path, check_windows, unrecorded
from tests.support.layers import EDGE, HEAVY, LEAKY, inventory, section
from tests.support.random_models import Recipe, check, machines, prepared, recipes, specs
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

# ------------------------------------------------------------ by hand: two layers of ten tokens, in tiles of 4, 4 and 2

TILES = (4, 4, 2)
MACS = 8 * 4 + 4 * 8  # of v and a, for a token and layer; s and y are a product and a sum for each of 8 heads
OPS = 2 * MACS + 2 * 8 + 2 * 8
READ = 2 * 2 * (10 * 8 + 8 + 8 * 4 + 4 * 8)  # bytes of two layers: inputs, D, V, W
WRITTEN = 2 * 2 * (10 * 8 + 8)  # outputs, and the state of the last token


def test_counts(leaky: Result) -> None:
    assert (leaky.layers, leaky.simulated_layers, leaky.tokens, leaky.chunk) == (2, 2, 10, None)
    assert (leaky.formulation, leaky.phase) == ("sequential", "prefill")
    assert (leaky.windows, leaky.critical_path) == (None, None)  # nobody asked
    assert (leaky.macs_per_token, leaky.ops_per_token) == (2 * MACS, 2 * OPS)
    assert (leaky.dram_read_bytes, leaky.dram_write_bytes, leaky.dram_bytes) == (READ, WRITTEN, READ + WRITTEN)


def test_rates_follow_from_counts(leaky: Result) -> None:
    seconds = leaky.makespan_cycles / 250e6
    assert leaky.seconds == pytest.approx(seconds)
    assert leaky.tokens_per_second == pytest.approx(10 / seconds)
    picojoules = 2 * 10 * 2 * OPS + 15 * 8 * (READ + WRITTEN)
    assert leaky.energy_mj_per_token == pytest.approx(picojoules / 10 / 1e9)


@pytest.mark.parametrize(
    ("stream", "unit", "operations", "order", "requests", "cycles"),
    [
        # a layer has three tiles; a short product takes as many cycles as it uses rows, fused lanes 4 + 1 cycles
        pytest.param("load.input", "dma", [], "batches", 2 * 3, 0, id="input"),
        pytest.param("load.parameters.s", "dma", [], "batches", 2, 0, id="parameters"),
        pytest.param("load.weights.v", "dma", [], "weights", 2, 0, id="weights"),
        pytest.param("v", "mac_array", ["v"], "weights", 2 * 3, 2 * 3 * 8, id="projection"),
        pytest.param("a", "mac_array", ["a"], "weights", 2 * 3, 2 * 3 * 4, id="another"),
        pytest.param("s..y", "simd", ["s", "y"], "steps", 2 * 10 * 4, 2 * 10 * 4 * 5, id="two blocks of two lanes"),
        pytest.param("store.state", "dma", [], "batches", 2 * 2, 0, id="state, by block"),
        pytest.param("store.output", "dma", [], "batches", 2 * 3, 0, id="output"),
    ],
)
def test_streams(
    leaky: Result, stream: str, unit: str, operations: list[str], order: str, requests: int, cycles: int
) -> None:
    report = next(each for each in leaky.streams if each.name == stream)
    assert (report.unit, report.operations, report.order) == (unit, operations, order)
    assert (report.requests, report.busy_cycles) == (requests, cycles)


def test_requests_are_those_of_all_streams(leaky: Result) -> None:
    assert leaky.requests == sum(report.requests for report in leaky.streams) == 2 * (3 + 1 + 2 + 3 + 3 + 40 + 2 + 3)


def test_useful_cycles_and_bounds(leaky: Result) -> None:
    """Of every request one cycle is useful: it has few multiply-adds for 1024 PEs, or four of them for 32 lanes."""
    array, lanes = leaky.units["mac_array"], leaky.units["simd"]
    assert (array.busy_cycles, array.useful_cycles, array.edge_cycles) == (6 * (8 + 4), 2 * 6, 6 * (7 + 3))
    assert (lanes.busy_cycles, lanes.useful_cycles, lanes.edge_cycles) == (80 * 5, 80, 80 * 4)
    bounds = leaky.bounds
    assert bounds.paper_roofline_cycles == 2  # 2 x 10 x 160 operations at 2048 a cycle: 1.6
    assert bounds.recurrence_cycles == 2 * 10 * 4  # a multiply-add on its way through the pipeline
    assert (bounds.resource_unit, bounds.resource_cycles) == ("simd", 80)


def test_dram_may_be_what_has_the_most_work() -> None:
    """Weights of 9 KiB, eight tokens of 16 bytes and as many results, at 34.13 GB/s and 250 MHz: 69.4 cycles."""
    bounds = run(Job(EDGE, (section(inventory(HEAVY, "y", blocks=1, lanes=1), length=8),))).bounds
    assert (bounds.resource_unit, bounds.resource_cycles) == ("dram", 70)


def test_above_the_roofline_is_what_the_array_did_else(leaky: Result) -> None:
    array = leaky.units["mac_array"]
    expected = {"work_elsewhere": 12 - 2, "edge": 6 * (7 + 3), **array.stalls}
    assert leaky.above_roofline == expected
    assert sum(expected.values()) == leaky.makespan_cycles - 2


def test_banks_are_busy_with_all_that_units_move(leaky: Result) -> None:
    """In one cluster of 1024 bytes a cycle."""
    products = sum(2 * 2 * (8 * steps + 8 * 4 + 4 * steps) for steps in TILES)
    moved = 2 * (products + 10 * 4 * 24)
    account = leaky.units["sram.banks0-15"]
    assert account.busy_cycles == account.useful_cycles == -(-moved // 1024)
    assert account.stalls == {"no_access": leaky.makespan_cycles - account.busy_cycles}


def test_the_mapping_is_reported(leaky: Result) -> None:
    mapping = leaky.mapping
    assert (mapping.token_tile, mapping.tiles_per_layer, mapping.blocks, mapping.lanes) == (4, 3, 2, 2)
    assert mapping.placement == {"v": "mac_array", "a": "mac_array", "s": "simd", "y": "simd"}
    assert (mapping.stepped, mapping.spilled, mapping.trials) == (["s", "y"], [], 0)
    assert BufferReport(name="s", role="state", slot_bytes=8 * 2, slots=1) in mapping.buffers
    assert mapping.sram_bytes == sum(each.slot_bytes * each.slots for each in mapping.buffers)
    assert (leaky.head_mapping, leaky.sections) == (None, None)


def test_spilled_states_are_reported() -> None:
    kept = inventory(LEAKY, "s y", blocks=4, tokens=4, spill=True)
    result = run(Job(EDGE, (section(kept),)))
    assert result.mapping.spilled == ["s"]
    assert result.dram_write_bytes == 2 * (16 * 8 + 4 * 8)  # outputs; the state after each of four tiles


# ---------------------------------------------------------------------------------------------------------- every run


@pytest.mark.parametrize("case", RUNS)
def test_what_is_recorded_changes_nothing_else(case: str) -> None:
    assert unrecorded(recorded(case)) == done(case)[1]


@pytest.mark.parametrize("case", ["mamba1-edge_flexpe-prefill", "mamba-130m-edge-decode", "narrow-banks"])
def test_a_trace_and_all_else_together_change_nothing(tmp_path: Path, case: str) -> None:
    job, silent = done(case)
    recorder = TraceWriter(tmp_path / "t.json.gz")
    with recorder.writing(job.machine) as observer:
        traced = run(job, observer=observer, windows=9, critical_path=True)
    assert unrecorded(traced) == silent
    assert traced == run(job, windows=9, critical_path=True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
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
    silent = run(job, certificate=True)
    check(silent, workload, machine)
    full = run(job, windows=most, critical_path=True, certificate=True)
    check_windows(full, most)
    check_path(full)
    assert unrecorded(full) == silent


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("effect", get_args(Effect))
def test_no_run_is_faster_than_its_bounds_whatever_is_ideal(effect: Effect, phase: str) -> None:
    wanted = {"layers": 1, "sequence_length": 16, "phase": phase, "clock": "2GHz", "ideal": f"[{effect}]"}
    result = simulate("mamba2-d96", "edge", wanted)
    bounds = result.bounds
    assert (
        max(bounds.resource_cycles, bounds.recurrence_cycles, bounds.any_mapping_cycles or 0) <= result.makespan_cycles
    )
