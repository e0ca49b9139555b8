"""Where a few steps or two blocks are space enough, and that no mapping waits for itself in a circle."""

from __future__ import annotations

from random import Random

import pytest

from hw.machine import MachineSpec
from sim.execution.run import run_program
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.resolve import resolve_workload
from sim.lowering.lowering import lower
from sim.lowering.section import cost_model
from sim.search.seeds import seeds
from sim.search.space import Space
from tests.support.layers import EDGE, inventory, layer, section
from tests.support.sampled import sampled
from workloads.graph import TimestepGraph

S = "S[t,h] = 0.5 * S[t-1,h] + u[t,h]"
R = "R[t,h] = 0.5 * R[t-1,h] + T[t,h] * e[t,h]"
FUSED = layer(  # d and e share a stream that does not go step by step: e, which R needs, waits for S as d does
    "y", S, "T[t,h] = S[t,h] * 2", "d[t,h] = T[t,h] + 1", "e[t,h] = u[t,h] * 2",
    "R[t,h] = R[t-1,h] * e[t,h] + S[t,h]", "y[t,h] = R[t,h] * d[t,h]",
)  # fmt: skip
ROW = layer(  # S, T and R in a row; R needs e, which needs all steps of S
    "y", S, "T[t,h] = 0.5 * T[t-1,h] + S[t,h]", "e[t,h] = S[t,h] + 1", R, "y[t,h] = R[t,h] + u[t,h]"
)
LOOSE = layer(  # as before, but e has nothing to do with S
    "y", S, "T[t,h] = 0.5 * T[t-1,h] + S[t,h]", "e[t,h] = u[t,h] + 1", R, "y[t,h] = R[t,h] + u[t,h]"
)


@pytest.mark.parametrize(
    ("built", "simd", "roles"),
    [
        pytest.param(FUSED, "R", {"S": "tile"}, id="through-what-shares-a-stream"),
        pytest.param(ROW, "T", {"T": "tile"}, id="several-in-a-row"),
        pytest.param(LOOSE, "T", {"S": "state", "T": "state"}, id="nothing-between"),
    ],
)
def test_what_a_reader_cannot_follow_step_by_step_is_kept(
    built: TimestepGraph, simd: str, roles: dict[str, str]
) -> None:
    kept = inventory(built, simd, blocks=2, lanes=1, stepped="S T R")
    assert {name: kept.stored[name].buffer.role for name in roles} == roles
    laid = section(kept)
    assert run_program(laid.program, EDGE).makespan > 0


def test_blocks_in_a_row_are_kept_where_the_last_of_a_row_needs_all_of_the_first() -> None:
    """A stream makes a and b, block by block; e waits for c, made of a, and for d, the sum of all of b."""
    built = layer(
        "y", "a[t,h,p] = u[t,h] + G[p]", "b[t,h] = u[t,h] * 2", "c[t,h] = sum(p, a[t,h,p])", "d[t] = sum(h, b[t,h])",
        "e[t,h] = c[t,h] * d[t]", "S[t,h] = 0.5 * S[t-1,h] + e[t,h]", "y[t,h] = S[t,h] + 1",
    )  # fmt: skip
    kept = inventory(built, "c d", blocks=8, lanes=1, stepped="S")
    assert {name: kept.stored[name].buffer.slots for name in "abc"} == {"a": 2, "b": 8, "c": 8}
    assert run_program(section(kept).program, EDGE).makespan > 0


SHIPPED = [
    ("mamba3-siso-187m", "edge", ("formulation=chunked", "chunk=2")),
    ("mamba3-siso-187m", "edge_flexpe", ("formulation=chunked", "chunk=4")),
    ("mamba3_mimo-d96", "edge_flexpe", ("formulation=chunked", "chunk=8")),
    ("mamba2-d192", "edge", ()),
    ("mamba1-d96", "edge_flexpe", ("phase=decode",)),
]


@pytest.mark.parametrize(("workload", "machine", "assignments"), sampled(SHIPPED, 3))
def test_no_mapping_waits_for_itself(workload: str, machine: str, assignments: tuple[str, ...]) -> None:
    """Random mappings, far from the best too; a circle raises an error."""
    stack = resolve_workload(workload, ["layers=2", "sequence_length=64", *assignments]).stacks[0]
    spec = read_document(find("machine", machine)).check(MachineSpec)
    costs, random = cost_model(stack, spec), Random(1)
    space = Space(stack, costs)
    sown = list(seeds(stack, costs, space.choices, space.candidate))
    mutants = (space.choices.mutated(random.choice(sown), random.choice((1, 3, 6)), random) for _ in range(100))
    fitting = [candidate for candidate in map(space.candidate, mutants) if candidate and candidate.requests < 400]
    assert len(fitting) > 20
    for candidate in fitting[:30]:
        assert run_program(lower(stack, spec, costs, candidate.inventory), spec, stride="tile").makespan > 0
