"""The bound over every mapping: by hand, beside mappings that are known to be good, and below every run."""

from __future__ import annotations

import csv
from functools import cache
from math import ceil
from typing import get_args

import pytest

from hw.effects import Effect
from hw.machine import MachineSpec
from sim.accounting import certificate, dealing
from sim.accounting.certificate import certificate_of
from sim.files.resolve import read, resolve
from sim.lowering.section import cost_model
from sim.search.choose import best_cut
from sim.simulation import prepare, run, simulate
from tests.support.folders import DATA
from workloads.builder import GraphBuilder
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

EDGE_ALONE = read("machine", "edge").check(MachineSpec)

with (DATA / "mappings.csv").open(encoding="utf-8", newline="") as file:
    KNOWN = list(csv.DictReader(file))
    """The best mappings that a search of some thousand candidates has found, each simulated whole, and a bound that was
    computed independently of ours; on machines whose products have their folds for themselves."""


def bound_of(workload: str, machine: str, *settings: str) -> int:
    """Of the first layers, cut as a run would cut them; it takes no mapping to know it."""
    inputs = resolve(workload, machine, settings)
    stack = best_cut(inputs.workload, inputs.machine).stacks[0]
    return certificate_of(stack, cost_model(stack, inputs.machine)).cycles


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: f"{row['workload']}-{row['machine']}-{row['settings']}")
def test_beside_the_best_mappings_that_are_known(row: dict[str, str]) -> None:
    found = bound_of(row["workload"], row["machine"], row["settings"], "mac_array.packing=false")
    assert found <= int(row["best_cycles"]) < 1.06 * found
    assert found == pytest.approx(int(row["lower_bound_cycles"]), rel=2e-3)


def test_lanes_do_alone_what_the_array_cannot() -> None:
    section = prepare("mamba1", "edge", ["layers=1", "sequence_length=32"]).sections[0]
    lanes = sum(
        section.costs.cost(name, "simd", 32, 1).useful_cycles
        for name in section.analysis.operations
        if section.analysis.kind(name) == "vector"
    )
    found = certificate_of(section.stack, section.costs)
    assert found.cycles >= lanes and found.spent_on == "compute"


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_dram_of_a_machine_that_has_little_of_it(phase: str) -> None:
    """Where DRAM is all that matters, the bound is the bytes that move at least, between refreshes."""
    settings = ["layers=2", "sequence_length=4", f"phase={phase}", "clock=20GHz", "mac_array.rows=8"]
    settings += ["mac_array.columns=512", "simd.lanes=4096"]
    job = prepare("mamba2", "edge", settings)
    result = run(job, certificate=True)
    cycles = result.dram_bytes / job.machine.dram_bytes_per_cycle
    assert result.bounds.any_mapping_cycles == pytest.approx(cycles, rel=0.12)
    assert ceil(0.99 * cycles) < (result.bounds.any_mapping_cycles or 0) <= result.makespan_cycles


def test_dealing_out_fractions_is_never_above_dealing_out_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bound_of("mamba2", "edge", "layers=1")
    monkeypatch.setattr(dealing, "MOST_WAYS", 1)
    fractions = bound_of("mamba2", "edge", "layers=1")
    assert 0.8 * whole < fractions < whole


