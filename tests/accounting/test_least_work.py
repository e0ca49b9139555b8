"""What a run takes at least: below the certificate and below every run, and what it is made of."""

from __future__ import annotations

import pytest

from sim.accounting.certificate import any_mapping_cycles
from sim.accounting.least_work import least_cycles, least_mj_per_token
from sim.files.resolve import resolve
from sim.lowering.section import cost_model
from sim.simulation import mapped, run

CASES = [
    ("mamba1", "edge", ["layers=2", "sequence_length=32", "energy=components"]),
    ("mamba2-d192", "edge_flexpe", ["layers=2", "sequence_length=64", "batch=3", "energy=components"]),
    ("mamba2", "edge", ["layers=2", "phase=decode"]),
    ("mamba3_mimo_ssd", "edge", ["layers=2", "sequence_length=64", "sram.capacity=1MiB", "energy=components"]),
    ("mamba3_mimo-d96", "edge_2x512", ["sequence_length=32", "simd.lanes=8"]),
    ("kda", "published/u280", ["layers=2", "sequence_length=32"]),
    ("granite-4.0-h-tiny", "edge", ["phase=decode", "energy=components"]),
    ("gpt-neo-125m", "edge", ["sequence_length=16", "energy=components"]),
    ("mamba2-d96", "edge_sfu", ["sequence_length=16", "phase=generate", "generate=3"]),
]


@pytest.mark.parametrize(("workload", "machine", "settings"), CASES, ids=[f"{each[0]}-{each[1]}" for each in CASES])
def test_no_run_takes_less(workload: str, machine: str, settings: list[str]) -> None:
    inputs = resolve(workload, machine, settings)
    least = least_cycles(inputs.workload, inputs.machine)
    result = run(mapped(inputs), stride="tile")
    stacks = ((stack, cost_model(stack, inputs.machine)) for stack in inputs.workload.stacks)
    assert 0 < least <= any_mapping_cycles(stacks) <= result.makespan_cycles
    mj = least_mj_per_token(inputs.workload, inputs.machine, least)
    assert 0 < mj <= result.energy_mj_per_token * (1 + 1e-9)


def test_with_the_constants_of_the_paper_it_is_operations_and_weights() -> None:
    inputs = resolve("mamba2", "edge", ["phase=decode"])
    result = run(mapped(inputs), stride="tile", simulate_layers=1)
    mj = least_mj_per_token(inputs.workload, inputs.machine, 0)
    assert mj == pytest.approx(result.energy_mj_per_token, rel=0.01)


def test_energy_is_linear_in_cycles() -> None:
    inputs = resolve("mamba2-d96", "edge", ["energy=components"])
    of = [least_mj_per_token(inputs.workload, inputs.machine, cycles) for cycles in (0, 10**9, 3 * 10**9)]
    assert of[2] - of[0] == pytest.approx(3 * (of[1] - of[0])) and of[1] > of[0]
