"""Energy in results: the paper's constants as ever, components that sum, and the search's objective the same."""

from __future__ import annotations

from functools import cache

import pytest

from sim.accounting.result import Result
from sim.files.limits import Limits
from sim.files.resolve import resolve
from sim.lowering.section import cost_model
from sim.search.objectives import OBJECTIVES
from sim.search.space import Space
from sim.search.trials import Trials
from sim.simulation import mapped, prepare, run
from tests.support.conservation import check_energy

MAPPING = "{placement: simd, token_tile: 16, blocks: 4, lanes: 2, weight_slot_kib: 32, spill: false, head_first: false,"
MAPPING = f"mapping={MAPPING} steps_first: false, spare_sram: evenly, step_elements: 128}}"  # nothing to choose
SETTINGS = ("layers=2", "sequence_length=64", MAPPING)


@cache
def result(*settings: str, workload: str = "mamba2") -> Result:
    return run(prepare(workload, "edge", [*SETTINGS, *settings]), stride="tile")


def test_constants_have_two_components_and_no_interval() -> None:
    found = result()
    ops, bits = found.ops_per_token * found.tokens, found.dram_bytes * 8
    assert found.energy_mj_per_token == (ops * 2_000 + bits * 15_000) / found.tokens / 10**15 * 1000
    assert found.energy_mj_per_token_by_component == {
        "operations": pytest.approx(found.ops_per_token * 2e-9),
        "dram": pytest.approx(found.dram_bytes / found.tokens * 8 * 15e-9),
    }
    check_energy(found)
    assert found.energy_figures is None and found.area_mm2 is None
    assert "energy_figures" not in found.to_json() and "area_mm2" not in found.to_json()


@pytest.mark.parametrize("level", ["low", "typical", "high"])
def test_components_sum_and_the_level_is_the_one_wished(level: str) -> None:
    found = result("energy.node=22nm", f"energy.level={level}")
    check_energy(found)
    assert found.energy_figures is not None and found.energy_figures.level == level
    assert found.energy_figures.total(level) == pytest.approx(found.energy_mj_per_token, rel=1e-9)
    assert found.makespan_cycles == result().makespan_cycles


def test_power_and_delay_follow() -> None:
    found = result("energy.node=22nm")
    joules = found.energy_mj_per_token / 1e3
    assert found.average_power_w == pytest.approx(joules * found.tokens_per_second)
    assert found.energy_delay_js == pytest.approx(joules / found.tokens_per_second)


def test_sram_bytes_are_of_the_buffers_of_the_mapping() -> None:
    found = result()
    assert set(found.sram_bytes) <= {buffer.name for buffer in found.mapping.buffers}
    assert found.sram_bytes["weights"].written == found.sram_bytes["weights"].read  # as many folds of rows as tiles
    assert found.operation_counts["mac_array"]["mac"] <= found.macs_per_token * found.tokens


@pytest.mark.parametrize("settings", [("energy.node=22nm",), ("energy.node=7nm", "dram.channels=4"), ()])
@pytest.mark.parametrize("objective", ["energy", "edp"])
def test_the_search_has_the_same_energy(settings: tuple[str, ...], objective: str) -> None:
    """For the cycles that a run of a mapping takes, the objective's energy is the result's."""
    inputs = resolve("mamba2", "edge", [*SETTINGS, *settings])
    found, (stack,) = run(mapped(inputs), stride="tile"), inputs.workload.stacks
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs, Limits())
    candidate = space.candidate(space.genome(mapped(inputs).sections[0].mapping))
    assert candidate is not None
    chosen = OBJECTIVES[objective](stack, inputs.machine, Trials(stack, inputs.machine, costs))  # type: ignore[index]
    steps = stack.steps * stack.layers
    energy = chosen.energy(candidate).at(found.makespan_cycles / steps) * steps  # type: ignore[attr-defined]
    assert energy / 1e12 / found.tokens == pytest.approx(found.energy_mj_per_token, rel=1e-9)
    cycles = 1.5 * candidate.bound
    if objective == "edp":
        assert chosen.most_cycles(candidate, chosen.of(candidate, cycles)) == pytest.approx(cycles)
    assert chosen.least(candidate) <= chosen.of(candidate, cycles)


def test_time_costs_by_component_only() -> None:
    """The same program on a machine whose DRAM is slower: dynamic energy stays, what grows with time grows."""
    slow = ("dram.timing=null", "dram.bandwidth=2GB/s")
    fast, late = (result("energy.node=22nm", "dram.timing=null", f"dram.bandwidth={b}GB/s") for b in (20, 2))
    assert late.makespan_cycles > 1.5 * fast.makespan_cycles
    one, other = fast.energy_mj_per_token_by_component, late.energy_mj_per_token_by_component
    assert other["leakage"] / one["leakage"] == pytest.approx(late.makespan_cycles / fast.makespan_cycles)
    assert other["clock"] > one["clock"]
    assert all(other[name] == one[name] for name in ("macs", "elementwise", "registers", "sram", "dram_bits"))
    assert result(*slow).energy_mj_per_token == result("dram.timing=null", "dram.bandwidth=20GB/s").energy_mj_per_token