def test_what_units_hand_on_to_each_other_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An array that reads a state which the lanes have updated has to fetch it: no unit does the rest for nothing."""
    settings = ("mamba2-780m", "edge_flexpe", "layers=1", "sequence_length=128")
    placed, run_cycles = bound_of(*settings), run(prepare(*settings[:2], settings[2:])).makespan_cycles
    monkeypatch.setattr(certificate, "MOST_PLACED", 0)
    assert 1.08 * bound_of(*settings) < placed <= run_cycles


def test_wishes_do_not_raise_it_and_long_prompts_do_so_in_proportion() -> None:
    plain = bound_of("mamba2-d96", "edge")
    assert bound_of("mamba2-d96", "edge", "mapping.token_tile=4", "mapping.placement=simd") == plain
    elementwise = bound_of("mamba2-d96", "edge_flexpe", "mapping.contractions=elementwise")
    assert elementwise == bound_of("mamba2-d96", "edge_flexpe")
    assert bound_of("mamba2-d96", "edge", "sequence_length=8192") == pytest.approx(8 * plain, rel=0.01)


@cache
def of_a_layer(workload: str) -> int:
    return bound_of(workload, "edge", "layers=1")


@pytest.mark.parametrize("setting", ["simd.lanes=64", "mac_array.rows=64", "dram.channels=4", "sram.capacity=8MiB"])
@pytest.mark.parametrize("workload", ["mamba1", "mamba2_ssd", "mamba3_mimo"])
def test_more_of_a_resource_never_raises_it(workload: str, setting: str) -> None:
    assert bound_of(workload, "edge", "layers=1", setting) <= 1.001 * of_a_layer(workload)


def test_results_have_it_where_it_is_asked_for() -> None:
    plain, certified = (simulate("mamba2-d96", layers=1, certificate=each) for each in (False, True))
    assert "any_mapping_cycles" not in plain.to_json() and plain.above_any_mapping is None
    bound = certified.bounds.any_mapping_cycles
    assert bound is not None and certified.above_any_mapping == certified.makespan_cycles / bound - 1
    assert "bound over every mapping of this formulation" in str(certified)
    assert "bound over every mapping" in certified._repr_html_()


@pytest.mark.parametrize(
    ("settings", "spent_on"),
    [
        pytest.param(["layers=1"], "compute", id="prefill"),
        pytest.param(["phase=decode"], "chain", id="decode on a square array"),
        pytest.param(["phase=decode", "clock=20GHz"], "DRAM", id="decode with a slow DRAM"),
    ],
)  # fmt: skip
def test_what_the_bound_is_spent_on(settings: list[str], spent_on: str) -> None:
    section = prepare("mamba2-d96", "edge", [*settings, "mapping.token_tile=1"]).sections[0]
    assert certificate_of(section.stack, section.costs).spent_on == spent_on


def chained(*equations: str) -> int:
    """The bound of a decode of what comes between two projections that fill the array by themselves."""
    b = GraphBuilder("chain", {"d": 64, "k": 64}, "u[t,d]")
    for equation in equations:
        b.define(equation.split("[")[0], "any", equation)
    spec = WorkloadSpec.model_validate(
        {"name": "w", "model": "mamba1", "dimensions": {}, "layers": 3, "sequence_length": 1, "phase": "decode"}
    )
    stack = Workload.alike(spec, b.build("o")).stacks[0]
    return certificate_of(stack, cost_model(stack, EDGE_ALONE)).cycles


def test_a_product_of_activations_between_projections_is_part_of_the_chain() -> None:
    """On an array whose PEs do nothing else; by hand 2 column folds of 64 weights a projection, 3 layers."""
    both = ("x[t,d] = sum(k, W[k,d] * u[t,k])", "o[t,d] = sum(k, V[k,d] * y[t,k])")
    alone = chained(both[0], "y[t,k] = x[t,k] * x[t,k]", both[1])
    product = chained(both[0], "p[t,d,k] = x[t,d] * x[t,k]", "y[t,k] = sum(d, x[t,d] * p[t,d,k])", both[1])
    assert alone >= 3 * 2 * 2 * 64
    assert product > alone


@pytest.mark.parametrize("workload", ["mamba1", "mamba2"])
def test_what_passes_the_edges_raises_it(workload: str) -> None:
    """Of a prompt's elementwise work on PEs, where lanes are no help: states go in and out, whatever is fused."""
    few = {"layers": 1, "sequence_length": 64, "simd.lanes": 1}
    own = {**few, "mac_array.elementwise.fed_by": "edges"}
    narrow = {**own, "mac_array.edges": "{rows: 8, columns: 8, results: 8}"}
    kinds = [[f"{key}={value}" for key, value in settings.items()] for settings in (few, own, narrow)]
    free, through, slow = (bound_of(workload, "edge_flexpe", *settings) for settings in kinds)
    assert free < through < slow
    result = simulate(workload, "edge_flexpe", narrow, certificate=True)
    assert slow == result.bounds.any_mapping_cycles and slow <= result.makespan_cycles


