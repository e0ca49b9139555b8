"""Schedules whose buffers have just the slots without which nothing moves: they are refused, or they end."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.errors import InputError
from sim.search.choose import choose
from sim.simulation import prepare, run
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec


def joined_in_between() -> TimestepGraph:
    """``outer`` waits, through ``turn``, for all blocks of what shares its stream with the blocked ``scale``."""
    graph = GraphBuilder("joined", {"d": 4, "h": 8, "n": 4}, "u[t,d]")
    graph.define("in_proj.x", "projection", "x[t,h] = sum(d, W_x[d,h] * u[t,d])")
    graph.define("in_proj.B", "projection", "B[t,n] = sum(d, W_B[d,n] * u[t,d])")
    graph.define("scale", "gate", "xs[t,h] = x[t,h] + x[t,h]")
    graph.define("decay", "discretisation", "a[t,h] = exp(x[t,h])")
    graph.define("average", "state", "m[t,h] = a[t,h] * m[t-1,h] + a[t,h]")
    graph.define("turn", "rotation", "Bt[t,n] = B[t,n] * sum(h, m[t,h])")
    graph.define("outer", "state", "dBx[t,h,n] = xs[t,h] * Bt[t,n]")
    graph.define("update", "state", "S[t,h,n] = a[t,h] * S[t-1,h,n] + dBx[t,h,n]")
    graph.define("out", "state", "y[t,h] = sum(n, B[t,n] * S[t,h,n])")
    return graph.build("y")


def recurrent_output() -> TimestepGraph:
    """The layer's output, which is stored in one go, is written block by block."""
    graph = GraphBuilder("leaky", {"d": 8}, "x[t,d]")
    graph.define("leak", "state", "h[t,d] = a[d] * h[t-1,d] + x[t,d]")
    return graph.build("h")


@pytest.mark.parametrize("sram", [f"{quarters * 256}B" for quarters in range(4, 24, 2)])
@pytest.mark.parametrize(
    ("graph", "token_tile", "blocks"),
    [
        pytest.param(joined_in_between(), 16, 4, id="joined in between"),
        pytest.param(joined_in_between(), 16, 8, id="joined in between, eight blocks"),
        pytest.param(recurrent_output(), 64, 4, id="recurrent output"),
    ],
)
def test_ends_or_is_refused(graph: TimestepGraph, token_tile: int, blocks: int, sram: str) -> None:
    changes = (f"sram.capacity={sram}", "sram.bank_width=2B")
    machine = read_document(find("machine", "edge")).changed(changes).check(MachineSpec)
    wishes = MappingSpec(token_tile=token_tile, blocks=blocks, lanes=1, weight_slot_kib=1)
    spec = WorkloadSpec(name="x", model="mamba1", dimensions={}, layers=1, sequence_length=64, mapping=wishes)
    try:
        choose(Workload.alike(spec, graph).stacks[0], machine)
    except InputError as error:
        assert "needs" in str(error.problems[0])


def test_a_projection_that_is_not_cut_reads_all_blocks_at_once() -> None:
    """``widen_x`` needs all of x, which is written block by block."""
    wanted = ["formulation=chunked", "chunk=16", "layers=1", "sequence_length=32"]
    job = prepare("mamba3-mimo-894m", "edge", wanted)
    assert run(job).makespan_cycles > 0
