"""The shipped models as graphs: what they carry, their parameters against published formulas, their work, and mistakes.

Expected numbers are those of "The Hyperscale Lottery" (arXiv 2604.07935), Table 1, and the parameter formulas of the
official implementation.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.files.documents import read_document
from sim.files.resolve import build_workload
from tests.support.folders import ROOT
from workloads.graph import TimestepGraph
from workloads.models.mamba1 import Mamba1Dimensions, mamba1_blelloch, mamba1_kogge_stone, mamba1_sequential
from workloads.models.mamba2 import Mamba2Dimensions, mamba2_chunked, mamba2_sequential
from workloads.models.mamba3 import (
    Mamba3Dimensions,
    Mamba3NaiveDimensions,
    mamba3_chunked,
    mamba3_naive_chunked,
    mamba3_naive_sequential,
    mamba3_sequential,
)
from workloads.workload import Workload

WORKLOADS = ROOT / "workloads"


def table1(name: str) -> Workload:
    return build_workload(read_document(WORKLOADS / f"{name}.yaml"))


MAMBA1 = mamba1_sequential(Mamba1Dimensions(d_model=8, d_state=3))
MAMBA2 = mamba2_sequential(Mamba2Dimensions(d_model=8, d_state=3, head_dim=4, n_groups=2))
MAMBA3 = mamba3_naive_sequential(Mamba3NaiveDimensions(d_model=8, d_state=6, head_dim=4, mimo_rank=2))


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
    graph = mamba1_sequential(Mamba1Dimensions(d_model=d, d_state=N, expand=expand, d_conv=K, dt_rank=rank))
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
    graph = mamba2_sequential(Mamba2Dimensions(d_model=d, d_state=N, head_dim=P, n_groups=G, d_conv=K))
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
    graph = mamba3_naive_sequential(Mamba3NaiveDimensions(d_model=d, d_state=N, head_dim=P, mimo_rank=R))
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


@pytest.mark.parametrize("Q", [1, 4, 8])
@pytest.mark.parametrize(("G", "P", "N"), [pytest.param(1, 4, 3, id="a group"), pytest.param(2, 2, 5, id="two groups")])
def test_products_of_mamba2s_chunks(Q: int, G: int, P: int, N: int) -> None:
    D = 16
    graph = mamba2_chunked(Mamba2Dimensions(d_model=8, d_state=N, head_dim=P, n_groups=G), Q)
    macs = {op.name: graph.operation_counts(op).macs / Q for op in graph.operations if op.kind == "chunk"}
    products = {"scores": Q * N * G, "intra": Q * D, "chunk_state": D * N, "inter": D * N}
    assert {name: count for name, count in macs.items() if count} == products
    mask = graph.operation_counts(graph.operation("mask"))
    assert mask.transcendentals / Q == Q * D / P  # an exp for each pair of tokens and head


@pytest.mark.parametrize("Q", [1, 4])
@pytest.mark.parametrize("R", [1, 2, 4])
@pytest.mark.parametrize("naive", [True, False])
def test_products_of_mamba3s_chunks(naive: bool, R: int, Q: int) -> None:
    D, P, N = 16, 4, 6
    H = D // P
    if naive:
        graph = mamba3_naive_chunked(Mamba3NaiveDimensions(d_model=8, d_state=N, head_dim=P, mimo_rank=R), Q)
    else:
        graph = mamba3_chunked(Mamba3Dimensions(d_model=8, d_state=N, head_dim=P, mimo=True, mimo_rank=R), Q)
    macs = {op.name: graph.operation_counts(op).macs / Q for op in graph.operations if op.kind in ("chunk", "passing")}
    products = {"scores": Q * R**2 * H * N, "intra": Q * R**2 * D, "chunk_state": R * D * N, "inter": R * D * N}
    assert {name: count for name, count in macs.items() if count} == products | {"border": R * D * N / Q}


@pytest.mark.parametrize("Q", [1, 2, 8, 32])
def test_work_of_mamba1s_scans_per_element(Q: int) -> None:
    m = Mamba1Dimensions(d_model=4, d_state=3)
    levels = Q.bit_length() - 1

    def scan_ops(graph: TimestepGraph) -> float:
        ops = sum(graph.operation_counts(op).ops for op in graph.operations if op.kind == "scan")
        return ops / graph.elements("h")

    # up: a product and a multiply-add a node; at the top and down: a multiply-add
    assert scan_ops(mamba1_blelloch(m, Q)) == 3 * (Q - 1) + 2 + 2 * (Q - 1)
    # every level: as many as have a token that far before them; then every token and the last from the chunk's start
    assert scan_ops(mamba1_kogge_stone(m, Q)) == 3 * sum(Q - (1 << k) for k in range(levels)) + 2 * Q + 2


@pytest.mark.parametrize(
    ("d", "N", "P", "G", "R", "mimo", "rope", "mlp"),
    [
        pytest.param(8, 6, 4, 1, 4, False, 1.0, 0, id="siso: the rank does not matter"),
        pytest.param(8, 8, 4, 2, 3, True, 0.5, 5, id="mimo, two groups, mlp"),
        pytest.param(768, 128, 64, 1, 4, True, 0.5, 1536, id="large"),
    ],
)
def test_mamba3_parameters(d: int, N: int, P: int, G: int, R: int, mimo: bool, rope: float, mlp: int) -> None:
    D = 2 * d
    H, a, rank = D // P, int(N * rope) // 2, R if mimo else 1
    m = Mamba3Dimensions(
        d_model=d, d_state=N, head_dim=P, n_groups=G, mimo=mimo, mimo_rank=R, rope_fraction=rope, d_intermediate=mlp
    )
    expected = d * (2 * D + 2 * N * G * rank + 3 * H + a) + 2 * H * rank * N + 2 * N + 2 * H + d * D + d
    expected += 3 * H * rank * P if mimo else 0
    expected += 3 * d * mlp + d if mlp else 0
    assert mamba3_sequential(m).parameter_count == expected
    assert mamba3_chunked(m, 4).parameter_count == expected


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
        pytest.param(
            lambda: Mamba3Dimensions(d_model=10, head_dim=3, n_groups=2),
            "expand*d_model = 20 must be a multiple of head_dim*n_groups = 6",
            id="mamba3: heads and groups",
        ),
        pytest.param(
            lambda: Mamba3Dimensions(d_model=16, rope_fraction=0.3),
            "rope_fraction must be 0.5 or 1.0, not 0.3",
            id="mamba3: share that is rotated",
        ),
        pytest.param(
            lambda: Mamba3Dimensions(d_model=16, d_state=2, head_dim=4),
            "rope_fraction 0.5 of d_state 2 leaves nothing to rotate",
            id="mamba3: nothing to rotate",
        ),
        pytest.param(
            lambda: mamba1_blelloch(Mamba1Dimensions(d_model=4), 12),
            "a parallel scan needs a chunk that is a power of two, not 12",
            id="mamba1: an uneven tree",
        ),
        pytest.param(lambda: Mamba1Dimensions(d_model=0), "Input should be greater than 0", id="mamba1: nothing"),
    ],
)
def test_mistakes(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        build()
    assert message in str(raised.value)