@pytest.mark.parametrize("workload", ["mamba1", "mamba2"])
def test_what_crosses_the_ports_of_the_sram_raises_it(workload: str) -> None:
    """Of elementwise work on PEs, whose states go in and out whatever is fused, where lanes are no help."""
    few = ["layers=1", "sequence_length=64", "simd.lanes=1", "state_precision=32bit"]
    free, wide, narrow = (
        bound_of(workload, "edge_flexpe", *few, setting)
        for setting in ("ideal=[bank_conflicts]", "sram.bank_width=4KiB", "sram.bank_width=8B")
    )
    assert free == wide < narrow
    result = simulate(workload, "edge_flexpe", [*few, "sram.bank_width=8B"], certificate=True)
    assert narrow == result.bounds.any_mapping_cycles and narrow <= result.makespan_cycles


def test_the_sram_alone_where_everything_else_is_wide() -> None:
    """Many lanes and PEs, one bank: the state goes in and out in every timestep."""
    wide = ["layers=1", "sequence_length=64", "simd.lanes=4096", "mac_array.rows=256", "mac_array.columns=256"]
    narrow = ["sram.banks=1", "sram.interleave=1", "sram.bank_width=64B"]
    section = prepare("mamba2", "edge_flexpe", [*wide, *narrow, "dram.channels=8"]).sections[0]
    found = certificate_of(section.stack, section.costs)
    state = 48 * 64 * 64
    assert found.spent_on == "SRAM"
    assert 2 * 2 * state * 64 / 64 <= found.cycles < 1.1 * 2 * 2 * state * 64 / 64


@pytest.mark.parametrize("more", ["mac_array.packing=true", "mac_array.dataflow=[output_stationary, dot_product]"])
def test_more_ways_to_do_a_product_never_raise_it(more: str) -> None:
    for phase in "prefill", "decode":
        alone = ["layers=1", "sequence_length=64", f"phase={phase}", "mac_array.packing=false"]
        assert bound_of("mamba2", "edge", *alone[:3], more) <= bound_of("mamba2", "edge", *alone)


@pytest.mark.parametrize("effect", get_args(Effect))
def test_a_decode_on_a_square_array_with_an_effect_ideal(effect: Effect) -> None:
    """Here the chain is what the bound is about."""
    result = simulate("mamba2", "edge", {"phase": "decode", "layers": 2, "ideal": f"[{effect}]"})
    assert 0 < (result.bounds.any_mapping_cycles or 0) <= result.makespan_cycles


def test_fractions_of_a_layer_are_not_rounded_up_for_each() -> None:
    settings = ["phase=decode", "clock=7333333333Hz", "dram.refresh=none"]
    one, many = (bound_of("mamba2-d96", "edge", *settings, f"layers={layers}") for layers in (1, 10_000))
    assert one * 10_000 < many < (one + 1) * 10_000


def test_the_bound_is_that_of_every_index_that_a_layer_can_be_cut_along() -> None:
    """Along its values DeltaNet's decode has a bound that is higher than along its heads, which any mapping may use."""
    inputs = resolve("deltanet", "edge", ["phase=decode", "layers=1"])
    stack = inputs.workload.stacks[0]
    found = {
        each: certificate_of(stack.cut_along(each), cost_model(stack.cut_along(each), inputs.machine)) for each in "hv"
    }
    assert found["h"] == found["v"] == certificate_of(stack, cost_model(stack, inputs.machine))
