"""The choice of a mapping keeps what is wished."""

from __future__ import annotations

from sim.search.choose import choose
from tests.support.layers import EDGE
from workloads.graph import GraphBuilder
from workloads.workload import MappingSpec, Workload, WorkloadSpec


def test_a_wish_that_can_be_met_is_kept() -> None:
    b = GraphBuilder("small", {"d": 16, "h": 8}, "u[t,d]")
    b.define("a", "any", "a[t,d] = exp(u[t,d])")
    spec = WorkloadSpec(
        name="w",
        model="mamba1",
        dimensions={},
        layers=1,
        sequence_length=4,
        mapping=MappingSpec(place={"a": "mac_array"}),
    )
    choice = choose(Workload.alike(spec, b.build("a")).stacks[0], EDGE)
    assert choice.mapping.placement == {"a": "mac_array"}
