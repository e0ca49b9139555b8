"""No run of a candidate is quicker than its busiest unit."""

from __future__ import annotations

from itertools import islice

import pytest

from hw.machine import MachineSpec
from sim.execution.run import run_program
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.resolve import resolve, resolve_workload
from sim.lowering.lowering import lower
from sim.lowering.section import cost_model
from sim.search.bound import busy_cycles_per_step
from sim.search.seeds import seeds
from sim.search.space import Space


@pytest.mark.parametrize("machine", ["edge", "edge_flexpe"])
@pytest.mark.parametrize("workload", ["mamba1-d96", "mamba2-d96", "mamba3_mimo-d48"])
def test_the_busiest_unit_works_as_long_as_the_bound_says(workload: str, machine: str) -> None:
    spec = read_document(find("machine", machine)).check(MachineSpec)
    stack = resolve_workload(workload, ["layers=1", "sequence_length=64"]).stacks[0]
    costs = cost_model(stack, spec)
    space = Space(stack, costs)
    fitting = filter(None, map(space.candidate, seeds(stack, costs, space.choices, space.candidate)))
    for candidate in islice(fitting, 6):
        done = run_program(lower(stack, spec, costs, candidate.inventory), spec, stride="tile")
        bound = candidate.bound * stack.steps
        assert bound <= done.makespan
        compute = max(done.units[unit].busy for unit in spec.compute)
        if stack.steps % candidate.mapping.tile_steps == 0:  # else the last tile has more edges
            assert compute <= bound * 1.0003


@pytest.mark.parametrize("workload", ["mamba1-d96", "mamba2-d96", "mamba3_mimo-d48"])
@pytest.mark.parametrize("banks", [["sram.bank_width=8B"], ["sram.bank_width=16B", "sram.interleave=4"]])
def test_the_sram_gives_no_more_than_it_can(workload: str, banks: list[str]) -> None:
    """On banks so narrow that elementwise work on PEs waits for them most of the time."""
    settings = ["layers=1", "sequence_length=64", "state_precision=32bit", *banks]
    inputs = resolve(workload, "edge_flexpe", settings)
    stack, machine = inputs.workload.stacks[0], inputs.machine
    costs = cost_model(stack, machine)
    space = Space(stack, costs)
    found = filter(None, map(space.candidate, seeds(stack, costs, space.choices, space.candidate)))
    waits = 0
    for candidate in islice(found, 6):
        done = run_program(lower(stack, machine, costs, candidate.inventory), machine, stride="tile")
        assert candidate.bound * stack.steps <= done.makespan
        free = machine.model_copy(update={"ideal": ["bank_conflicts"]})
        waits += candidate.bound > 1.2 * busy_cycles_per_step(stack, cost_model(stack, free), candidate.inventory)
    assert waits
