"""The shipped models as graphs: what they carry, their parameters against published formulas, their work, and mistakes.

Expected numbers are those of "The Hyperscale Lottery" (arXiv 2604.07935), Table 1, and the parameter formulas of the
official implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.documents import read_document
from workloads.config import Workload, build_workload
from workloads.graph import TimestepGraph
from workloads.mamba1 import Mamba1Dimensions, mamba1_block
from workloads.mamba2 import Mamba2Dimensions, mamba2_block
from workloads.mamba3 import Mamba3NaiveDimensions, mamba3_naive_block

WORKLOADS = Path(__file__).parents[1] / "workloads"


def table1(name: str) -> Workload:
    return build_workload(read_document(WORKLOADS / f"{name}.yaml"))


MAMBA1 = mamba1_block(Mamba1Dimensions(d_model=8, d_state=3))
MAMBA2 = mamba2_block(Mamba2Dimensions(d_model=8, d_state=3, head_dim=4, n_groups=2))
MAMBA3 = mamba3_naive_block(Mamba3NaiveDimensions(d_model=8, d_state=6, head_dim=4, mimo_rank=2))


@pytest.mark.parametrize(
    ("graph", "recurrences"),
    [
        pytest.param(MAMBA1, [{"update"}], id="mamba1: the state"),
        pytest.param(MAMBA2, [{"update"}], id="mamba2: the state"),
        pytest.param(MAMBA3, [{"angle"}, {"update"}], id="mamba3: the angles and the state"),
    ],
)
def test_recurrences(graph: TimestepGraph, recurrences: list[set[str]]) -> None:
    assert graph.recurrences == tuple(map(frozenset, recurrences))


@pytest.mark.parametrize(
    ("graph", "carried"),
    [
        pytest.param(
            MAMBA1,
            {("in_proj.x", "conv", "x"): [1, 2, 3], ("update", "update", "h"): [1]},
            id="mamba1",
        ),
        pytest.param(
            MAMBA2,
            {
                ("in_proj.x", "conv.x", "x"): [1, 2, 3],
                ("in_proj.B", "conv.B", "B_raw"): [1, 2, 3],
                ("in_proj.C", "conv.C", "C_raw"): [1, 2, 3],
                ("update", "update", "S"): [1],
            },
            id="mamba2",
        ),
        pytest.param(
            MAMBA3,
            {
                ("angle", "angle", "phi"): [1],
                ("in_proj.x", "scale_x.past", "x"): [1],
                ("rotate_B", "outer", "B"): [1],
                ("update", "update", "S"): [1],
            },
            id="mamba3",
        ),
    ],
)
def test_loop_carried_distances(graph: TimestepGraph, carried: dict[tuple[str, str, str], list[int]]) -> None:
    found: dict[tuple[str, str, str], list[int]] = {}
    for source, reader, edge in graph.graph.edges(data=True):
        if edge["distance"]:
            found.setdefault((source, reader, edge["tensor"]), []).append(edge["distance"])
    assert {edge: sorted(distances) for edge, distances in found.items()} == carried


@pytest.mark.parametrize(
    ("graph", "elements"),
    [
        # d 8, D 16, N 3, K 4
        pytest.param(MAMBA1, {"h": 16 * 3, "x": 3 * 16}, id="mamba1: D N + (K-1) D"),
        # G 2
        pytest.param(MAMBA2, {"S": 16 * 3, "x": 3 * 16, "B_raw": 3 * 2 * 3, "C_raw": 3 * 2 * 3}, id="mamba2"),
        # D 16, N 6, H 4, R 2
        pytest.param(MAMBA3, {"S": 16 * 6, "phi": 4 * 3, "x": 2 * 16, "B": 4 * 2 * 6}, id="mamba3"),
    ],
)
def test_carried_elements(graph: TimestepGraph, elements: dict[str, int]) -> None:
    assert {tensor: reach * graph.elements(tensor) for tensor, reach in graph.carried.items()} == elements


@pytest.mark.parametrize(
    ("d", "expand", "N", "K", "rank"),
    [
        pytest.param(8, 2, 3, 4, None, id="small"),
        pytest.param(17, 3, 5, 2, None, id="odd, rank rounded up to 2"),
        pytest.param(8, 2, 3, 1, 5, id="rank given, no window"),
        pytest.param(768, 2, 16, 4, None, id="mamba-130m"),
        pytest.param(1536, 2, 64, 4, None, id="table 1"),
    ],
)
def test_mamba1_parameters(d: int, expand: int, N: int, K: int, rank: int | None) -> None:
    D, r = expand * d, rank or -(-d // 16)
    graph = mamba1_block(Mamba1Dimensions(d_model=d, d_state=N, expand=expand, d_conv=K, dt_rank=rank))
    expected = 2 * d * D + D * (K + 1) + D * (r + 2 * N) + r * D + D + D * N + D + D * d + d
    assert graph.parameter_count == expected


@pytest.mark.parametrize(
    ("d", "N", "P", "G", "K"),
    [
        pytest.param(8, 3, 4, 1, 4, id="small"),
        pytest.param(8, 3, 4, 2, 4, id="two groups"),
        pytest.param(15, 7, 5, 3, 2, id="odd"),
        pytest.param(768, 128, 64, 1, 4, id="mamba2-130m"),
        pytest.param(1536, 64, 64, 1, 4, id="table 1"),
    ],
)
def test_mamba2_parameters(d: int, N: int, P: int, G: int, K: int) -> None:
    D = 2 * d
    H = D // P
    graph = mamba2_block(Mamba2Dimensions(d_model=d, d_state=N, head_dim=P, n_groups=G, d_conv=K))
    expected = d * (2 * D + 2 * G * N + H) + (D + 2 * G * N) * (K + 1) + 3 * H + D + D * d + d
    assert graph.parameter_count == expected


@pytest.mark.parametrize(
    ("d", "N", "P", "R"),
    [
        pytest.param(8, 6, 4, 1, id="SISO"),
        pytest.param(8, 6, 4, 2, id="rank 2"),
        pytest.param(15, 10, 3, 4, id="odd"),
        pytest.param(768, 64, 32, 4, id="table 1"),
    ],
)
def test_mamba3_naive_parameters(d: int, N: int, P: int, R: int) -> None:
    D = 2 * d
    H = D // P
    graph = mamba3_naive_block(Mamba3NaiveDimensions(d_model=d, d_state=N, head_dim=P, mimo_rank=R))
    in_proj = d * (2 * R * D + 2 * N * R + H * N // 2 + 2 * H)
    assert graph.parameter_count == in_proj + 2 * N + 2 * H * R * N + 3 * H + R * D * d + d


@pytest.mark.parametrize(
    ("name", "mega_macs"),
    [
        pytest.param("mamba1", 726.66, id="mamba1"),
        pytest.param("mamba2", 692.45, id="mamba2"),
        pytest.param("mamba3_mimo", 758.51, id="mamba3"),
    ],
)
def test_projection_macs_per_token_of_table_1(name: str, mega_macs: float) -> None:
    workload = table1(name)
    projections = [op for op in workload.graph.operations if op.kind == "projection"]
    macs = sum(workload.graph.operation_counts(op).macs for op in projections) * workload.spec.layers
    assert macs / 1e6 == pytest.approx(mega_macs, abs=0.005)


@pytest.mark.parametrize(
    ("name", "giga_ops"),
    [
        pytest.param("mamba1", 1.52, id="mamba1"),
        pytest.param("mamba2", 1.43, id="mamba2"),
        # 1.652 here: norms, biases and both terms of the trapezoid are counted
        pytest.param("mamba3_mimo", 1.62, id="mamba3"),
    ],
)
def test_operations_per_token_of_table_1(name: str, giga_ops: float) -> None:
    workload = table1(name)
    assert workload.graph.counts.ops * workload.spec.layers / 1e9 == pytest.approx(giga_ops, rel=0.025)


@pytest.mark.parametrize(
    ("graph", "transcendentals"),
    [
        # the norm's rsqrt; silu of conv and gate, softplus: 3 D; exp: D N
        pytest.param(MAMBA1, 1 + 3 * 16 + 16 * 3, id="mamba1: an exp for each state element"),
        # the norm, and G after the gate; silu of D + 2 G N in conv, of D in the gate; softplus and exp: 2 H
        pytest.param(MAMBA2, 1 + 2 + (16 + 2 * 2 * 3) + 16 + 2 * 4, id="mamba2: an exp for each head"),
        # 1 + 2 R norms; softplus, exp, sigmoid: 3 H; tanh, sin, cos: 3 H N/2; silu: R D
        pytest.param(MAMBA3, 1 + 2 * 2 + 3 * 4 + 3 * 4 * 3 + 2 * 16, id="mamba3: a sin and a cos for each angle"),
    ],
)
def test_transcendentals(graph: TimestepGraph, transcendentals: int) -> None:
    assert graph.counts.transcendentals == transcendentals


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda: Mamba2Dimensions(d_model=10, head_dim=4, n_groups=2),
            "expand*d_model = 20 must be a multiple of head_dim*n_groups = 8",
            id="mamba2: heads and groups",
        ),
        pytest.param(
            lambda: Mamba3NaiveDimensions(d_model=10, head_dim=3),
            "expand*d_model = 20 must be a multiple of head_dim = 3",
            id="mamba3: heads",
        ),
        pytest.param(
            lambda: Mamba3NaiveDimensions(d_model=16, d_state=5),
            "d_state must be even, since rotations turn pairs of it, not 5",
            id="mamba3: pairs",
        ),
        pytest.param(lambda: Mamba1Dimensions(d_model=0), "Input should be greater than 0", id="mamba1: nothing"),
    ],
)
def test_mistakes(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        build()
    assert message in str(raised.value)
