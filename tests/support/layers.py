"""Small layers from equations, laid onto a machine by hand."""

from __future__ import annotations

from typing import Any

from hw.machine import MachineSpec
from hw.unit_names import ComputeUnit
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.lowering.allotment import allot
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams
from sim.lowering.mapping import Mapping
from sim.lowering.placement import stepped_operations
from sim.lowering.section import Section
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.stack import Stack
from workloads.workload_spec import WorkloadSpec

EDGE = read_document(find("machine", "edge_flexpe")).check(MachineSpec)  # whose PEs can do whatever lanes can


def layer(output: str, *equations: str) -> TimestepGraph:
    """A layer with 8 heads of 4 channels from equations whose operations are called like their tensors."""
    b = GraphBuilder("small", {"d": 16, "h": 8, "p": 4, "n": 4}, "u[t,h]")
    for equation in equations:
        b.define(equation.split("[")[0], "any", equation)
    return b.build(output)


def inventory(
    built: TimestepGraph,
    simd: str = "",
    widths: tuple[int, int] = (2, 2),
    blocks: int = 2,
    lanes: int = 2,
    tokens: int = 8,
    spill: bool = False,
    stepped: str = "",
) -> Inventory:
    """What the layer keeps on chip, cut into *blocks* of *lanes*; operations not named in *simd* are on the array.

    Those named in *stepped* go step by step, the usual ones if there are none.
    """
    costs = CostModel(Analysis(built), EDGE, widths[0], state_bytes=widths[1])
    steps = frozenset(stepped.split()) or stepped_operations(costs.analysis, lanes * blocks, 1)
    place: dict[str, ComputeUnit] = {
        name: "simd" if name in simd.split() else "mac_array" for name in costs.analysis.operations
    }
    mapping = Mapping(tokens, 1, 1, blocks, lanes, steps, place, 1024, spill)
    return Inventory(costs.analysis, mapping, cut_into_streams(costs, mapping), widths)


def section(
    kept: Inventory, machine: MachineSpec = EDGE, layers: int = 1, length: int = 16, capacity: int = 2**20, **spec: Any
) -> Section:
    """*layers* layers of *length* tokens by the mapping of *kept*, in so many bytes of SRAM."""
    described = WorkloadSpec(name="small", model="mamba1", dimensions={}, layers=layers, sequence_length=length, **spec)
    assert allot(kept, capacity)
    costs = CostModel(kept.analysis, machine, kept.element_bytes, state_bytes=kept.state_bytes)
    return Section.lowered(Stack(described, kept.analysis.graph, layers), machine, costs, kept)


# Streams v (4 channels a token), a (8 heads) and s..y, which goes step by step.
LEAKY = layer(
    "y",
    "v[t,p] = sum(h, V[h,p] * u[t,h])",
    "a[t,h] = sum(p, W[p,h] * v[t,p])",
    "s[t,h] = 0.5 * s[t-1,h] + a[t,h]",
    "y[t,h] = D[h] * u[t,h] + s[t,h]",
)

# Streams q, r..s and y: a tile of 1 KiB of weights, then four of 2 KiB.
HEAVY = layer(
    "y",
    "q[t,d,n] = sum(h, A[h,d,n] * u[t,h])",
    "r[t,h,p] = sum(d, n, B[d,n,h,p] * q[t,d,n])",
    "s[t,h,p] = sum(d, n, C[d,n,h,p] * q[t,d,n])",
    "y[t,h] = sum(p, r[t,h,p] * s[t,h,p])",
)


def blocked() -> TimestepGraph:
    """Projections that fill the array block by block: x makes its results so, o sums its operand up so."""
    b = GraphBuilder("blocked", {"d": 8, "h": 4, "m": 64}, "u[t,d]")
    b.define("x", "any", "x[t,h,m] = sum(d, W[d,h,m] * u[t,d])")
    b.define("s", "any", "s[t,h,m] = 0.5 * s[t-1,h,m] + x[t,h,m]")
    b.define("o", "any", "o[t,d] = sum(h, m, V[h,m,d] * s[t,h,m])")
    return b.build("o")
