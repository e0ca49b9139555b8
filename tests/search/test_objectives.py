"""Objectives: time, energy, and their product; none is ever less than it can be at least."""

from __future__ import annotations

from typing import get_args

import pytest

from sim.files.limits import Limits
from sim.search.objectives import OBJECTIVES
from sim.simulation import prepare, run
from workloads.workload import Objective

SETTINGS = ["layers=2", "sequence_length=128"]


def test_every_objective_that_can_be_wished_is_there() -> None:
    assert set(OBJECTIVES) == set(get_args(Objective))


@pytest.mark.parametrize(("workload", "machine"), [("mamba1-d192", "edge_flexpe"), ("mamba2-d192", "edge")])
def test_each_is_best_at_its_own(workload: str, machine: str) -> None:
    found = {}
    for objective in OBJECTIVES:
        settings = [*SETTINGS, "sram.capacity=512KiB", f"mapping.objective={objective}"]
        found[objective] = run(prepare(workload, machine, settings, Limits(search="quick")), stride="tile")
    cycles = {objective: result.makespan_cycles for objective, result in found.items()}
    energy = {objective: result.energy_mj_per_token for objective, result in found.items()}
    assert cycles["time"] == min(cycles.values())
    assert energy["energy"] == min(energy.values())
    assert cycles["edp"] * energy["edp"] <= 1.003 * min(cycles[each] * energy[each] for each in found)
