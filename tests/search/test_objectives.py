"""Objectives: time, energy, and their product; none is ever less than it can be at least."""

from __future__ import annotations

from math import inf
from typing import get_args

import pytest

from sim.files.limits import Limits
from sim.files.resolve import resolve
from sim.lowering.section import cost_model
from sim.search.objectives import OBJECTIVES
from sim.search.seeds import seeds
from sim.search.space import Space
from sim.search.trials import Trials
from sim.simulation import prepare, run
from tests.support.sampled import sampled
from workloads.workload_spec import Objective

SETTINGS = ["layers=2", "sequence_length=128"]


@pytest.mark.parametrize("energy", ["paper", "components"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_never_ends_is_worse_than_anything(objective: Objective, energy: str) -> None:
    """Trials that are given up count as endless; before the first one has ended any number of cycles is as good."""
    inputs = resolve("mamba1-d96", "edge", [*SETTINGS, f"energy={energy}"])
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs)
    candidate = space.candidate(seeds(stack, costs, space.choices, space.candidate)[0])
    assert candidate is not None
    value = OBJECTIVES[objective](stack, inputs.machine, Trials(stack, inputs.machine, costs))
    assert value.of(candidate, candidate.bound) < value.of(candidate, 2 * candidate.bound) <= value.of(candidate, inf)
    assert value.most_cycles(candidate, inf) == inf


def test_every_objective_that_can_be_wished_is_there() -> None:
    assert set(OBJECTIVES) == set(get_args(Objective))


@pytest.mark.parametrize(("workload", "machine"), sampled([("mamba2-d96", "edge"), ("mamba1-d96", "edge_flexpe")], 1))
def test_each_is_best_at_its_own(workload: str, machine: str) -> None:
    found = {}
    for objective in OBJECTIVES:
        settings = [*SETTINGS, "sram.capacity=256KiB", f"mapping.objective={objective}"]
        found[objective] = run(prepare(workload, machine, settings, Limits(search="quick")), stride="tile")
    cycles = {objective: result.makespan_cycles for objective, result in found.items()}
    energy = {objective: result.energy_mj_per_token for objective, result in found.items()}
    assert cycles["time"] == min(cycles.values())
    assert energy["energy"] == min(energy.values())
    assert cycles["edp"] * energy["edp"] <= 1.003 * min(cycles[each] * energy[each] for each in found)
