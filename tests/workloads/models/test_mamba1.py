"""Mamba-1: its parameters by formula, and the work of its scans."""

from __future__ import annotations

import pytest

from workloads.graph import TimestepGraph
from workloads.models.mamba1 import Mamba1Dimensions, mamba1_blelloch, mamba1_kogge_stone, mamba1_sequential


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
