"""A section: its stack by a mapping, and what it is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from sim.lowering.section import GIVEN, Choice, Section, cost_model
from tests.support.layers import EDGE, LEAKY, inventory, section
from workloads.builder import GraphBuilder
from workloads.stack import Stack
from workloads.workload_spec import MappingSpec, WorkloadSpec


@pytest.fixture
def leaky() -> Section:
    return section(inventory(LEAKY, "s y", tokens=4), layers=3, length=10)


def test_a_section_is_lowered_by_the_mapping_of_what_it_keeps(leaky: Section) -> None:
    assert leaky.mapping is leaky.inventory.mapping
    assert leaky.analysis is leaky.costs.analysis and leaky.analysis.graph is LEAKY
    program = leaky.program
    assert (program.layers, program.tiles_per_layer, program.tile_steps, program.last_tile_steps) == (3, 3, 4, 2)
    assert [buffer.name for buffer in program.buffers] == ["u", "v", "a", "s", "y", "parameters.s", "weights"]
    assert {leaky.kind(name) for name in "vasy"} == {"any"}
    assert (leaky.first_layer, leaky.choice) == (0, GIVEN)


def test_another_program_leaves_the_rest(leaky: Section) -> None:
    short, found = replace(leaky.program, layers=1), Choice("searched", 7)
    changed = replace(leaky, first_layer=5, choice=found).with_program(short)
    assert changed.program is short
    assert (changed.first_layer, changed.choice, changed.costs) == (5, found, leaky.costs)


def test_only_the_streams_of_the_head_have_a_prefix(leaky: Section) -> None:
    head = replace(leaky, stack=replace(leaky.stack, head=True))
    assert (leaky.prefix, head.prefix) == ("", "head.")


@pytest.mark.parametrize(
    ("wish", "cycles"),
    [
        pytest.param("quicker", 4 * 64, id="as a matrix product: four folds of 64"),
        pytest.param("elementwise", 64**3 // 1024 * 2, id="as asked for: a product and a sum for each of 1024 PEs"),
    ],
)
def test_costs_are_those_that_the_stack_wishes(wish: Literal["quicker", "elementwise"], cycles: int) -> None:
    """A contraction of 64 x 64 by 64 x 64, on PEs that take two cycles for a multiply-add by itself."""
    elementwise = EDGE.mac_array.elementwise
    assert elementwise is not None
    apart = elementwise.model_copy(update={"fma": False})
    slow = EDGE.model_copy(update={"mac_array": EDGE.mac_array.model_copy(update={"elementwise": apart})})
    b = GraphBuilder("square", {"d": 64, "n": 64, "k": 64}, "u[t,d,k]")
    b.define("c", "any", "c[t,d,n] = sum(k, u[t,d,k] * u[t,n,k])")
    spec = WorkloadSpec(
        name="w", model="mamba1", dimensions={}, layers=1, sequence_length=1, precision="32bit",
        mapping=MappingSpec(contractions=wish),
    )  # fmt: skip
    costs = cost_model(Stack(spec, b.build("c"), 1), slow)
    assert costs.cost("c", "mac_array", 1, 1).cycles == cycles
    assert (costs.element_bytes, costs.machine) == (4, slow)
