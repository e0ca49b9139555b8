"""The checker's own formulas, written from the pages, and the simulator's say the same of more than runs show."""

from __future__ import annotations

import json
import random

import pytest

from hw.gemm import gemm_cost
from hw.machine import MachineSpec
from hw.requests import Gemm, VectorPass
from sim.files.catalog import shipped
from sim.files.resolve import resolve
from sim.presentation.program import program_json
from sim.simulation import prepare
from tests.support.legality.arrays import Size, quickest
from tests.support.legality.equations import Equation, Pass
from tests.support.legality.lanes import on_lanes
from tests.support.legality.program import Program
from tests.support.shipped import built

CASES = 500
FUNCTIONS = ("add", "mul", "fma", "exp", "silu")
DATAFLOWS = ("output_stationary", "weight_stationary", "input_stationary", "dot_product")


@pytest.fixture(scope="module")
def machine() -> MachineSpec:
    return resolve("mamba2-d96", "edge").machine


def _passes(draw: random.Random) -> list[tuple[str, int, int, int]]:
    found = []
    for _ in range(draw.randint(1, 5)):
        points, reduces = draw.choice((1, 5, 32, 33, 64, 200, 1000)), draw.random() < 0.3
        results = min(points, draw.choice((1, 2, max(1, points // 2)))) if reduces else points
        found.append((draw.choice(FUNCTIONS), points, results, 1 if reduces else draw.choice((1, 1, 2, 4))))
    return found


def test_lanes(machine: MachineSpec) -> None:
    draw = random.Random(1)
    assert machine.simd is not None
    for _ in range(CASES):
        changes = {
            "pipeline_depth": draw.choice((0, 1, 4, 8)),
            "special_functions": draw.choice(("iterative", "behind_pipeline")),
            "fma": draw.choice((True, False)),
        }
        unit, chain = machine.simd.model_copy(update=changes), _passes(draw)
        cost = unit.passes_cost([VectorPass(*each) for each in chain])  # type: ignore[arg-type]
        found = on_lanes(unit.model_dump(mode="json"), unit.lanes, [Pass(*each) for each in chain])
        assert (found.cycles, found.tail) == (cost.cycles, cost.tail_cycles), (changes, chain)


def test_arrays(machine: MachineSpec) -> None:
    draw = random.Random(2)
    assert machine.mac_array is not None
    for _ in range(CASES):
        edges = {side: draw.choice((None, None, 4, 16)) for side in ("rows", "columns", "results")}
        changes = {
            "rows": draw.choice((8, 16, 32)),
            "columns": draw.choice((8, 16, 32, 128)),
            "dataflow": draw.sample(DATAFLOWS, draw.choice((1, 1, 1, 2))),
            "folds": draw.choice(("serial", "overlapped")),
            "packing": draw.choice((True, False)),
            "edges": machine.mac_array.edges.model_copy(update=edges),
        }
        array = machine.mac_array.model_copy(update=changes)
        m, n, k = draw.choice((1, 2, 5, 8, 9, 32, 100)), draw.choice((1, 3, 16, 33, 200)), draw.choice((1, 4, 31, 300))
        batch, rate = draw.choice((1, 1, 2, 5)), draw.choice((1, 1, 2))
        cost = gemm_cost(array, Gemm(m=m, n=n, k=k, batch=batch, rate=rate))
        found = quickest(array.model_dump(mode="json"), Size(batch, m, n, k, rate))
        assert (cost.cycles, cost.tail_cycles) in {(took.cycles, took.tail) for took, _ in found}, (changes, m, n, k)


@pytest.mark.parametrize("name", shipped("workload"))
def test_equations(name: str) -> None:
    """Passes, MACs, and what is read how many timesteps back."""
    for stack in built(name).stacks:
        graph = stack.graph
        for op in graph.operations:
            own = Equation(op.equation.text, graph.sizes)
            assert (own.tensor, own.indices) == (op.equation.tensor, op.equation.indices)
            expected = [(p.function, p.points, p.outputs, p.chain) for p in op.equation.scalar_passes(graph.worked)]
            found = [(p.function, p.points, p.results, p.chain) for p in own.passes(graph.worked)]
            assert found == expected, op.name
            assert own.macs(graph.worked) == graph.operation_counts(op).macs, op.name


@pytest.mark.parametrize("formulation", ["sequential", "chunked"])
def test_dependences(formulation: str) -> None:
    """What is read how many timesteps back, which operations recur, and how many rows are carried."""
    changes = [f"formulation={formulation}", *(["chunk=8"] if formulation == "chunked" else [])]
    job = prepare("mamba3_mimo-d48", "edge", ["layers=1", "sequence_length=16", *changes])
    described = Program(json.loads(program_json(job.sections, job.machine)))
    for section, own in zip(job.sections, described.sections, strict=True):
        graph = section.stack.graph
        found = {
            (reader, node.tensor, distance)
            for reader in own.operations
            for node, back in own.reads(reader)
            for distance in back
        }
        assert found == {(edge.reader, edge.tensor, edge.distance) for edge in graph.edges}
        assert own.recurrent == frozenset().union(*graph.recurrences)
        assert {tensor: own.rows_back(tensor) for tensor in own.carried} == dict(graph.carried)
