"""Lower bounds: the maximum cycle ratio against enumeration, latencies of recurrences by hand, the paper's roofline."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.machine import MachineSpec
from hw.unit_names import ComputeUnit
from sim.accounting.bounds import maximum_cycle_ratio, paper_roofline_cycles, recurrence_cycles_per_step
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping
from sim.search.choose import sections
from sim.simulation import Job, run
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec

Edge = tuple[str, str, int, int]


@pytest.mark.parametrize(
    ("edges", "ratio"),
    [
        pytest.param([], Fraction(0), id="no graph"),
        pytest.param([("a", "b", 9, 0), ("b", "c", 9, 1)], Fraction(0), id="no cycle"),
        pytest.param([("a", "a", 5, 1)], Fraction(5), id="one operation and its past"),
        pytest.param([("a", "a", 5, 2)], Fraction(5, 2), id="two timesteps back"),
        pytest.param([("a", "b", 5, 0), ("b", "a", 2, 1)], Fraction(7), id="two operations"),
        pytest.param([("a", "b", 5, 0), ("b", "a", 2, 3), ("b", "b", 3, 1)], Fraction(3), id="the worse of two cycles"),
        pytest.param([("a", "a", 5, 1), ("a", "a", 5, 3)], Fraction(5), id="the nearer of two reads of one past"),
        pytest.param([("a", "a", 4, 3), ("b", "b", 9, 7)], Fraction(4, 3), id="exact fractions"),
        pytest.param([("a", "a", 0, 1)], Fraction(0), id="free operations"),
    ],
)
def test_maximum_cycle_ratio(edges: list[Edge], ratio: Fraction) -> None:
    assert maximum_cycle_ratio(edges) == ratio


def test_a_cycle_within_a_timestep_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^operations depend on each other within one timestep: ") as caught:
        maximum_cycle_ratio([("first", "second", 1, 0), ("second", "first", 1, 0)])
    assert "first" in str(caught.value)
    assert "second" in str(caught.value)


def enumerated(edges: list[Edge]) -> Fraction:
    """Every simple cycle of the multigraph, through every choice of parallel edges that can be the worst."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((source, target) for source, target, _, _ in edges)
    worst = Fraction(0)
    for cycle in nx.simple_cycles(graph):
        totals = {(0, 0)}
        for source, target in pairwise([*cycle, cycle[0]]):
            steps = {(latency, distance) for s, t, latency, distance in edges if (s, t) == (source, target)}
            totals = {(a + latency, b + distance) for a, b in totals for latency, distance in steps}
        worst = max([worst, *(Fraction(latency, distance) for latency, distance in totals)])
    return worst


NAMES = "abcde"
forward = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 20), st.integers(0, 3))


@given(raw=st.lists(forward, max_size=9))
def test_the_ratio_is_the_largest_of_all_simple_cycles(raw: list[tuple[int, int, int, int]]) -> None:
    """Edges within a timestep lead forward only, so that every cycle has a distance."""
    edges = [(NAMES[a], NAMES[b], latency, d if a < b else max(1, d)) for a, b, latency, d in raw]
    assert maximum_cycle_ratio(edges) == enumerated(edges)


@pytest.mark.parametrize(
    ("ops", "macs", "cycles"),
    [
        pytest.param(2048, 1024, 1, id="a MAC is two operations"),
        pytest.param(2049, 1024, 2, id="rounded up"),
        pytest.param(1_520_000_000, 1024, 742_188, id="Mamba-1 of the paper, one token"),
        pytest.param(2**80 + 1, 1, 2**79 + 1, id="exact"),
    ],
)
def test_paper_roofline(ops: int, macs: int, cycles: int) -> None:
    assert paper_roofline_cycles(ops, macs) == cycles


def leaky() -> TimestepGraph:
    b = GraphBuilder("leaky", {"h": 4}, "u[t,h]")
    b.define("leak", "state", "m[t,h] = a[h] * m[t-1,h] + u[t,h]")
    return b.build("m")


def pair(second: str = "m[t,h] = tanh(q[t,h])") -> TimestepGraph:
    b = GraphBuilder("pair", {"h": 4, "g": 4}, "u[t,h]")
    b.define("first", "state", "q[t,h] = a[h] * m[t-1,h]")
    b.define("second", "state", second)
    return b.build("m")


def machine(*overrides: str) -> MachineSpec:
    document = read_document(find("machine", "edge_flexpe"))
    for override in overrides:
        document.override(override)
    return document.check(MachineSpec)


# The edge machine: pipelines of 4 cycles, in which there is room for the 4 of exp and tanh; everything else takes 1.
@pytest.mark.parametrize(
    ("graph", "placement", "ratio"),
    [
        pytest.param(leaky(), {"leak": "simd"}, Fraction(4), id="one multiply-add and its tail"),
        pytest.param(leaky(), {"leak": "mac_array"}, Fraction(4), id="a PE is like a lane"),
        pytest.param(pair(), {"first": "simd", "second": "simd"}, Fraction(4 + 4), id="lanes wait for each pass"),
        pytest.param(pair(), {"first": "mac_array", "second": "mac_array"}, Fraction(1 + 4), id="PEs for a request's"),
        pytest.param(pair(), {"first": "mac_array", "second": "simd"}, Fraction(4 + 4), id="two units: two tails"),
        pytest.param(
            pair("m[t,h] = q[t-1,h] + u[t,h]"), {"first": "simd", "second": "simd"}, Fraction(4), id="two timesteps"
        ),
    ],
)
def test_recurrence_cycles_per_step(graph: TimestepGraph, placement: dict[str, ComputeUnit], ratio: Fraction) -> None:
    costs = CostModel(Analysis(graph), machine(), 2)
    mapping = Mapping(1, 1, 1, 1, 1, frozenset(placement), placement, 1024)
    assert recurrence_cycles_per_step(costs, mapping) == ratio


@pytest.mark.parametrize("unit", [pytest.param(unit, id=unit) for unit in ("mac_array", "simd")])
@pytest.mark.parametrize(
    "graph", [pytest.param(leaky(), id="one operation"), pytest.param(pair(), id="two operations")]
)
def test_a_run_that_is_nothing_but_a_recurrence_is_near_its_bound(graph: TimestepGraph, unit: str) -> None:
    spec = WorkloadSpec(
        name="tiny", model="mamba1", dimensions={}, layers=1, sequence_length=1000,
        mapping=MappingSpec(placement=unit, blocks=1, lanes=1, token_tile=100),
    )  # fmt: skip
    workload, fast = Workload.alike(spec, graph), machine("simd.pipeline_depth=16")
    result = run(Job(fast, sections(workload, fast)))
    assert result.bounds.recurrence_cycles <= result.makespan_cycles
    assert result.makespan_cycles < 2 * result.bounds.recurrence_cycles + 2000
